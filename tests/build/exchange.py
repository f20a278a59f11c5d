"""A small exchange with a market that stands where a test puts it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from engines.core.depth import Depth
from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.orders.order import OrderKind
from engines.simulate.costs import Fees
from engines.simulate.exchange.account import Account, Setup
from engines.simulate.exchange.exchange import Exchange
from engines.simulate.exchange.order import ExchangeOrder, Wish
from engines.simulate.exchange.rules import POINTS, Rules
from tests.build.orders import NOW, PERP, a_move

D = Decimal
FEES = Fees(spot=D("0.001"), maker=D("0.0002"), taker=D("0.00055"))
UNIFIED = Setup(name="desk", spot_wallet="unified", perp_wallet="unified", other_wallets=("fund",))
SPLIT = Setup(name="desk", spot_wallet="spot", perp_wallet="futures")


@dataclass
class StillQuotes:
    """Prices that stand until a test moves them: a book of five levels of `size`, a tick apart."""

    price: Decimal = field(default_factory=lambda: D(100))
    size: Decimal = field(default_factory=lambda: D(10))
    halted: bool = False
    prices: dict[str, Decimal] = field(default_factory=dict)

    def depth(self, instrument: Instrument, at: datetime) -> Depth:
        last, tick = self.last(instrument, at), instrument.tick
        bids = tuple((last - tick * step, self.size) for step in range(1, 6))
        asks = tuple((last + tick * step, self.size) for step in range(1, 6))
        return Depth(symbol=instrument.symbol, bids=bids, asks=asks, at=at)

    def last(self, instrument: Instrument, at: datetime) -> Decimal:
        return self.prices.get(instrument.symbol, self.price)

    def worth(self, asset: str, at: datetime) -> Decimal:
        return D(0) if asset == POINTS else self.price

    def is_halted(self, instrument: Instrument) -> bool:
        return self.halted


@dataclass
class Desk:
    """One account of an exchange, at `NOW`."""

    exchange: Exchange
    account: Account
    quotes: StillQuotes

    def place(self, side: Side = Side.BUY, quantity: object = 1, **changes: Any) -> ExchangeOrder:
        """An order on the perpetual at the market, or at `price`."""
        return self.exchange.place(self.account, a_wish(side, quantity, **changes), NOW)

    def move(self, *prices: object, **changes: Any) -> None:
        """Let the market go there."""
        move = a_move(*prices, **{"at": NOW, **changes})
        self.quotes.price = move.close
        self.exchange.moved(move)

    def order(self, order: ExchangeOrder) -> ExchangeOrder:
        """As it stands now."""
        return self.account.orders[order.id]

    @property
    def size(self) -> Decimal:
        """The one position."""
        return sum((position.size for position in self.account.held()), D(0))

    def balance(self, asset: str = "USDT") -> Decimal:
        return sum((amount for (_, name), amount in self.account.balances.items() if name == asset), D(0))


def a_wish(side: Side = Side.BUY, quantity: object = 1, **changes: Any) -> Wish:
    """At the market, or at `price`."""
    price = changes.pop("price", None)
    usual = Wish(
        instrument=PERP,
        side=side,
        kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
        quantity=None if quantity is None else D(str(quantity)),
        limit_price=None if price is None else D(str(price)),
    )
    return replace(usual, **changes)


def an_exchange(
    setup: Setup = UNIFIED,
    *,
    rules: Rules | None = None,
    usdt: object = 10_000,
    btc: object = 0,
    points: object = 0,
) -> Desk:
    """An exchange with one account that has so much in its spot wallet, and as much in its other one."""
    quotes = StillQuotes()
    exchange = Exchange(rules or Rules(fees=FEES), quotes, ids().__next__)
    account = exchange.open_account(setup)
    for wallet in {setup.spot_wallet, setup.perp_wallet}:
        for asset, amount in (("USDT", usdt), ("BTC", btc), (POINTS, points)):
            if D(str(amount)):
                exchange.treasury.deposit(account, wallet, asset, D(str(amount)), NOW)
    return Desk(exchange=exchange, account=account, quotes=quotes)


def ids() -> Iterator[str]:
    return (f"x{number}" for number in count(1))
