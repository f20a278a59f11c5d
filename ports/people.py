"""People of the desk: who they are, what they may do, how they like to be spoken to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Protocol

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.proposal import LEAST_PUSHED
from ports.charts import Theme


class Role(StrEnum):
    """What a person may do. A higher role may do all that a lower one may."""

    BLOCKED = "blocked"
    VIEWER = "viewer"
    TRADER = "trader"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        return _RANK[self] >= _RANK[needed]


_RANK = {role: rank for rank, role in enumerate(Role)}


class Noise(StrEnum):
    """How much is pushed: only what must be known, what matters, or everything."""

    QUIET = "quiet"
    NORMAL = "normal"
    ALL = "all"


class RiskProfile(StrEnum):
    """How boldly sizes and leverage are suggested."""

    CAUTIOUS = "cautious"
    BALANCED = "balanced"
    BOLD = "bold"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFilter:
    """Which signals a person wants pushed. `coins` are symbols (none: all markets), `only_watched` narrows
    them to the watch list; `direction` `None` is both; `least` is the confidence from which on;
    `strong_only` leaves out what is not strong, whatever `least` says. `is_on` `False`: none at all."""

    is_on: bool = True
    coins: tuple[str, ...] = ()
    only_watched: bool = False
    direction: Direction | None = None
    least: float = LEAST_PUSHED
    timeframes: tuple[Timeframe, ...] = (Timeframe.M15, Timeframe.H1)
    strong_only: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """No signals about a market until then (market time)."""

    symbol: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A known person. `id` is the numeric Telegram id; `name` is what Telegram shows, never trusted.

    `summary_at` is when the daily summary comes, in the local time of `zone`; `None` never. `sees_rich` says
    whether their client shows rich messages; `None` before they were asked.
    """

    id: int
    name: str
    role: Role
    language: str = "en"
    zone: str = "UTC"
    noise: Noise = Noise.NORMAL
    theme: Theme = Theme.DARK
    risk: RiskProfile = RiskProfile.BALANCED
    summary_at: time | None = time(21)
    is_onboarded: bool = False
    watchlist: tuple[str, ...] = ()
    cockpit_message_id: int | None = None
    is_reachable: bool = True
    signals: SignalFilter = SignalFilter()
    mutes: tuple[Mute, ...] = ()
    sees_rich: bool | None = None
    created_at: datetime


class PeopleStore(Protocol):
    """Table of people, one row a numeric id."""

    async def all(self) -> Sequence[Person]: ...

    async def get(self, person_id: int) -> Person | None: ...

    async def add(self, person: Person) -> Person:
        """Insert; when the id exists already the stored person is returned unchanged."""
        ...

    async def change(self, person_id: int, **fields: Any) -> Person | None:
        """Set the named columns of one person in one transaction; `None` when there is no such person.

        Raises `TypeError` for a field that `Person` does not have or `id`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a button will do once: the row behind an opaque callback token.

    `chat_id` and `person_id` bind who may press it and where (`person_id` `None`: anyone whose role
    allows it); `params` are JSON values.
    """

    token: str
    kind: str
    chat_id: int
    person_id: int | None
    params: dict[str, Any] = field(default_factory=dict)
    created_at: datetime
    expires_at: datetime
    message_id: int | None = None
    done_at: datetime | None = None
    done_by: int | None = None


class ActionStore(Protocol):
    """One-time actions behind buttons; they survive a restart."""

    async def add(self, actions: Sequence[Action]) -> None: ...

    async def get(self, token: str) -> Action | None: ...

    async def take(self, token: str, *, person_id: int, at: datetime) -> bool:
        """Mark done; `True` for exactly one caller ever, also under concurrent taps."""
        ...

    async def forget_before(self, at: datetime) -> int:
        """Delete actions that expired before `at`; the number deleted."""
        ...


class Facts(Protocol):
    """Small durable facts of the desk by name (claim code hash, notices already given)."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...

    async def put_if_absent(self, name: str, value: str) -> bool:
        """Store only when the name is new; whether it was."""
        ...

    async def delete(self, name: str) -> None: ...
