"""Durable state of the whole desk: latches, policies, the lease, the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from engines.orders.subaccount import EngineName
from engines.risk.latch import Latch
from ports.errors import DeskError


class LatchStore(Protocol):
    """Latches as rows. The side file and memory come first (`services.latches`)."""

    async def all(self) -> Sequence[Latch]: ...

    async def put(self, latch: Latch) -> None:
        """Insert, or replace the one of that id."""
        ...

    async def remove(self, latch_id: str) -> None: ...


class Unreadable(DeskError):
    """The side file is there and does not say which latches there are: whatever it held is in force."""


class LatchFile(Protocol):
    """Latches in a file beside the database, on the disk before anything else is done: it works while the
    database does not."""

    async def read(self) -> Sequence[Latch]:
        """What was written last; nothing while there is no file. Raises `Unreadable`."""
        ...

    async def write(self, latches: Sequence[Latch]) -> None:
        """Replace the whole; on the disk when this returns. Raises `Transient`: the one before stands."""
        ...


class Approval(StrEnum):
    """Who has to agree to an engine's orders."""

    PAPER = "paper"
    """Real money is not touched: orders go to the engine's paper account by themselves."""
    ASK = "ask"
    """Every order with real money needs a ticket."""
    AUTO = "auto"
    """Below the limits orders go by themselves; above them they need a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How an engine may trade. `account` is the venue account of its real money. `most_order` and `most_day`
    bound what goes without asking, in USDT. `live_from` (wire time) is when the cooling-off of a switch to
    real money ends: until then it is still on paper."""

    engine: EngineName
    approval: Approval = Approval.PAPER
    account: str
    most_order: Decimal = Decimal(0)
    most_day: Decimal = Decimal(0)
    live_from: datetime | None = None
    changed_by: int | None = None
    changed_at: datetime | None = None


class PolicyStore(Protocol):
    """One row an engine; an engine without one is on paper."""

    async def all(self) -> Sequence[Policy]: ...

    async def put(self, policy: Policy) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who runs this desk: `holder` is a name that no other process has; wire time."""

    holder: str
    taken_at: datetime
    renewed_at: datetime


class LeaseStore(Protocol):
    """One row: two desks over the same database find each other here."""

    async def take(
        self, holder: str, *, now: datetime, stale_before: datetime, dead: str | None = None
    ) -> Lease | None:
        """Take or renew the lease: `None` when it is ours now, else the lease of the other that holds it
        (renewed at or after `stale_before`). A lease of `dead`, a process that is known to be no more, is
        taken over whatever its age."""
        ...

    async def release(self, holder: str) -> None:
        """Give it back, if it is ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Who pressed or typed what, and what came of it (wire time). `person_id` `None`: the desk itself."""

    at: datetime
    person_id: int | None
    chat_id: int | None
    deed: str
    outcome: str
    params: Mapping[str, Any] = field(default_factory=dict)


class AuditStore(Protocol):
    """The audit log: rows are added and never changed or deleted."""

    async def add(self, record: AuditRecord) -> None: ...

    async def latest(self, *, limit: int, before_id: int | None = None) -> Sequence[tuple[int, AuditRecord]]:
        """The newest first, with their numbers."""
        ...
