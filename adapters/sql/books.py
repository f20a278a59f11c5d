"""Trades, orders and money in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, Table, TextClause, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.database import Database
from adapters.sql.outbox import add_push
from adapters.sql.tables import (
    UNFINISHED,
    counters,
    entries,
    equity,
    fills,
    intents,
    orders,
    postings,
    tickets,
    trades,
)
from engines.ledger.entry import Balances, Entry, Posting, posted
from engines.orders.order import Fill, Intent, Order
from engines.orders.trade import Trade, TradeState
from ports.books import Change, Conflict, EquityPoint
from ports.tickets import Ticket, TicketState

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_LIVE = trades.c.state.in_((TradeState.WAITING, TradeState.OPEN))
_MESSAGE = ("chat_id", "message_id", "shown_version")
"""Columns that belong to the living message: written with a new trade and by `shown`, never by a change."""


class SqlBooks:
    """`Books` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def new_trade_id(self) -> int:
        first = self._database.insert(counters).values(name="trade", value=1)
        next_one = first.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + 1}
        ).returning(counters.c.value)
        async with self._database.write() as connection:
            return int((await connection.execute(next_one)).scalar_one())

    async def commit(self, change: Change) -> None:
        try:
            async with self._database.write() as connection:
                await _put_trade(connection, change)
                for order in change.orders:
                    await self._put_order(connection, order)
                await _add(connection, fills, (_row(fills, fill) for fill in change.fills))
                await _add_entries(connection, change.entries)
                for ticket in change.tickets:
                    await self._put_ticket(connection, ticket)
                for push in change.pushes:
                    await add_push(self._database, connection, push)
        except IntegrityError as error:
            raise Conflict(f"trade {change.trade.id}: {error.orig}") from error

    async def book(self, owner: int, new: Sequence[Entry]) -> bool:
        if any(entry.owner != owner for entry in new):
            raise ValueError(f"entries of others among those of {owner}")
        async with self._database.write() as connection:
            known = select(entries.c.id).where(entries.c.id == new[0].id)
            if (await connection.execute(known)).first() is not None:
                return False
            await _add_entries(connection, new)
            return True

    async def live(self) -> Sequence[tuple[Trade, Sequence[Order]]]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(trades).where(_LIVE).order_by(trades.c.id))
            found = [_trade(row) for row in rows.mappings()]
            of_live = _orders().join(trades, intents.c.trade_id == trades.c.id).where(_LIVE)
            placed = [_order(row) for row in (await connection.execute(of_live)).mappings()]
        by_trade: dict[int, list[Order]] = {trade.id: [] for trade in found}
        for order in placed:
            by_trade[order.intent.trade_id].append(order)
        return [(trade, by_trade[trade.id]) for trade in found]

    async def trade(self, trade_id: int) -> Trade | None:
        return await self._one(select(trades).where(trades.c.id == trade_id))

    async def by_intent(self, intent_id: str) -> Trade | None:
        of_intent = select(trades).join(intents, intents.c.trade_id == trades.c.id)
        return await self._one(of_intent.where(intents.c.id == intent_id))

    async def trades(self, owner: int, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        newest = (
            select(trades)
            .where(trades.c.owner == owner)
            .order_by(trades.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return await self._many(newest)

    async def orders(self, trade_id: int) -> Sequence[Order]:
        return await self._placed(intents.c.trade_id == trade_id)

    async def order(self, order_id: str) -> Order | None:
        found = await self._placed(orders.c.id == order_id)
        return found[0] if found else None

    async def unfinished(self) -> Sequence[Order]:
        return await self._placed(UNFINISHED)

    async def orders_since(self, since: datetime, *, owner: int) -> Sequence[Order]:
        return await self._placed(orders.c.created_at >= since, intents.c.owner == owner)

    async def fills(self, owner: int, *, trade_id: int | None = None) -> Sequence[tuple[Order, Fill]]:
        theirs = [intents.c.owner == owner]
        if trade_id is not None:
            theirs.append(intents.c.trade_id == trade_id)
        async with self._database.read() as connection:
            placed = await connection.execute(_orders().where(*theirs))
            by_id = {order.id: order for order in map(_order, placed.mappings())}
            of_owner = (
                select(fills)
                .join(orders, fills.c.order_id == orders.c.id)
                .join(intents, orders.c.intent_id == intents.c.id)
                .where(*theirs)
                .order_by(fills.c.number)
            )
            rows = await connection.execute(of_owner)
            return [(by_id[row["order_id"]], _value(Fill, row)) for row in rows.mappings()]

    async def entries(self, owner: int) -> Sequence[Entry]:
        of_owner = (
            select(entries, postings)
            .join(postings, postings.c.entry_id == entries.c.id)
            .where(entries.c.owner == owner)
            .order_by(entries.c.number, postings.c.place)
        )
        heads: dict[str, RowMapping] = {}
        lines: dict[str, list[Posting]] = {}
        async with self._database.read() as connection:
            for row in (await connection.execute(of_owner)).mappings():
                heads.setdefault(row["id"], row)
                lines.setdefault(row["id"], []).append(_value(Posting, row))
        return [_entry(heads[name], lines[name]) for name in heads]

    async def balances(self, owner: int) -> Balances:
        return posted({}, await self.entries(owner))

    async def seen(self, changed: Sequence[Trade]) -> None:
        if not changed:
            return
        columns = ("seen_at", "best_price", "stop", "armed_at", "funded_at")
        where = trades.c.id == bindparam("its_id"), trades.c.version == bindparam("its_version")
        advance = update(trades).where(*where).values({name: bindparam(f"new_{name}") for name in columns})
        rows = [
            {"its_id": one.id, "its_version": one.version}
            | {f"new_{name}": getattr(one, name) for name in columns}
            for one in changed
        ]
        async with self._database.write() as connection:
            await connection.execute(advance, rows)

    async def shown(self, trade_id: int, *, version: int, chat_id: int, message_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(trades)
                .where(trades.c.id == trade_id)
                .values(shown_version=version, chat_id=chat_id, message_id=message_id)
            )

    async def unshown(self) -> Sequence[Trade]:
        behind = trades.c.shown_version < trades.c.version
        return await self._many(select(trades).where(behind).order_by(trades.c.id))

    async def add_equity(self, points: Sequence[EquityPoint]) -> None:
        async with self._database.write() as connection:
            for point in points:
                row = self._database.insert(equity).values(_row(equity, point))
                replaced = row.on_conflict_do_update(
                    index_elements=["owner", "at"], set_={"equity": point.equity}
                )
                await connection.execute(replaced)

    async def equity(self, owner: int, *, since: datetime | None = None) -> Sequence[EquityPoint]:
        curve = select(equity).where(equity.c.owner == owner).order_by(equity.c.at)
        if since is not None:
            curve = curve.where(equity.c.at >= since)
        async with self._database.read() as connection:
            rows = await connection.execute(curve)
            return [EquityPoint(**row) for row in rows.mappings()]

    async def _one(self, query: Select[Any]) -> Trade | None:
        found = await self._many(query)
        return found[0] if found else None

    async def _many(self, query: Select[Any]) -> Sequence[Trade]:
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [_trade(row) for row in rows.mappings()]

    async def _placed(self, *which: "ColumnElement[bool] | TextClause") -> Sequence[Order]:
        async with self._database.read() as connection:
            rows = await connection.execute(_orders().where(*which))
            return [_order(row) for row in rows.mappings()]

    async def _put_ticket(self, connection: AsyncConnection, ticket: Ticket) -> None:
        row = _row(tickets, ticket)
        new = self._database.insert(tickets).values(row)
        still_open = tickets.c.state == TicketState.OPEN
        stored = new.on_conflict_do_update(index_elements=["id"], set_=row, where=still_open)
        if (await connection.execute(stored)).rowcount != 1:
            raise Conflict(f"ticket {ticket.id} is decided already")

    async def _put_order(self, connection: AsyncConnection, order: Order) -> None:
        """An intent never changes; its orders do."""
        intent = self._database.insert(intents).values(_row(intents, order.intent))
        await connection.execute(intent.on_conflict_do_nothing(index_elements=["id"]))
        row = {**_row(orders, order), "intent_id": order.intent.id}
        new = self._database.insert(orders).values(row)
        changes = {name: value for name, value in row.items() if name not in ("id", "intent_id")}
        await connection.execute(new.on_conflict_do_update(index_elements=["id"], set_=changes))


async def _put_trade(connection: AsyncConnection, change: Change) -> None:
    trade = change.trade
    row = _row(trades, trade)
    if trade.version == 1:
        await connection.execute(insert(trades).values({**row, "key": change.key}))
        return
    kept = {name: value for name, value in row.items() if name not in _MESSAGE}
    stored = trades.c.id == trade.id, trades.c.version == trade.version - 1
    changed = await connection.execute(update(trades).where(*stored).values(kept))
    if changed.rowcount != 1:
        raise Conflict(f"trade {trade.id} is not at version {trade.version - 1} any more")


async def _add_entries(connection: AsyncConnection, new: Sequence[Entry]) -> None:
    await _add(connection, entries, (_row(entries, entry) for entry in new))
    lines = (
        {"entry_id": entry.id, "place": place} | _row(postings, posting)
        for entry in new
        for place, posting in enumerate(entry.postings)
    )
    await _add(connection, postings, lines)


async def _add(connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    if listed := list(rows):
        await connection.execute(insert(table), listed)


def _orders() -> Select[Any]:
    """Orders with their intents, the oldest first; columns of the intent are named `its_…`."""
    of_intent = [column.label(f"its_{column.name}") for column in intents.columns]
    return (
        select(orders, *of_intent).join(intents, orders.c.intent_id == intents.c.id).order_by(orders.c.number)
    )


def _row(table: Table, value: object) -> dict[str, Any]:
    """The fields of a value that the table has columns for."""
    return {
        column.name: getattr(value, column.name) for column in table.columns if hasattr(value, column.name)
    }


def _value(kind: type[T], row: Mapping[str, Any] | RowMapping, prefix: str = "") -> T:
    """A dataclass from the columns named like its fields."""
    return kind(**{field.name: row[prefix + field.name] for field in fields_of(kind)})


def _trade(row: RowMapping) -> Trade:
    return Trade(**{name: value for name, value in row.items() if name != "key"})


def _order(row: RowMapping) -> Order:
    intent = _value(Intent, row, "its_")
    return _value(Order, {**row, "intent": intent})


def _entry(head: RowMapping, lines: Sequence[Posting]) -> Entry:
    return _value(Entry, {**head, "postings": tuple(lines)})
