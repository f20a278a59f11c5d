"""A desk's books in a process of their own that ends by `kill -9` around what waits for the database."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from adapters.sql.batch import Batch
from adapters.sql.books import SqlBooks
from adapters.sql.database import Database, open_database
from adapters.sql.place import locate
from engines.orders.order import OrderState
from engines.orders.trade import Trade, TradeState
from ports.books import Change
from tests.build.trades import a_fill, a_trade, an_entry, an_intent, an_order

T = TypeVar("T")

OWNER = -8
APPENDED = "appended"
"""What a life says once its close is on the disk beside the database."""


class Moment(StrEnum):
    """Where a life ends: while its changes wait, in the transaction that moves them, or before it has
    forgotten that they were moved."""

    WAITING = "waiting"
    MOVING = "moving"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class DyingDatabase(Database):
    """A database in whose next batch the process ends, once it is aimed."""

    aimed_at: list[Moment] = field(default_factory=list)

    async def batch(self, work: Callable[[Batch], T], *, wait_s: float | None = None) -> T:
        done = await Database.batch(self, lambda batch: self._dying(work, batch), wait_s=wait_s)
        if Moment.MOVED in self.aimed_at:
            end()
        return done

    def _dying(self, work: Callable[[Batch], T], batch: Batch) -> T:
        done = work(batch)
        if Moment.MOVING in self.aimed_at:
            end()
        return done


def end() -> None:
    """Here and now, as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def held() -> Trade:
    """The desk's position before it is closed."""
    return a_trade(1, owner=OWNER, state=TradeState.OPEN, quantity=Decimal("0.01"), entered=Decimal("0.01"))


def an_opening() -> Change:
    """How it came to be."""
    order = an_order(an_intent(owner=OWNER), state=OrderState.FILLED, fill_ids=("f1",))
    return Change(
        trade=held(), orders=(order,), fills=(a_fill(),), entries=(an_entry("fill:1", owner=OWNER),)
    )


def a_close() -> Change:
    """An order that closes it is written down."""
    order = an_order(an_intent("t1-c", owner=OWNER), state=OrderState.SENT)
    return Change(trade=replace(held(), version=2), orders=(order,))


def a_closed() -> Change:
    """It was filled."""
    order = an_order(an_intent("t1-c", owner=OWNER), state=OrderState.FILLED, fill_ids=("f2",))
    trade = replace(held(), version=3, state=TradeState.CLOSED, quantity=Decimal(0))
    return Change(
        trade=trade,
        orders=(order,),
        fills=(a_fill("f2", order_id=order.id),),
        entries=(an_entry("fill:2", owner=OWNER, trade_id=1),),
    )


async def live(url: str, moment: Moment, *, is_start: bool) -> None:
    """Close the position while somebody locks the database, or start over what waits; end at a moment."""
    inner = open_database(locate(url, schema="desk"), is_durable=True)
    database = DyingDatabase(inner.place, inner.writer, inner.reader, inner.batches)
    books = SqlBooks(database)
    if is_start:
        database.aimed_at.append(moment)
        await books.live()
    for change in (a_close(), a_closed()):
        await books.commit(change)
    sys.stdout.write(f"{APPENDED}\n")
    sys.stdout.flush()
    if moment is Moment.WAITING:
        end()
    database.aimed_at.append(moment)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1], Moment(sys.argv[2]), is_start=len(sys.argv) > 3))
