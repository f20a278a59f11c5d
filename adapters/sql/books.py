"""Trades, orders and money in SQL."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.ahead import Ahead
from adapters.sql.backlog import START_WAIT_S, Backlog
from adapters.sql.book_reads import placed, read_entries, read_fills, read_orders, read_statement, read_trades
from adapters.sql.change import ChangeStatements, entry_rows
from adapters.sql.change_file import BESIDE
from adapters.sql.database import Database
from adapters.sql.journal import Journal
from adapters.sql.row import row_of
from adapters.sql.tables import (
    UNFINISHED,
    entries,
    equity,
    intents,
    orders,
    postings,
    trades,
)
from engines.ledger.entry import Balances, Entry, posted
from engines.orders.lifecycle import is_final
from engines.orders.order import Fill, Order
from engines.orders.subaccount import is_person
from engines.orders.trade import Trade, TradeState
from ports.books import Change, EquityPoint, Statement

T = TypeVar("T")

_LIVE = trades.c.state.in_((TradeState.WAITING, TradeState.OPEN))


class SqlBooks:
    """`Books` in the desk database. While that takes no writes, what happens to the desk's trades waits in a
    file beside it; whoever reads sees both as one."""

    def __init__(self, database: Database, beside: Path | None = None) -> None:
        """`beside` is the file for a server's changes that wait, `None` to have none wait; that of a SQLite
        file lies beside it."""
        statements = ChangeStatements.of(database)
        path = _of_file(database) or beside
        self._database = database
        self._backlog = None if path is None else Backlog(database, statements, path)
        self._people = Journal(database, statements)
        self._desk = Journal(database, statements, self._backlog)
        self._last_id: int | None = None

    async def new_trade_id(self) -> int:
        """Counted in memory: a number becomes durable with its trade, and one process has the books."""
        if self._last_id is None:
            async with self._database.read() as connection:
                stored = await connection.scalar(select(func.max(trades.c.id)))
            self._last_id = max(stored or 0, self._last_id or 0)
        self._last_id += 1
        return self._last_id

    async def commit(self, change: Change) -> None:
        await (self._people if is_person(change.trade.owner) else self._desk).write(change)

    async def close(self) -> None:
        """Stop moving what waits; before the database is closed."""
        if self._backlog is not None:
            await self._backlog.close()

    async def book(self, owner: int, new: Sequence[Entry]) -> bool:
        if any(entry.owner != owner for entry in new):
            raise ValueError(f"entries of others among those of {owner}")
        return await self._book(new)

    async def transfer(self, out: Entry, into: Entry) -> bool:
        return await self._book([out, into])

    async def _book(self, new: Sequence[Entry]) -> bool:
        async with self._database.write() as connection:
            known = select(entries.c.id).where(entries.c.id == new[0].id)
            if (await connection.execute(known)).first() is not None:
                return False
            heads, lines = entry_rows(new)
            await connection.execute(insert(entries), heads)
            await connection.execute(insert(postings), lines)
            return True

    async def live(self) -> Sequence[tuple[Trade, Sequence[Order]]]:
        """Comes first after a start: what a desk that has ended could not store is stored before."""
        if self._backlog is not None:
            await self._backlog.read()
            await self._backlog.move(wait_s=START_WAIT_S)
        async with self._database.read() as connection:
            found = await read_trades(connection, select(trades).where(_LIVE).order_by(trades.c.id))
            of_live = placed().join(trades, intents.c.trade_id == trades.c.id).where(_LIVE)
            of_all = await read_orders(connection, of_live)
        by_trade: dict[int, list[Order]] = {trade.id: [] for trade in found}
        for order in of_all:
            by_trade[order.intent.trade_id].append(order)
        return [(trade, by_trade[trade.id]) for trade in found]

    async def trade(self, trade_id: int) -> Trade | None:
        found = await self._whole(partial(self._many, select(trades).where(trades.c.id == trade_id)))
        return next(iter(self._ahead.trades(found, lambda one: one.id == trade_id)), None)

    async def by_intent(self, intent_id: str) -> Trade | None:
        there = partial(self._database.peek, intents.c.id, intents.c.trade_id, intent_id)
        there_id = await self._whole(there)
        trade_id = self._ahead.trade_of(intent_id) or there_id
        return None if trade_id is None else await self.trade(trade_id)

    async def trades(self, owner: int, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        newest = select(trades).where(trades.c.owner == owner).order_by(trades.c.id.desc())
        if is_person(owner):
            return await self._many(newest.limit(limit).offset(offset))
        found = await self._whole(partial(self._many, newest.limit(offset + limit)))
        theirs = self._ahead.trades(found, lambda one: one.owner == owner)
        return theirs[::-1][offset : offset + limit]

    async def orders(self, trade_id: int) -> Sequence[Order]:
        return await self._placed(lambda one: one.intent.trade_id == trade_id, intents.c.trade_id == trade_id)

    async def order(self, order_id: str) -> Order | None:
        found = await self._placed(lambda one: one.id == order_id, orders.c.id == order_id)
        return found[0] if found else None

    async def at_venue(self, account: str, venue_id: str) -> Order | None:
        found = await self._placed(
            lambda one: (one.intent.account, one.venue_id) == (account, venue_id),
            orders.c.venue_id == venue_id,
            intents.c.account == account,
        )
        return found[0] if found else None

    async def unfinished(self) -> Sequence[Order]:
        return await self._placed(lambda one: not is_final(one.state), UNFINISHED)

    async def orders_since(self, since: datetime, *, owner: int) -> Sequence[Order]:
        return await self._placed(
            lambda one: one.created_at >= since and one.intent.owner == owner,
            orders.c.created_at >= since,
            intents.c.owner == owner,
        )

    async def fills(self, owner: int, *, trade_id: int | None = None) -> Sequence[tuple[Order, Fill]]:
        found = await self._whole(partial(self._read, partial(read_fills, owner=owner, trade_id=trade_id)))
        return self._ahead.fills(
            found, lambda one: one.intent.owner == owner and trade_id in (None, one.intent.trade_id)
        )

    async def entries(self, owner: int) -> Sequence[Entry]:
        found = await self._whole(partial(self._read, partial(read_entries, owner=owner)))
        return self._ahead.entries(found, owner)

    async def statement(self, owner: int) -> Statement:
        found = await self._whole(partial(self._read, partial(read_statement, owner=owner)))
        return Statement(
            trades=self._ahead.trades(found.trades, lambda one: one.owner == owner),
            fills=self._ahead.fills(found.fills, lambda one: one.intent.owner == owner),
            entries=self._ahead.entries(found.entries, owner),
        )

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
                row = self._database.insert(equity).values(row_of(equity, point))
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

    @property
    def _ahead(self) -> Ahead:
        return Ahead() if self._backlog is None else self._backlog.ahead

    async def _whole(self, read: Callable[[], Awaitable[T]]) -> T:
        """What is read from the tables, with nothing missing that was moved into them meanwhile."""
        if self._backlog is None:
            return await read()
        await self._backlog.read()
        while True:
            moved = self._backlog.moved
            found = await read()
            if moved == self._backlog.moved:
                return found

    async def _read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._database.read() as connection:
            return await work(connection)

    async def _many(self, query: Select[Any]) -> Sequence[Trade]:
        return await self._read(partial(read_trades, query=query))

    async def _placed(
        self, belongs: Callable[[Order], bool], *which: "ColumnElement[bool] | TextClause"
    ) -> Sequence[Order]:
        """Orders that belong, which the tables tell by `which`."""
        query = placed().where(*which)
        found = await self._whole(partial(self._read, partial(read_orders, query=query)))
        return self._ahead.orders(found, belongs)


def _of_file(database: Database) -> Path | None:
    """Where changes wait for a SQLite file."""
    path = database.place.path
    return None if path is None else path.with_name(path.name + BESIDE)
