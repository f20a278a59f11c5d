"""The desk's own books: trades, orders, fills, ledger. One change is committed as a whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engines.ledger.entry import Balances, Entry
from engines.orders.order import Fill, Order
from engines.orders.trade import Trade
from ports.errors import DeskError
from ports.messages import OutboundMessage
from ports.tickets import Ticket


class Conflict(DeskError):
    """Somebody else changed the trade meanwhile, or the key is taken: read again, decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to one trade. `trade.version` is one more than the stored one (1: a new trade, whose
    `key` makes opening it idempotent); where its living message is belongs to `shown` from then on. Orders
    are inserted or replaced by id, fills and entries inserted once, `pushes` go to the outbox, all in one
    transaction. `tickets` are inserted; of one that is stored already, only an open one can change: else
    the whole change is a `Conflict` (two approvers, two taps)."""

    trade: Trade
    key: str | None = None
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    entries: tuple[Entry, ...] = ()
    pushes: tuple[OutboundMessage, ...] = ()
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """What an account was worth at a moment (market time)."""

    owner: int
    at: datetime
    equity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything of one account at one moment, the oldest first: the three tell the same story."""

    trades: Sequence[Trade]
    fills: Sequence[tuple[Order, Fill]]
    entries: Sequence[Entry]


class Books(Protocol):
    """Tables of trades and money."""

    async def new_trade_id(self) -> int:
        """A number never given before, small enough to be typed."""
        ...

    async def commit(self, change: Change) -> None:
        """Store a change. Raises `Conflict` and changes nothing when the trade's version, its key or an
        entry's id does not fit, or a ticket is decided already."""
        ...

    async def book(self, owner: int, entries: Sequence[Entry]) -> bool:
        """Store entries that belong to no trade (opening balance); `False` and nothing stored when the first
        id is known."""
        ...

    async def transfer(self, out: Entry, into: Entry) -> bool:
        """Store both sides of a transfer between two owners, together or not at all; `False` and nothing
        stored when it is known. Raises `ports.errors.Transient`."""
        ...

    async def live(self) -> Sequence[tuple[Trade, Sequence[Order]]]:
        """Every trade that is waiting or open, with all its orders, by trade id."""
        ...

    async def trade(self, trade_id: int) -> Trade | None: ...

    async def by_intent(self, intent_id: str) -> Trade | None:
        """The trade that an intent belongs to."""
        ...

    async def trades(self, owner: int, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        """Trades of a person, the newest first."""
        ...

    async def orders(self, trade_id: int) -> Sequence[Order]:
        """Orders of a trade, the oldest first."""
        ...

    async def order(self, order_id: str) -> Order | None: ...

    async def at_venue(self, account: str, venue_id: str) -> Order | None:
        """The order that a venue account knows by that id of its own."""
        ...

    async def unfinished(self) -> Sequence[Order]:
        """Orders of everybody that are not over, the oldest first; also those of trades that are."""
        ...

    async def orders_since(self, since: datetime, *, owner: int) -> Sequence[Order]:
        """Orders of an account written down at `since` or later, the oldest first."""
        ...

    async def fills(self, owner: int, *, trade_id: int | None = None) -> Sequence[tuple[Order, Fill]]:
        """Every fill of a person, or of one trade of theirs, with its order, the oldest first."""
        ...

    async def entries(self, owner: int) -> Sequence[Entry]:
        """The ledger of a person, in the order booked."""
        ...

    async def statement(self, owner: int) -> Statement:
        """Trades, fills and ledger of a person as they stood together: nothing is booked in between."""
        ...

    async def balances(self, owner: int) -> Balances:
        """Sums of a person's ledger by account and asset, added up in Decimal."""
        ...

    async def seen(self, trades: Sequence[Trade]) -> None:
        """Write how far moves were applied (`seen_at`, `best_price`, `stop` of trailing stops, `armed_at`,
        `funded_at`), without a new version; a trade whose version is another by now is left alone."""
        ...

    async def shown(self, trade_id: int, *, version: int, chat_id: int, message_id: int) -> None:
        """The living message shows that version now."""
        ...

    async def unshown(self) -> Sequence[Trade]:
        """Trades whose living message is behind."""
        ...

    async def add_equity(self, points: Sequence[EquityPoint]) -> None:
        """Store points; one of the same owner and time is replaced."""
        ...

    async def equity(self, owner: int, *, since: datetime | None = None) -> Sequence[EquityPoint]:
        """Points of a person, the oldest first."""
        ...
