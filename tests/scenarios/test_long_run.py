"""Days at speed: the desk holds on to neither memory nor tasks. `make bench ONLY=bot.soak` takes weeks."""

import asyncio

from benchmarks.soak import Sample, Soak
from tests.build.desk import DeskProcess, desk_process
from tests.build.sandbox import VERA, Sandbox, onboard

DAYS = 2.0
SPEED = 5000.0
DAY_S = 86_400.0
HABITS = ("/price btc", "/top", "/chart btc 1h", "/status", "/watch btc", "/settings")
MOST_TASKS_MORE = 30
"""Loops that begin late, and requests under way; a leak of one task an hour is more than this."""
MOST_GROWTH_MB = 25.0
"""Allocators keep some memory for a while; a leak of one object a tick is more than this."""


async def test_days_at_work_leave_memory_and_tasks_as_they_were(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, market__collected=5) as desk:
        await onboard(sandbox, VERA)
        await sandbox.set_speed(SPEED)

        seen = await used(sandbox, desk, days=DAYS)

        await sandbox.set_speed(1)
        assert len(seen.tasks) >= 2  # of heartbeats, one in half a real minute is logged
        assert max(seen.tasks) <= seen.tasks[0] + MOST_TASKS_MORE, seen.tasks
        assert seen.growth_mb < MOST_GROWTH_MB, seen.samples
        assert not [event for event in desk.events() if event["event"] in ("job_failed", "task_died")]
        assert await desk.stop() == 0


async def used(sandbox: Sandbox, desk: DeskProcess, *, days: float) -> Soak:
    """Ask for this and that until so much market time has passed."""
    begin_s = await sandbox.advance(0) / 1000
    samples: list[Sample] = []
    while (day := (await sandbox.advance(0) / 1000 - begin_s) / DAY_S) < days:
        await sandbox.ask(VERA, HABITS[len(samples) % len(HABITS)])
        samples.append(Sample(day, desk.resident_mb()))
        await asyncio.sleep(0.2)
    beats = [int(str(event["tasks"])) for event in desk.events() if event["event"] == "heartbeat"]
    return Soak(samples, beats)
