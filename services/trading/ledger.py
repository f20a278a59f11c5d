"""What everybody owns: in memory, and before that in the books."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.ledger import booking
from engines.ledger.entry import Balances, Entry, EntryKind, posted
from engines.orders.subaccount import is_live
from ports.books import Books
from ports.clock import Clock

QUOTE: Final = "USDT"


@dataclass(slots=True, repr=False)
class Account:
    """What a person or an engine owns. `opened_at` is when the present account began, `number` counts its
    resets; trades up to `earlier` belong to the accounts before, also where the market's clock stands still.
    """

    balances: Balances
    opened_at: datetime
    number: int
    earlier: int


@dataclass(slots=True, eq=False)
class _Reading:
    """An account that is being read, and what was stored in it meanwhile."""

    owner: int
    missed: list[Entry] = field(default_factory=list)


@dataclass(slots=True, repr=False)
class Ledger:
    """Balances of all accounts. While one is read again others go on booking to it: what is stored meanwhile
    counts once, whether the reading saw it or not."""

    books: Books
    clock: Clock
    opening_balance: Decimal
    _accounts: dict[int, Account] = field(default_factory=dict)
    _storing: Counter[str] = field(default_factory=Counter)
    _counted: dict[int, set[str]] = field(default_factory=dict)
    """Entries whose storing is not answered yet, and that the last reading of their owner has seen stored."""
    _readings: set[_Reading] = field(default_factory=set)
    _promised: dict[int, Decimal] = field(default_factory=dict)

    def owners(self) -> Sequence[int]:
        """Those whose accounts are known here."""
        return sorted(self._accounts)

    def balances(self, owner: int) -> Balances:
        """What is owned, by one of `owners()`; nothing of others."""
        known = self._accounts.get(owner)
        return known.balances if known is not None else {}

    async def account(self, owner: int) -> Account:
        """An account. One that pretends is opened with a balance when it is new; real money comes from the
        venue only."""
        if owner not in self._accounts:
            if not is_live(owner):
                first = booking.opening(owner, 0, QUOTE, self.opening_balance, self.clock.now())
                await self.books.book(owner, [first])
            entries = await self.books.entries(owner)
            self._accounts.setdefault(owner, _account(entries, self.clock.now()))
        return self._accounts[owner]

    async def reopen(self, owner: int) -> Account:
        """Give everything back and begin with the opening balance again."""
        account, now = await self.account(owner), self.clock.now()
        entries = [
            booking.reset(owner, account.number, account.balances, now),
            booking.opening(owner, account.number + 1, QUOTE, self.opening_balance, now),
        ]
        await self.books.book(owner, entries)
        return await self.read_again(owner)

    async def book(self, owner: int, entry: Entry) -> bool:
        """Store an entry that belongs to no trade; `False` when it is known already. Raises `Transient`."""
        await self.account(owner)
        with self.storing([entry]):
            if await self.books.book(owner, [entry]):
                self.post([entry])
                return True
        await self.read_again(owner)  # it may be known to the store alone
        return False

    async def transfer(self, out: Entry, into: Entry) -> bool:
        """Store both sides of a transfer; `False` when it is known already. What leaves is promised until it
        has left, so that nobody spends it meanwhile. Raises `Transient`."""
        for owner in (out.owner, into.owner):
            await self.account(owner)
        leaves = -booking.free(posted({}, [out]), QUOTE)
        self._promised[out.owner] = self.promised(out.owner) + leaves
        try:
            with self.storing([out, into]):
                if await self.books.transfer(out, into):
                    self.post([out, into])
                    return True
        finally:
            self._promised[out.owner] -= leaves
        for owner in (out.owner, into.owner):
            await self.read_again(owner)
        return False

    def promised(self, owner: int) -> Decimal:
        """Cash that is about to leave."""
        return self._promised.get(owner, Decimal(0))

    @contextmanager
    def storing(self, entries: Iterable[Entry]) -> Iterator[None]:
        """These are on their way into the books; `post` comes within, once they are there."""
        entries = list(entries)
        self._storing.update(entry.id for entry in entries)
        try:
            yield
        finally:
            for entry in entries:
                self._storing[entry.id] -= 1
                if not self._storing[entry.id]:
                    del self._storing[entry.id]
                    self._counted.get(entry.owner, set()).discard(entry.id)

    def post(self, entries: Sequence[Entry]) -> None:
        """Entries have been stored: count them, unless a reading has seen them there already."""
        for reading in self._readings:
            reading.missed.extend(entry for entry in entries if entry.owner == reading.owner)
        for owner in {entry.owner for entry in entries}:
            account, counted = self._accounts[owner], self._counted.get(owner, ())
            new = [entry for entry in entries if entry.owner == owner and entry.id not in counted]
            account.balances = posted(account.balances, new)

    async def read_again(self, owner: int) -> Account:
        """The account as it is stored. Raises `Transient`: it stays as it was."""
        reading = _Reading(owner)
        self._readings.add(reading)
        try:
            entries = await self.books.entries(owner)
        finally:
            self._readings.discard(reading)
        stored = {entry.id for entry in entries}
        later = [entry for entry in reading.missed if entry.id not in stored]
        self._counted[owner] = stored & self._storing.keys()
        self._accounts[owner] = _account([*entries, *later], self.clock.now())
        return self._accounts[owner]


def _account(entries: Sequence[Entry], now: datetime) -> Account:
    openings = [place for place, entry in enumerate(entries) if entry.kind is EntryKind.OPENING]
    if not openings or is_live(entries[0].owner):  # real money: what there is came from the venue
        return Account(balances=posted({}, entries), opened_at=now, number=0, earlier=0)
    return Account(
        balances=posted({}, entries),
        opened_at=entries[openings[-1]].at,
        number=len(openings) - 1,
        earlier=max((entry.trade_id or 0 for entry in entries[: openings[-1]]), default=0),
    )
