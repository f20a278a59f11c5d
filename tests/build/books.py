"""The desk's books in memory. They pass the battery of the databases, `tests/contracts/test_books.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engines.ledger.entry import Balances, Entry, posted
from engines.orders.lifecycle import is_final
from engines.orders.order import Fill, Order
from engines.orders.trade import Trade
from ports.books import Change, Conflict, EquityPoint, Statement
from ports.messages import OutboxStore
from tests.build.stores import MemoryOutbox
from tests.build.tickets import MemoryTickets


@dataclass(slots=True)
class MemoryBooks:
    """`Books` in dictionaries; pushes go to `outbox`, tickets to `tickets`. `changes` lists what was
    committed."""

    outbox: OutboxStore = field(default_factory=MemoryOutbox)
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    changes: list[Change] = field(default_factory=list)
    _trades: dict[int, Trade] = field(default_factory=dict)
    _keys: dict[str, int] = field(default_factory=dict)
    _orders: dict[str, Order] = field(default_factory=dict)
    _fills: list[Fill] = field(default_factory=list)
    _entries: dict[str, Entry] = field(default_factory=dict)
    _equity: dict[tuple[int, datetime], EquityPoint] = field(default_factory=dict)
    _last_id: int = 0

    async def new_trade_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def commit(self, change: Change) -> None:
        self._check(change)
        trade, known = change.trade, self._trades.get(change.trade.id)
        if known is not None:
            trade = replace(
                trade,
                chat_id=known.chat_id,
                message_id=known.message_id,
                shown_version=known.shown_version,
            )
        elif change.key is not None:
            self._keys[change.key] = trade.id
        self._trades[trade.id] = trade
        self._orders.update((order.id, order) for order in change.orders)
        self._fills += change.fills
        self._entries.update((entry.id, entry) for entry in change.entries)
        self.changes.append(change)
        self.tickets.put(change.tickets)
        for push in change.pushes:
            await self.outbox.add(push)

    def _check(self, change: Change) -> None:
        trade = change.trade
        stored = self._trades.get(trade.id)
        is_next = trade.version == (1 if stored is None else stored.version + 1)
        filled = {(fill.order_id, fill.id) for fill in self._fills}
        is_known = (
            (stored is None and change.key in self._keys)
            or any(entry.id in self._entries for entry in change.entries)
            or any((fill.order_id, fill.id) in filled for fill in change.fills)
            or any(self.tickets.is_decided(ticket.id) for ticket in change.tickets)
        )
        if not is_next or is_known:
            raise Conflict(f"trade {trade.id} at version {trade.version}")

    async def book(self, owner: int, entries: Sequence[Entry]) -> bool:
        if any(entry.owner != owner for entry in entries):
            raise ValueError(f"entries of others among those of {owner}")
        return self._book(entries)

    async def transfer(self, out: Entry, into: Entry) -> bool:
        return self._book([out, into])

    def _book(self, entries: Sequence[Entry]) -> bool:
        if entries[0].id in self._entries:
            return False
        self._entries.update((entry.id, entry) for entry in entries)
        return True

    async def live(self) -> Sequence[tuple[Trade, Sequence[Order]]]:
        trades = sorted(self._trades.values(), key=lambda one: one.id)
        return [(trade, await self.orders(trade.id)) for trade in trades if trade.is_live]

    async def trade(self, trade_id: int) -> Trade | None:
        return self._trades.get(trade_id)

    async def by_intent(self, intent_id: str) -> Trade | None:
        named = [order.intent for order in self._orders.values() if order.intent.id == intent_id]
        return self._trades[named[0].trade_id] if named else None

    async def trades(self, owner: int, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        theirs = [trade for trade in self._trades.values() if trade.owner == owner]
        return sorted(theirs, key=lambda one: -one.id)[offset : offset + limit]

    async def orders(self, trade_id: int) -> Sequence[Order]:
        return [order for order in self._orders.values() if order.intent.trade_id == trade_id]

    async def order(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    async def at_venue(self, account: str, venue_id: str) -> Order | None:
        every = self._orders.values()
        return next((one for one in every if (one.intent.account, one.venue_id) == (account, venue_id)), None)

    async def unfinished(self) -> Sequence[Order]:
        return [order for order in self._orders.values() if not is_final(order.state)]

    async def orders_since(self, since: datetime, *, owner: int) -> Sequence[Order]:
        return [
            order
            for order in self._orders.values()
            if order.created_at >= since and order.intent.owner == owner
        ]

    async def fills(self, owner: int, *, trade_id: int | None = None) -> Sequence[tuple[Order, Fill]]:
        of_all = ((self._orders[fill.order_id], fill) for fill in self._fills)
        return [
            (order, fill)
            for order, fill in of_all
            if order.intent.owner == owner and trade_id in (None, order.intent.trade_id)
        ]

    async def entries(self, owner: int) -> Sequence[Entry]:
        return [entry for entry in self._entries.values() if entry.owner == owner]

    async def statement(self, owner: int) -> Statement:
        trades = sorted(await self.trades(owner, limit=len(self._trades)), key=lambda trade: trade.id)
        return Statement(trades=trades, fills=await self.fills(owner), entries=await self.entries(owner))

    async def balances(self, owner: int) -> Balances:
        return posted({}, await self.entries(owner))

    async def seen(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            stored = self._trades.get(trade.id)
            if stored is not None and stored.version == trade.version:
                self._trades[trade.id] = replace(
                    stored,
                    seen_at=trade.seen_at,
                    best_price=trade.best_price,
                    stop=trade.stop,
                    armed_at=trade.armed_at,
                    funded_at=trade.funded_at,
                )

    async def shown(self, trade_id: int, *, version: int, chat_id: int, message_id: int) -> None:
        if (trade := self._trades.get(trade_id)) is not None:
            self._trades[trade_id] = replace(
                trade, shown_version=version, chat_id=chat_id, message_id=message_id
            )

    async def unshown(self) -> Sequence[Trade]:
        trades = sorted(self._trades.values(), key=lambda one: one.id)
        return [trade for trade in trades if trade.shown_version < trade.version]

    async def add_equity(self, points: Sequence[EquityPoint]) -> None:
        self._equity.update(((point.owner, point.at), point) for point in points)

    async def equity(self, owner: int, *, since: datetime | None = None) -> Sequence[EquityPoint]:
        points = sorted(self._equity.values(), key=lambda one: one.at)
        return [one for one in points if one.owner == owner and (since is None or one.at >= since)]
