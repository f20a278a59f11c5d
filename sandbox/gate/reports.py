"""What Gate pushes to the owner of an account: orders, fills, balances and positions, as they change."""

from collections.abc import Iterator, Mapping
from typing import Any

from engines.core.instrument import MarketKind
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.event import Event, WalletChange
from engines.simulate.exchange.order import Dealing, ExchangeOrder, Execution
from engines.simulate.exchange.position import Position
from sandbox.exchange import VenueExchange
from sandbox.gate import accounts, futures_orders, spot_orders
from sandbox.gate.keys import GATE_KEYS, account_name, user_of
from sandbox.gate.signing import is_channel_signed
from sandbox.gate.wire import Declined, symbol_of

Message = dict[str, Any]

_CHANNELS = {
    "spot": ("orders", "usertrades", "balances", "priceorders"),
    "futures": ("orders", "usertrades", "balances", "positions", "autoorders"),
}
_KINDS = {"spot": MarketKind.SPOT, "futures": MarketKind.PERP}
_ALL = "!all"


def is_private(channel: str) -> bool:
    """Whether there is such a private channel."""
    kind, _, name = channel.partition(".")
    return name in _CHANNELS.get(kind, ())


class Reports:
    """The private subscriptions of one connection."""

    def __init__(self, kind: str, venue: VenueExchange) -> None:
        self._kind = kind
        self._venue = venue
        self._open: dict[str, tuple[Account, frozenset[str]]] = {}
        self._seen: set[str] = set()

    def __len__(self) -> int:
        """How many channels are open."""
        return len(self._open)

    def open(self, message: Mapping[str, Any]) -> None:
        """Open the channel that a message asks for. Raises `Declined` when it is not signed, or asks for
        another one's account."""
        channel, account = str(message["channel"]), self._owner(message)
        payload = message.get("payload")
        names = [str(one) for one in payload] if isinstance(payload, list) else []
        if self._kind == "futures":
            user = str(user_of(account.setup.name))
            if names[:1] != [user]:
                raise Declined("INVALID_ARGUMENT", "invalid user id")
            names = names[1:]
        chosen = frozenset() if _ALL in names else frozenset(symbol_of(name) for name in names)
        self._open[channel] = (account, chosen)

    def close(self, channel: str) -> None:
        """End a subscription."""
        self._open.pop(channel, None)

    def of(self, event: Event) -> list[Message]:
        """The pushes that an event makes on this connection."""
        told = []
        for name, symbol, row in self._rows(event):
            channel = f"{self._kind}.{name}"
            account, chosen = self._open.get(channel, (None, frozenset()))
            is_mine = account is not None and account.setup.name == event.account
            if is_mine and (not chosen or not symbol or symbol in chosen):
                told.append({"channel": channel, "event": "update", "result": row})
        return told

    def _owner(self, message: Mapping[str, Any]) -> Account:
        auth = message.get("auth")
        given: Mapping[str, Any] = auth if isinstance(auth, dict) else {}
        key = GATE_KEYS.get(str(given.get("KEY")))
        if key is None:
            raise Declined("INVALID_KEY", "Invalid key provided")
        channel, event, time = message["channel"], message["event"], message.get("time")
        if not is_channel_signed(key.secret, channel, event, time, str(given.get("SIGN"))):
            raise Declined("INVALID_SIGN", "Invalid signature")
        return self._venue.exchange.account(account_name(key))

    def _rows(self, event: Event) -> Iterator[tuple[str, str, Any]]:
        """Channel, symbol and result of what an event says to this part of the venue."""
        what, user = event.what, user_of(event.account)
        account = self._venue.exchange.account(event.account)
        if isinstance(what, WalletChange):
            yield from self._change(account, what, event, user)
        elif isinstance(what, Position) and self._kind == "futures":
            row = accounts.pushed_position(account, what, user)
            yield "positions", what.instrument.symbol, [row]
        elif isinstance(what, Execution) and what.instrument.kind is _KINDS[self._kind]:
            if what.dealing is not Dealing.FUNDING:
                yield "usertrades", what.instrument.symbol, [self._fill(what, user)]
        elif isinstance(what, ExchangeOrder) and what.instrument.kind is _KINDS[self._kind]:
            yield from self._order(account, what, user)

    def _change(
        self, account: Account, change: WalletChange, event: Event, user: int
    ) -> Iterator[tuple[str, str, Any]]:
        if self._kind == "spot" and change.wallet == account.setup.spot_wallet:
            yield "balances", "", [accounts.spot_change(account, change, event.at, user)]
        elif self._kind == "futures" and change.wallet == account.setup.perp_wallet:
            yield "balances", "", [accounts.futures_change(change, event.at, user)]

    def _fill(self, done: Execution, user: int) -> Message:
        if self._kind == "spot":
            return spot_orders.pushed_fill(done, user)
        return futures_orders.pushed_fill(done)

    def _order(self, account: Account, order: ExchangeOrder, user: int) -> Iterator[tuple[str, str, Any]]:
        symbol = order.instrument.symbol
        is_new = order.id not in self._seen
        if order.trigger_price is not None and (is_new or not order.is_triggered):
            if self._kind == "spot":
                yield "priceorders", symbol, spot_orders.pushed_sleeping(order, user)
            else:
                yield "autoorders", symbol, [futures_orders.pushed_sleeping(order, user)]
        if order.trigger_price is not None and not order.is_triggered:
            return
        self._seen.add(order.id)
        if not order.is_live:
            self._seen.discard(order.id)
        if self._kind == "spot":
            name = "unified" if account.setup.is_unified else "spot"
            event = ("put" if is_new else "update") if order.is_live else "finish"
            yield "orders", symbol, [spot_orders.pushed(order, name, user, event)]
        else:
            yield "orders", symbol, [futures_orders.pushed(order, user, is_new=is_new)]
