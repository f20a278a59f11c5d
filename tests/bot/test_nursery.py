"""The nursery: a background task that dies is started again or stops the program, never silently gone."""

import asyncio
from functools import partial

import pytest

from bot.nursery import Nursery
from ports.errors import Fatal
from tests.build.virtual_time import elapsed, in_virtual_time


class Dying:
    """Work that notes when it was started, lives a while and dies."""

    def __init__(self, *lives_s: float, error: Exception | None = None) -> None:
        self._lives_s = list(lives_s)
        self._error = error or RuntimeError("broken")
        self.starts: list[float] = []

    async def __call__(self) -> None:
        self.starts.append(round(elapsed(), 3))
        await asyncio.sleep(self._lives_s.pop(0) if self._lives_s else 0)
        raise self._error

    @property
    def gaps(self) -> list[float]:
        return [round(b - a, 3) for a, b in zip(self.starts, self.starts[1:], strict=False)]


def test_a_task_that_dies_is_started_again_after_growing_pauses() -> None:
    async def scenario() -> None:
        nursery, work = Nursery(pause_s=1, longest_pause_s=8), Dying()
        nursery.start("feed", work)
        await asyncio.sleep(40)
        assert work.gaps == [1, 2, 4, 8, 8, 8, 8]
        state = nursery.states["feed"]
        assert state.failures == len(work.starts)
        assert state.last_error == "RuntimeError: broken"
        assert not state.is_running
        await nursery.stop()

    in_virtual_time(scenario)


def test_a_calm_life_starts_over_with_the_short_pause() -> None:
    async def scenario() -> None:
        nursery, work = Nursery(pause_s=1, longest_pause_s=60, calm_s=60), Dying(0, 0, 0, 61, 0)
        nursery.start("feed", work)
        await asyncio.sleep(75)
        assert work.gaps == [1, 2, 4, 61 + 1, 2]
        await nursery.stop()

    in_virtual_time(scenario)


def test_a_task_that_ends_quietly_is_started_again() -> None:
    async def scenario() -> None:
        runs = 0

        async def work() -> None:
            nonlocal runs
            runs += 1

        nursery = Nursery(pause_s=1)
        nursery.start("feed", work)
        await asyncio.sleep(3.5)
        assert runs == 3
        assert nursery.states["feed"].last_error == "ended"
        await nursery.stop()

    in_virtual_time(scenario)


def test_a_task_with_patience_takes_the_program_with_it() -> None:
    async def scenario() -> None:
        nursery, work = Nursery(pause_s=1), Dying()
        nursery.start("feed", work, patience=3)
        assert await nursery.failed == "feed died 3 times in a row: RuntimeError: broken"
        assert elapsed() == pytest.approx(1 + 2)
        await nursery.stop()

    in_virtual_time(scenario)


def test_patience_counts_only_deaths_in_a_row() -> None:
    async def scenario() -> None:
        nursery, work = Nursery(pause_s=1, calm_s=60), Dying(*[0, 61] * 20)
        nursery.start("feed", work, patience=3)
        await asyncio.sleep(600)
        assert not nursery.failed.done()
        await nursery.stop()

    in_virtual_time(scenario)


def test_fatal_stops_the_program_at_once() -> None:
    async def scenario() -> None:
        nursery = Nursery()
        work = Dying(error=Fatal("the token is not valid"))
        nursery.start("telegram", work)
        nursery.start("other", Dying(error=Fatal("too late to matter")))
        assert await nursery.failed == "the token is not valid"
        await asyncio.sleep(600)
        assert work.starts == [0]
        assert not nursery.states["telegram"].is_running
        await nursery.stop()

    in_virtual_time(scenario)


def test_fatal_of_a_task_among_several_that_work_together_stops_it_too() -> None:
    async def scenario() -> None:
        nursery = Nursery()
        several = ExceptionGroup("", [OSError("gone"), ExceptionGroup("", [Fatal("the books do not fit")])])
        nursery.start("orders", Dying(error=several))
        assert await nursery.failed == "the books do not fit"
        await nursery.stop()

    in_virtual_time(scenario)


def test_tasks_stop_one_after_the_other_the_last_started_first() -> None:
    async def scenario() -> None:
        events: list[str] = []

        async def work(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                events.append(f"{name} stops")
                await asyncio.sleep(1)
                events.append(f"{name} stopped")

        nursery = Nursery()
        for name in ("clock", "markets", "telegram"):
            nursery.start(name, partial(work, name))
        await asyncio.sleep(0.1)
        await nursery.stop()
        order = ("telegram", "markets", "clock")
        assert events == [f"{name} {what}" for name in order for what in ("stops", "stopped")]

    in_virtual_time(scenario)


def test_stopping_waits_only_so_long_for_a_task_that_will_not() -> None:
    async def scenario() -> None:
        async def stubborn() -> None:
            while elapsed() < 100:
                try:
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    continue

        nursery = Nursery()
        nursery.start("stubborn", stubborn)
        nursery.start("good", asyncio.Event().wait)
        await asyncio.sleep(1)
        await nursery.stop(within_s=10)
        assert elapsed() == pytest.approx(11)

    in_virtual_time(scenario)


@pytest.mark.parametrize("is_quiet", [True, False])
def test_a_task_that_answers_the_stop_with_an_end_of_its_own_is_not_started_again(is_quiet: bool) -> None:
    async def scenario() -> None:
        async def work() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not is_quiet:
                    raise ConnectionError("closed under my feet") from None

        nursery = Nursery()
        nursery.start("feed", work)
        await asyncio.sleep(1)
        await nursery.stop(within_s=10)
        assert elapsed() == pytest.approx(1)
        assert nursery.states["feed"].failures == 0

    in_virtual_time(scenario)
