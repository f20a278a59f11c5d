"""What is stored while an account is read again counts once, whether the reading has seen it or not."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.ledger import booking
from engines.ledger.entry import Entry
from engines.ledger.movement import deposit
from engines.orders.subaccount import EngineName, SubAccount
from services.trading.ledger import QUOTE, Ledger
from services.trading.register import Register
from tests.build.books import MemoryBooks
from tests.build.clock import NOON, HandClock

OWNER = SubAccount(engine=EngineName.MANUAL, account="bybit").owner


class SlowBooks(MemoryBooks):
    """Everything takes so many turns of the loop, before and after it is done."""

    before = after = 0

    async def book(self, owner: int, entries: Sequence[Entry]) -> bool:
        after = await self._begun()
        done = await MemoryBooks.book(self, owner, entries)
        await turns(after)
        return done

    async def entries(self, owner: int) -> Sequence[Entry]:
        after = await self._begun()
        found = await MemoryBooks.entries(self, owner)
        await turns(after)
        return found

    async def _begun(self) -> int:
        before, after = self.before, self.after
        await turns(before)
        return after


async def turns(count: int) -> None:
    """Others get so many turns."""
    for _ in range(count):
        await asyncio.sleep(0)


def money(number: int) -> Entry:
    return deposit(OWNER, f"bybit:{number}", QUOTE, Decimal(number), NOON, quote=QUOTE)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["book", "read"]), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)),
        min_size=2,
        max_size=6,
    )
)
async def test_memory_is_what_the_books_say_whatever_comes_at_once(
    steps: list[tuple[str, int, int, int]],
) -> None:
    books = SlowBooks()
    ledger = Ledger(books, HandClock(), Decimal(0))
    await ledger.account(OWNER)
    tasks = []
    for number, (what, books.before, books.after, rest) in enumerate(steps, 1):
        deed = ledger.book(OWNER, money(number)) if what == "book" else ledger.read_again(OWNER)
        tasks.append(asyncio.ensure_future(deed))
        await turns(1 + rest)
    await asyncio.gather(*tasks)
    assert ledger.balances(OWNER) == await books.balances(OWNER)


@pytest.mark.parametrize("rest", range(8))
async def test_money_that_comes_while_a_known_entry_is_read_again_is_not_forgotten(rest: int) -> None:
    books = SlowBooks()
    register = Register(books, HandClock(), Decimal(0))
    await register.book(OWNER, money(1))
    books.before, books.after = 0, 4
    again = asyncio.ensure_future(register.book(OWNER, money(1)))  # known: the account is read
    await turns(rest)
    books.before = books.after = 0
    assert await register.book(OWNER, money(2))
    assert not await again
    assert booking.free(register.balances(OWNER), QUOTE) == 3
