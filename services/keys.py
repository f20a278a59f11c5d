"""The keys in use: an old one is to be replaced, one that works from anywhere to be bound to an address.
Admins are reminded of both."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ports.clock import Clock
from ports.people import Facts
from ports.venue_books import KeyRights

OLD: Final = timedelta(days=90)
AGAIN: Final = timedelta(days=7)
FACT: Final = "key_reminded:"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAge:
    """Of the key of an account in use; `age` `None` where the venue does not say when it was made.
    `is_monitoring`: no order goes there."""

    account: str
    age: timedelta | None
    is_bound_to_ip: bool
    is_monitoring: bool = False

    @property
    def is_old(self) -> bool:
        """Whether it is time for another."""
        return self.age is not None and self.age >= OLD

    @property
    def is_well(self) -> bool:
        """Whether nothing about it is to be mended."""
        return self.is_bound_to_ip and not self.is_old


@dataclass(frozen=True, slots=True)
class KeyAges:
    """Ages of the keys that are `in_use`; no other key is looked at. Accounts of `monitored` are only read.
    Times are wire time."""

    in_use: Callable[[], Mapping[str, KeyRights]]
    facts: Facts
    clock: Clock
    tell: Callable[[KeyAge], Awaitable[None]]
    monitored: Callable[[], Collection[str]] = frozenset
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def all(self) -> list[KeyAge]:
        """By account."""
        now, monitored = self.clock.wire_now(), self.monitored()
        return [
            KeyAge(
                account=account,
                age=None if rights.made_at is None else now - rights.made_at,
                is_bound_to_ip=rights.is_bound_to_ip,
                is_monitoring=account in monitored,
            )
            for account, rights in sorted(self.in_use().items())
        ]

    async def look(self) -> None:
        """Remind of keys that are old or bound to no address, of each once a week."""
        now = self.clock.wire_now()
        async with self._lock:
            for key in self.all():
                if not key.is_well and await self._is_time(key.account, now):
                    await self.tell(key)
                    await self.facts.put(FACT + key.account, now.isoformat())

    async def _is_time(self, account: str, now: datetime) -> bool:
        last = await self.facts.get(FACT + account)
        return last is None or now - datetime.fromisoformat(last) >= AGAIN
