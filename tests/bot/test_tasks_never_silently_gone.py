"""Ways in which a supervised task could vanish without a word."""

import asyncio

from bot.nursery import Nursery
from tests.build.virtual_time import in_virtual_time

DAYS_S = 3 * 24 * 3600.0


def test_a_task_that_dies_for_days_is_still_started_again() -> None:
    async def scenario() -> None:
        nursery = Nursery(pause_s=1.0, longest_pause_s=60.0)

        async def work() -> None:
            raise ConnectionError("the database is away")

        nursery.start("outbox", work)
        await asyncio.sleep(DAYS_S)
        assert nursery.states["outbox"].failures > DAYS_S / 60 - 10
        await nursery.stop()

    in_virtual_time(scenario)


def test_a_task_cancelled_from_inside_is_started_again() -> None:
    async def scenario() -> None:
        runs = 0

        async def work() -> None:
            nonlocal runs
            runs += 1
            awaited = asyncio.get_running_loop().create_future()
            awaited.cancel()
            await awaited

        nursery = Nursery(pause_s=1.0)
        nursery.start("feed", work)
        await asyncio.sleep(3.5)
        assert runs == 3
        assert nursery.states["feed"].last_error == "cancelled from inside"
        await nursery.stop()

    in_virtual_time(scenario)


def test_stopping_still_ends_a_task_at_once() -> None:
    async def scenario() -> None:
        nursery = Nursery()
        nursery.start("feed", asyncio.Event().wait)
        await asyncio.sleep(1)
        await nursery.stop()
        assert nursery.states["feed"].failures == 0
        assert not nursery.states["feed"].is_running

    in_virtual_time(scenario)
