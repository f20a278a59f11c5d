"""The desk's accounts at venues. While no engine trades real money and none is monitored no key is read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from ports.errors import Refused, Rejected, Transient
from ports.venue_books import KeyRights, VenueBooks

log = structlog.get_logger()


async def nobody_hears() -> None:
    """For a desk in which nobody looks at keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """An account that is only read, and what its key may do."""

    books: VenueBooks
    rights: KeyRights


@dataclass(slots=True, repr=False)
class VenueAccounts:
    """Accounts by name. `connect` reads the key and gives the account's books; it raises `Refused`
    (`account_unknown`, `account_without_key`, `account_keys_unreadable`). `admit` lets orders go there once
    the key is found in order. `hear` is asked after every key that came into use."""

    connect: Callable[[str], Awaitable[VenueBooks]]
    admit: Callable[[str], Awaitable[None]]
    hear: Callable[[], Awaitable[None]] = nobody_hears
    _open: dict[str, KeyRights] = field(default_factory=dict)
    _monitored: dict[str, Monitored] = field(default_factory=dict)
    _books: list[VenueBooks] = field(default_factory=list)
    _problems: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self, account: str) -> None:
        """Read its key, check what the key may do, and connect; nothing when it is open already. One whose
        key may only read is monitored from then on.

        Raises `Refused`: `account_unknown`, `account_without_key`, `account_key_withdraws`,
        `account_key_reads_only`, `account_key_refused`, `account_unreachable`, each with `account`.
        """
        async with self._lock:
            if account in self._open:
                return
            with self._noting(account):
                rights = await self._admitted(account)
            self._open[account] = rights
            if (former := self._monitored.pop(account, None)) is not None:
                await former.books.close()
        await self._tell("account_open", account, rights)

    async def monitor(self, account: str) -> None:
        """Read its key and connect for reading only; nothing when it is open or monitored already. Raises as
        `open` does, but a key that may only read is what is wanted here."""
        async with self._lock:
            if account in self._open or account in self._monitored:
                return
            with self._noting(account):
                books, rights = await self._connected(account)
            self._monitored[account] = Monitored(books=books, rights=rights)
        await self._tell("account_monitored", account, rights)

    def is_open(self, account: str) -> bool:
        """Whether orders can go there."""
        return account in self._open

    def is_monitored(self, account: str) -> bool:
        """Whether it is read, and no order can go there."""
        return account in self._monitored

    def monitored(self) -> Mapping[str, VenueBooks]:
        """The books of every account that is only read."""
        return {account: one.books for account, one in self._monitored.items()}

    def problem(self, account: str) -> str:
        """The code of the last refusal; empty when there was none."""
        return self._problems.get(account, "")

    def rights(self, account: str) -> KeyRights | None:
        """What the key of an account may do; `None` while it is not in use."""
        return self.in_use().get(account)

    def in_use(self) -> Mapping[str, KeyRights]:
        """Every account that is open or monitored, with what its key may do."""
        return {account: one.rights for account, one in self._monitored.items()} | self._open

    async def close(self) -> None:
        """Release connections. May be called twice."""
        await asyncio.gather(*(books.close() for books in (*self._books, *self.monitored().values())))

    async def _admitted(self, account: str) -> KeyRights:
        books, rights = await self._connected(account)
        if not rights.can_trade:
            await self._keep_reading(account, Monitored(books=books, rights=rights))
            raise Refused("account_key_reads_only", account=account)
        try:
            await self.admit(account)
        except BaseException:
            await books.close()
            raise
        self._books.append(books)
        return rights

    async def _keep_reading(self, account: str, found: Monitored) -> None:
        """What is read already goes on being read, unless the key is another one now."""
        former = self._monitored.get(account)
        if former is not None and former.rights == found.rights:
            await found.books.close()
            return
        self._monitored[account] = found
        if former is not None:
            await former.books.close()

    async def _connected(self, account: str) -> tuple[VenueBooks, KeyRights]:
        books = await self.connect(account)
        try:
            rights = await self._rights(account, books)
            if rights.can_withdraw:
                raise Refused("account_key_withdraws", account=account)
        except BaseException:
            await books.close()
            raise
        return books, rights

    async def _rights(self, account: str, books: VenueBooks) -> KeyRights:
        try:
            return await books.key()
        except Rejected as error:
            log.error("account_key_refused", account=account, error=str(error))
            raise Refused("account_key_refused", account=account) from error
        except Transient as error:
            log.error("account_unreachable", account=account, error=str(error))
            raise Refused("account_unreachable", account=account) from error

    @contextmanager
    def _noting(self, account: str) -> Iterator[None]:
        """Remember why it was refused, until it is not any more."""
        try:
            yield
        except Refused as error:
            self._problems[account] = error.code
            raise
        self._problems.pop(account, None)

    async def _tell(self, event: str, account: str, rights: KeyRights) -> None:
        log.info(event, account=account, is_bound_to_ip=rights.is_bound_to_ip)
        try:
            await self.hear()
        except Transient as error:  # a reminder; the calendar comes back to it
            log.warning("key_not_looked_at", account=account, error=str(error))
