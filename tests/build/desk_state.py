"""Durable state of the desk in memory, and builders of it. The stores pass
`tests/contracts/test_desk_state.py`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from engines.orders.subaccount import EngineName
from engines.risk.latch import Cause, Latch, Scope
from ports.desk_state import Approval, AuditRecord, Lease, Policy
from tests.build.clock import NOON


class MemoryLatches:
    """`LatchStore` in a dictionary. `failure`, while set, is raised by everything."""

    def __init__(self, *latches: Latch) -> None:
        self.failure: Exception | None = None
        self._latches = {latch.id: latch for latch in latches}

    async def all(self) -> Sequence[Latch]:
        self._check()
        return sorted(self._latches.values(), key=lambda one: (one.pulled_at, one.id))

    async def put(self, latch: Latch) -> None:
        self._check()
        self._latches[latch.id] = latch

    async def remove(self, latch_id: str) -> None:
        self._check()
        self._latches.pop(latch_id, None)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class MemoryPolicies:
    """`PolicyStore` in a dictionary."""

    def __init__(self, *policies: Policy) -> None:
        self._policies = {policy.engine: policy for policy in policies}

    async def all(self) -> Sequence[Policy]:
        return sorted(self._policies.values(), key=lambda one: one.engine)

    async def put(self, policy: Policy) -> None:
        self._policies[policy.engine] = policy


class MemoryLease:
    """`LeaseStore` in a variable. `failure`, while set, is raised by everything."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.held: Lease | None = None

    async def take(
        self, holder: str, *, now: datetime, stale_before: datetime, dead: str | None = None
    ) -> Lease | None:
        self._check()
        held = self.held
        if held is not None and held.holder == holder:
            self.held = replace(held, renewed_at=now)
        elif held is None or held.holder == dead or held.renewed_at < stale_before:
            self.held = Lease(holder=holder, taken_at=now, renewed_at=now)
        else:
            return held
        return None

    async def release(self, holder: str) -> None:
        self._check()
        if self.held is not None and self.held.holder == holder:
            self.held = None

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class MemoryAudit:
    """`AuditStore` in a list; `records` is open for tests to read."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.records: list[AuditRecord] = []

    async def add(self, record: AuditRecord) -> None:
        if self.failure is not None:
            raise self.failure
        self.records.append(record)

    async def latest(self, *, limit: int, before_id: int | None = None) -> Sequence[tuple[int, AuditRecord]]:
        numbered = list(enumerate(self.records, start=1))
        return [one for one in reversed(numbered) if before_id is None or one[0] < before_id][:limit]


def a_latch(latch_id: str = "kill", **fields: Any) -> Latch:
    """A kill of the first level, pulled at noon by person 7."""
    usual: dict[str, Any] = {"scope": Scope(), "cause": Cause.KILL, "by": 7, "pulled_at": NOON}
    return Latch(id=latch_id, **usual | fields)


def a_policy(engine: EngineName = EngineName.MANUAL, **fields: Any) -> Policy:
    """Real money at Bybit, every order with a ticket."""
    usual: dict[str, Any] = {"approval": Approval.ASK, "account": "bybit"}
    return Policy(engine=engine, **usual | fields)


def a_record(deed: str = "kill", **fields: Any) -> AuditRecord:
    """Person 7 did it at noon in the admin chat."""
    usual: dict[str, Any] = {
        "at": NOON,
        "person_id": 7,
        "chat_id": -100,
        "outcome": "done",
        "params": {"level": "1", "most": str(Decimal("1.50"))},
    }
    return AuditRecord(deed=deed, **usual | fields)
