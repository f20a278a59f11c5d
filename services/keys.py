"""Ages of the keys in use: an old one is to be replaced, and admins are reminded of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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
    """Of the key of an open account; `age` `None` where the venue does not say when it was made."""

    account: str
    age: timedelta | None
    is_bound_to_ip: bool

    @property
    def is_old(self) -> bool:
        """Whether it is time for another."""
        return self.age is not None and self.age >= OLD


@dataclass(frozen=True, slots=True)
class KeyAges:
    """Ages of the keys of accounts that are `opened`; no other key is looked at. Times are wire time."""

    opened: Callable[[], Mapping[str, KeyRights]]
    facts: Facts
    clock: Clock
    tell: Callable[[KeyAge], Awaitable[None]]

    def all(self) -> list[KeyAge]:
        """By account."""
        now = self.clock.wire_now()
        return [
            KeyAge(
                account=account,
                age=None if rights.made_at is None else now - rights.made_at,
                is_bound_to_ip=rights.is_bound_to_ip,
            )
            for account, rights in sorted(self.opened().items())
        ]

    async def look(self) -> None:
        """Remind of old keys, of each once a week."""
        now = self.clock.wire_now()
        for key in self.all():
            if key.is_old and await self._is_time(key.account, now):
                await self.tell(key)
                await self.facts.put(FACT + key.account, now.isoformat())

    async def _is_time(self, account: str, now: datetime) -> bool:
        last = await self.facts.get(FACT + account)
        return last is None or now - datetime.fromisoformat(last) >= AGAIN
