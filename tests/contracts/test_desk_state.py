"""One battery over every keeper of the desk's state: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pytest

from adapters.sql.desk import SqlDesk
from engines.orders.subaccount import EngineName
from engines.risk.latch import Cause, KillLevel, Scope
from ports.desk_state import Approval, AuditStore, LatchStore, Lease, LeaseStore, PolicyStore
from tests.build.clock import NOON
from tests.build.databases import desk_url
from tests.build.desk_state import (
    MemoryAudit,
    MemoryLatches,
    MemoryLease,
    MemoryPolicies,
    a_latch,
    a_policy,
    a_record,
)

SECOND = timedelta(seconds=1)


class Desk(Protocol):
    """What the battery is run over."""

    @property
    def latches(self) -> LatchStore: ...
    @property
    def policies(self) -> PolicyStore: ...
    @property
    def lease(self) -> LeaseStore: ...
    @property
    def audit(self) -> AuditStore: ...


@dataclass(slots=True)
class MemoryKeeper:
    """All of it in memory."""

    latches: MemoryLatches = field(default_factory=MemoryLatches)
    policies: MemoryPolicies = field(default_factory=MemoryPolicies)
    lease: MemoryLease = field(default_factory=MemoryLease)
    audit: MemoryAudit = field(default_factory=MemoryAudit)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "memory":
        yield MemoryKeeper()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk
    await desk.close()


async def test_latches_come_back_whole_the_oldest_first(desk: Desk) -> None:
    pause = a_latch(
        "pause:trend",
        scope=Scope(engine="trend", account="gate", has_paper=True),
        cause=Cause.PAUSE,
        level=KillLevel.FLAT,
        by=None,
        pulled_at=NOON - SECOND,
        until=NOON + SECOND,
        detail="4h <b>",
    )
    for latch in (a_latch(), pause):
        await desk.latches.put(latch)
    assert list(await desk.latches.all()) == [pause, a_latch()]
    assert (await desk.latches.all())[0].level is KillLevel.FLAT


async def test_a_latch_that_is_pulled_again_replaces_itself_and_can_be_released(desk: Desk) -> None:
    await desk.latches.put(a_latch())
    await desk.latches.put(a_latch(level=KillLevel.FLAT))
    assert list(await desk.latches.all()) == [a_latch(level=KillLevel.FLAT)]
    for _ in range(2):
        await desk.latches.remove("kill")
    assert list(await desk.latches.all()) == []


async def test_policies_come_back_whole_one_an_engine(desk: Desk) -> None:
    auto = a_policy(
        approval=Approval.AUTO,
        most_order=Decimal("250.000000001"),
        most_day=Decimal("1E+3"),
        live_from=NOON,
        changed_by=5_000_000_000,
        changed_at=NOON,
    )
    for policy in (a_policy(), a_policy(EngineName.CORE), auto):
        await desk.policies.put(policy)
    assert list(await desk.policies.all()) == [a_policy(EngineName.CORE), auto]


async def test_a_lease_is_taken_once_and_renewed_by_its_holder(desk: Desk) -> None:
    assert await desk.lease.take("a", now=NOON, stale_before=NOON - SECOND) is None
    held = Lease(holder="a", taken_at=NOON, renewed_at=NOON)
    assert await desk.lease.take("b", now=NOON, stale_before=NOON - SECOND) == held
    assert await desk.lease.take("a", now=NOON + SECOND, stale_before=NOON) is None
    renewed = Lease(holder="a", taken_at=NOON, renewed_at=NOON + SECOND)
    assert await desk.lease.take("b", now=NOON + SECOND, stale_before=NOON + SECOND) == renewed


async def test_a_stale_lease_passes_on_and_its_holder_learns_of_it(desk: Desk) -> None:
    await desk.lease.take("a", now=NOON, stale_before=NOON)
    later = NOON + 60 * SECOND
    assert await desk.lease.take("b", now=later, stale_before=NOON + SECOND) is None
    held = Lease(holder="b", taken_at=later, renewed_at=later)
    assert await desk.lease.take("a", now=later, stale_before=NOON + SECOND) == held


async def test_the_lease_of_a_dead_process_passes_on_once(desk: Desk) -> None:
    """Two that start together both know that it is dead; the second must not take it from the first."""
    await desk.lease.take("dead", now=NOON, stale_before=NOON)
    heirs = ("b", "c")
    taken = await asyncio.gather(
        *(desk.lease.take(one, now=NOON, stale_before=NOON - SECOND, dead="dead") for one in heirs)
    )
    assert taken.count(None) == 1
    winner = heirs[taken.index(None)]
    assert {one.holder for one in taken if one is not None} == {winner}


async def test_of_many_that_begin_at_once_one_holds_the_lease(desk: Desk) -> None:
    names = [f"desk-{number}" for number in range(4)]
    taken = await asyncio.gather(
        *(desk.lease.take(name, now=NOON, stale_before=NOON - SECOND) for name in names)
    )
    assert taken.count(None) == 1


async def test_only_the_holder_gives_the_lease_back(desk: Desk) -> None:
    await desk.lease.take("a", now=NOON, stale_before=NOON)
    await desk.lease.release("b")
    assert await desk.lease.take("b", now=NOON, stale_before=NOON) is not None
    await desk.lease.release("a")
    assert await desk.lease.take("b", now=NOON, stale_before=NOON) is None


async def test_the_audit_log_is_read_backwards_page_by_page(desk: Desk) -> None:
    records = [a_record(f"deed-{number}", at=NOON + number * SECOND) for number in range(5)]
    records[3] = a_record("deed-3", person_id=None, chat_id=None, params={}, at=NOON + 3 * SECOND)
    for record in records:
        await desk.audit.add(record)
    first = await desk.audit.latest(limit=2)
    assert [record for _, record in first] == [records[4], records[3]]
    rest = await desk.audit.latest(limit=9, before_id=first[-1][0])
    assert [record for _, record in rest] == [records[2], records[1], records[0]]
