"""Many changes at once share a transaction, and none of them another's fate."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import pytest
from sqlalchemy import bindparam

from adapters.sql.batch import Batch, FileBatches
from adapters.sql.books import SqlBooks
from adapters.sql.database import Database
from adapters.sql.journal import AT_ONCE
from adapters.sql.tables import trades
from ports.books import Change, Conflict
from ports.errors import Transient
from tests.build.tickets import a_ticket
from tests.build.trades import a_fill, a_trade, an_entry, an_intent, an_order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CountingDatabase(Database):
    """A database that counts its batches."""

    counted: list[int] = field(default_factory=list)

    async def batch(self, work: Callable[[Batch], T], *, wait_s: float | None = None) -> T:
        self.counted.append(1)
        return await Database.batch(self, work, wait_s=wait_s)


def counting(database: Database) -> CountingDatabase:
    return CountingDatabase(database.place, database.writer, database.reader, database.batches)


def a_change(number: int) -> Change:
    """Trade `number` begins with an order and an entry of its own."""
    order = an_order(an_intent(f"t{number}-e", trade_id=number))
    return Change(trade=a_trade(number), orders=(order,), entries=(an_entry(f"e{number}"),))


async def all_at_once(books: SqlBooks, changes: Sequence[Change]) -> Sequence[BaseException | None]:
    return await asyncio.gather(*(books.commit(change) for change in changes), return_exceptions=True)


async def test_what_waits_at_the_same_time_is_one_transaction_in_order(database: Database) -> None:
    counted = counting(database)
    books = SqlBooks(counted)
    await all_at_once(books, [a_change(number) for number in range(1, 41)])
    assert len(counted.counted) == 1
    assert [entry.id for entry in await books.entries(11)] == [f"e{number}" for number in range(1, 41)]
    assert [order.intent.trade_id for order in await books.unfinished()] == list(range(1, 41))


async def test_more_than_a_group_are_written_in_several(database: Database) -> None:
    counted = counting(database)
    books = SqlBooks(counted)
    await all_at_once(books, [Change(trade=a_trade(number)) for number in range(1, AT_ONCE + 2)])
    assert len(counted.counted) == 2
    assert len(await books.live()) == AT_ONCE + 1


async def test_one_that_does_not_fit_fails_alone(database: Database) -> None:
    """By its version, by an entry or a fill that is known, by a ticket of no order, by what is no value."""
    books = SqlBooks(database)
    await books.commit(
        Change(trade=a_trade(1), orders=(an_order(),), fills=(a_fill(),), entries=(an_entry(),))
    )
    spoilt = [
        Change(trade=a_trade(1, version=3)),
        Change(trade=a_trade(101), entries=(an_entry(),)),
        Change(trade=a_trade(102), fills=(a_fill(),)),
        Change(trade=a_trade(103), tickets=(a_ticket(order_id="none"),)),
        Change(trade=a_trade(104, wanted=Decimal("NaN"))),
        Change(trade=a_trade(105, created_at=datetime(2026, 1, 1))),  # noqa: DTZ001  # that is what is wrong
    ]
    changes = [one for number, each in enumerate(spoilt, start=2) for one in (each, a_change(number))]
    outcome = await all_at_once(books, changes)

    assert outcome[1::2] == [None] * len(spoilt)
    assert [isinstance(one, Conflict) for one in outcome[::2]] == [True] * 4 + [False] * 2
    assert all(isinstance(one, Exception) for one in outcome[::2])
    assert [trade.id for trade, _ in await books.live()] == [1, *range(2, 8)]


async def test_changes_of_one_trade_follow_each_other_in_a_group(database: Database) -> None:
    """The second builds on the first; what builds on one that failed fails with it."""
    counted = counting(database)
    books = SqlBooks(counted)
    steps = [a_trade(1, version=version, stop=Decimal(version)) for version in (1, 2, 3, 5, 4)]
    outcome = await all_at_once(books, [Change(trade=one) for one in steps])
    assert [one is None for one in outcome] == [True, True, True, False, True]
    stored = await books.trade(1)
    assert stored is not None
    assert (stored.version, stored.stop) == (4, Decimal(4))
    assert len(counted.counted) == 1


async def test_a_caller_that_goes_away_in_time_leaves_nothing(database: Database) -> None:
    books = SqlBooks(database)
    async with database.turn:
        first = asyncio.create_task(books.commit(Change(trade=a_trade(1))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # its group is on its way and waits for its turn
        second, third = (asyncio.create_task(books.commit(Change(trade=a_trade(n)))) for n in (2, 3))
        await asyncio.sleep(0)
        second.cancel()
    await asyncio.gather(first, third)
    assert second.cancelled() or second.cancelling()
    assert [trade.id for trade, _ in await books.live()] == [1, 3]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_locked_database_is_told_to_all_and_each_may_try_again(database: Database) -> None:
    path = database.place.path
    assert path is not None
    hasty = FileBatches(path, database.writer.dialect, {"busy_timeout": "1"})
    books = SqlBooks(Database(database.place, database.writer, database.reader, hasty))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    changes = [a_change(number) for number in range(1, 6)]

    outcome = await all_at_once(books, changes)
    assert all(isinstance(one, Transient) and one.kind == "database" for one in outcome)
    assert await books.live() == []

    other.execute("ROLLBACK")
    other.close()
    assert await all_at_once(books, changes) == [None] * 5
    assert len(await books.live()) == 5
    await asyncio.to_thread(hasty.close)


async def test_a_batch_that_breaks_leaves_nothing(database: Database) -> None:
    books = SqlBooks(database)
    await books.commit(Change(trade=a_trade(1)))
    bump = trades.update().where(trades.c.id == bindparam("its_id")).values(version=bindparam("new_version"))
    spoilt = database.bind(bump, {"its_id": 1, "new_version": 9})

    def work(batch: Batch) -> None:
        assert batch.stored(trades.c.id, trades.c.version, {1, 2}) == {1: 1}
        batch.each(bump, [spoilt])
        raise KeyError

    with pytest.raises(KeyError):
        await database.batch(work)
    stored = await books.trade(1)
    assert stored is not None
    assert stored.version == 1


async def test_other_writers_take_turns_with_the_journal(database: Database) -> None:
    """None of them meets the lock of another."""
    books = SqlBooks(database)
    changes = [a_change(number) for number in range(1, 30)]
    booked = [books.book(12, [an_entry(f"opening:{n}", owner=12)]) for n in range(5)]
    await asyncio.gather(*(books.commit(change) for change in changes), *booked)
    assert len(await books.live()) == 29
    assert len(await books.entries(12)) == 5


async def test_numbers_go_on_after_the_last_trade(database: Database) -> None:
    books = SqlBooks(database)
    await books.commit(Change(trade=a_trade(7)))
    assert await books.new_trade_id() == 8
    assert await books.new_trade_id() == 9
    assert await SqlBooks(database).new_trade_id() == 8, "what was given and not used is given again"
