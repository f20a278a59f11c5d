"""The desk's accounts at venues. While no engine trades real money no key is read."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from ports.errors import Refused, Rejected, Transient
from ports.venue_books import KeyRights, VenueBooks

log = structlog.get_logger()


@dataclass(slots=True, repr=False)
class VenueAccounts:
    """Accounts by name. `connect` reads the key and gives the account's books; it raises `Refused`
    (`account_unknown`, `account_without_key`, `account_keys_unreadable`). `admit` lets orders go there once
    the key is found in order."""

    connect: Callable[[str], Awaitable[VenueBooks]]
    admit: Callable[[str], Awaitable[None]]
    _open: dict[str, KeyRights] = field(default_factory=dict)
    _books: list[VenueBooks] = field(default_factory=list)
    _problems: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self, account: str) -> None:
        """Read its key, check what the key may do, and connect; nothing when it is open already.

        Raises `Refused`: `account_unknown`, `account_without_key`, `account_key_withdraws`,
        `account_key_reads_only`, `account_key_refused`, `account_unreachable`, each with `account`.
        """
        async with self._lock:
            if account in self._open:
                return
            try:
                rights = await self._checked(account)
            except Refused as error:
                self._problems[account] = error.code
                raise
            self._open[account] = rights
            self._problems.pop(account, None)
            log.info("account_open", account=account, is_bound_to_ip=rights.is_bound_to_ip)

    def is_open(self, account: str) -> bool:
        """Whether orders can go there."""
        return account in self._open

    def problem(self, account: str) -> str:
        """The code of the last refusal; empty when there was none."""
        return self._problems.get(account, "")

    def rights(self, account: str) -> KeyRights | None:
        """What the key of an open account may do."""
        return self._open.get(account)

    def opened(self) -> Mapping[str, KeyRights]:
        """Every open account with what its key may do."""
        return self._open

    async def close(self) -> None:
        """Release connections. May be called twice."""
        await asyncio.gather(*(books.close() for books in self._books))

    async def _checked(self, account: str) -> KeyRights:
        books = await self.connect(account)
        try:
            rights = await self._rights(account, books)
            await self.admit(account)
            self._books.append(books)
        except BaseException:
            await books.close()
            raise
        return rights

    async def _rights(self, account: str, books: VenueBooks) -> KeyRights:
        try:
            rights = await books.key()
        except Rejected as error:
            log.error("account_key_refused", account=account, error=str(error))
            raise Refused("account_key_refused", account=account) from error
        except Transient as error:
            log.error("account_unreachable", account=account, error=str(error))
            raise Refused("account_unreachable", account=account) from error
        if rights.can_withdraw:
            raise Refused("account_key_withdraws", account=account)
        if not rights.can_trade:
            raise Refused("account_key_reads_only", account=account)
        return rights
