"""What the tables do not have yet, laid over what was read there. Plain memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from engines.ledger.entry import Entry
from engines.orders.order import Fill, Order
from engines.orders.trade import Trade
from ports.books import Change


@dataclass(slots=True)
class Ahead:
    """Changes ahead of the tables, in order. Each method takes what a read found and says what it should
    have found; what is in both counts once."""

    _trades: dict[int, Trade] = field(default_factory=dict)
    _orders: dict[str, Order] = field(default_factory=dict)
    _fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    _entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """One more; its fills are of its orders."""
        self._trades[change.trade.id] = change.trade
        self._orders |= {order.id: order for order in change.orders}
        self._fills |= {(fill.order_id, fill.id): fill for fill in change.fills}
        self._entries |= {entry.id: entry for entry in change.entries}

    def holds(self, trade_id: int) -> bool:
        """Whether there is a change of that trade."""
        return trade_id in self._trades

    def version(self, trade_id: int) -> int | None:
        """The version of a trade, where there is a change of it."""
        trade = self._trades.get(trade_id)
        return None if trade is None else trade.version

    def has_entry(self, entry_id: str) -> bool:
        """Whether an entry is among them."""
        return entry_id in self._entries

    def trade_of(self, intent_id: str) -> int | None:
        """The trade of an intent, where an order of it is among them."""
        named = (order.intent for order in self._orders.values() if order.intent.id == intent_id)
        return next((intent.trade_id for intent in named), None)

    def trades(self, found: Iterable[Trade], belongs: Callable[[Trade], bool]) -> list[Trade]:
        """Those that belong, by id."""
        by_id = {trade.id: trade for trade in found} | self._trades
        return [trade for _, trade in sorted(by_id.items()) if belongs(trade)]

    def orders(self, found: Iterable[Order], belongs: Callable[[Order], bool]) -> list[Order]:
        """Those that belong, the oldest first."""
        by_id = {order.id: order for order in found} | self._orders
        return [order for order in by_id.values() if belongs(order)]

    def fills(
        self, found: Iterable[tuple[Order, Fill]], belongs: Callable[[Order], bool]
    ) -> list[tuple[Order, Fill]]:
        """Those of orders that belong, the oldest first."""
        by_id = {(order.id, fill.id): (order, fill) for order, fill in found}
        by_id |= {name: (self._orders[name[0]], fill) for name, fill in self._fills.items()}
        newest = ((self._orders.get(order.id, order), fill) for order, fill in by_id.values())
        return [(order, fill) for order, fill in newest if belongs(order)]

    def entries(self, found: Iterable[Entry], owner: int) -> Sequence[Entry]:
        """Those of an owner, in the order booked."""
        by_id = {entry.id: entry for entry in found} | self._entries
        return [entry for entry in by_id.values() if entry.owner == owner]
