"""However many write to a trade and whenever they come, one change is under way at a time."""

import asyncio
import random
from dataclasses import dataclass, replace
from decimal import Decimal

from engines.orders.trade import Trade
from ports.books import Change
from ports.errors import Transient
from services.trading.journal import Journal
from services.trading.register import Held, Register
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.trades import a_trade


@dataclass(slots=True)
class SlowBooks(MemoryBooks):
    """Books on a disk; `most` is how many changes were ever under way together."""

    under_way: int = 0
    most: int = 0

    async def commit(self, change: Change) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        await MemoryBooks.commit(self, change)
        await asyncio.sleep(0)
        self.under_way -= 1


def next_version(held: Held | None) -> Change:
    """One more is wanted."""
    assert held is not None
    trade = held.trade
    return Change(trade=replace(trade, version=trade.version + 1, wanted=trade.wanted + 1))


async def test_writers_that_come_and_go_never_overtake_each_other() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        books = SlowBooks()
        register = Register(books, HandClock(), Decimal(1000))
        await register.commit(Change(trade=a_trade(wanted=Decimal(0))))
        journal = Journal(register)

        async def write(turns: int, journal: Journal = journal) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await journal.write(1, next_version)

        await asyncio.gather(*(write(rng.randrange(60)) for _ in range(40)))

        stored = await books.trade(1)
        assert stored is not None
        assert (stored.wanted, books.most) == (Decimal(40), 1)


@dataclass(slots=True)
class TroubledBooks(MemoryBooks):
    """Books that cannot be read for so many times."""

    troubles: int = 0

    async def trade(self, trade_id: int) -> Trade | None:
        if self.troubles:
            self.troubles -= 1
            raise Transient("locked", kind="database")
        return await MemoryBooks.trade(self, trade_id)


async def test_what_has_happened_is_booked_though_its_trade_cannot_be_read_at_first() -> None:
    books = TroubledBooks()
    await books.commit(Change(trade=a_trade(wanted=Decimal(0))))
    register = Register(books, HandClock(), Decimal(1000))  # the trade is not in memory
    books.troubles = 2

    await Journal(register).write(1, next_version, is_sure=True)

    stored = await books.trade(1)
    assert stored is not None
    assert (stored.wanted, books.troubles) == (Decimal(1), 0)
