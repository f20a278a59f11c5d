"""One desk a database: the second stops itself, and nobody waits for a dead one."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from engines.risk.latch import Latch
from ports.errors import Fatal, Transient
from services.lease import FORGOTTEN, LATCH, RENEW_EVERY_S, STALE_AFTER_S, UNSURE_AFTER_S, DeskLease
from tests.build.clock import NOON, HandClock
from tests.build.desk_state import MemoryLease
from tests.build.virtual_time import elapsed, in_virtual_time


class LoopClock(HandClock):
    """Wire time is that of the loop."""

    def wire_now(self) -> datetime:
        return NOON + timedelta(seconds=elapsed())


@dataclass(slots=True)
class Machine:
    """Processes that run here; names of others begin with `far`."""

    running: set[str] = field(default_factory=set)

    def own_name(self) -> str:
        return "here/1/0/a"

    def is_running(self, name: str) -> bool | None:
        return None if name.startswith("far") else name in self.running


@dataclass(slots=True)
class Desks:
    """Desks over one database, and the latches that they pulled."""

    store: MemoryLease = field(default_factory=MemoryLease)
    machine: Machine = field(default_factory=Machine)
    latches: set[str] = field(default_factory=set)

    def desk(self, name: str) -> DeskLease:
        return DeskLease(self.store, self.machine, LoopClock(), name, self.pull, self.release)

    async def pull(self, latch: Latch) -> None:
        self.latches.add(latch.id)

    async def release(self, latch_id: str) -> None:
        self.latches.discard(latch_id)

    @property
    def holder(self) -> str | None:
        return None if self.store.held is None else self.store.held.holder


def test_the_first_takes_it_and_the_second_is_told_who_has_it() -> None:
    async def scenario() -> None:
        desks = Desks(machine=Machine({"here/41/0/a"}))
        await desks.desk("here/41/0/a").take()
        with pytest.raises(Fatal, match="process 41 on here, since 2026-03-04 12:00:00 UTC; stop it first"):
            await desks.desk("here/42/0/b").take()
        assert desks.holder == "here/41/0/a"
        assert elapsed() == 0

    in_virtual_time(scenario)


def test_that_of_a_dead_process_of_this_machine_is_taken_at_once() -> None:
    async def scenario() -> None:
        desks = Desks()
        await desks.desk("here/41/0/a").take()
        await desks.desk("here/42/0/b").take()
        assert desks.holder == "here/42/0/b"
        assert elapsed() == 0

    in_virtual_time(scenario)


def test_one_of_another_machine_is_watched_until_it_is_stale() -> None:
    async def scenario() -> None:
        desks = Desks()
        await desks.desk("far/41/0/a").take()
        await desks.desk("here/42/0/b").take()
        assert desks.holder == "here/42/0/b"
        assert STALE_AFTER_S <= elapsed() <= STALE_AFTER_S + RENEW_EVERY_S

    in_virtual_time(scenario)


def test_one_of_another_machine_that_is_renewed_is_left_alone() -> None:
    async def scenario() -> None:
        desks = Desks()
        far = desks.desk("far/41/0/a")
        await far.take()
        running = asyncio.create_task(far.run())
        await asyncio.sleep(0.5)
        with pytest.raises(Fatal, match="process 41 on far"):
            await desks.desk("here/42/0/b").take()
        assert elapsed() < 3 * RENEW_EVERY_S
        assert desks.holder == "far/41/0/a"
        running.cancel()

    in_virtual_time(scenario)


def test_a_forgotten_one_of_another_machine_is_taken_at_once() -> None:
    async def scenario() -> None:
        desks = Desks()
        await desks.desk("far/41/0/a").take()
        await asyncio.sleep(FORGOTTEN.total_seconds() + 1)
        before = elapsed()
        await desks.desk("here/42/0/b").take()
        assert elapsed() == before

    in_virtual_time(scenario)


def test_one_that_is_given_back_is_free() -> None:
    async def scenario() -> None:
        desks = Desks(machine=Machine({"here/41/0/a"}))
        first = desks.desk("here/41/0/a")
        await first.take()
        await first.give_back()
        await desks.desk("here/42/0/b").take()
        await first.give_back()
        assert desks.holder == "here/42/0/b", "only its own"

    in_virtual_time(scenario)


def test_a_desk_whose_lease_was_taken_over_stops() -> None:
    async def scenario() -> None:
        desks = Desks()
        first = desks.desk("far/41/0/a")
        await first.take()
        await desks.desk("here/42/0/b").take()
        with pytest.raises(Fatal, match="taken this database over: process 42 on here"):
            await first.run()

    in_virtual_time(scenario)


def test_while_it_cannot_be_renewed_nothing_enters() -> None:
    async def scenario() -> None:
        desks = Desks()
        desk = desks.desk("here/41/0/a")
        await desk.take()
        desks.store.failure = Transient("locked", kind="database")
        running = asyncio.create_task(desk.run())
        await asyncio.sleep(UNSURE_AFTER_S - 1)
        assert desks.latches == set(), "a moment's trouble is none"
        await asyncio.sleep(RENEW_EVERY_S)
        assert desks.latches == {LATCH}

        desks.store.failure = None
        await asyncio.sleep(RENEW_EVERY_S)
        assert desks.latches == set()
        running.cancel()

    in_virtual_time(scenario)


def test_a_database_in_trouble_is_no_reason_not_to_stop() -> None:
    async def scenario() -> None:
        desks = Desks()
        desk = desks.desk("here/41/0/a")
        await desk.take()
        desks.store.failure = Transient("locked", kind="database")
        await desk.give_back()
        desks.store.failure = None
        assert desks.holder == "here/41/0/a"

    in_virtual_time(scenario)
