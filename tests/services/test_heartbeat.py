"""The heartbeat is given while all is well, and withheld when it is not."""

import asyncio

import pytest

from ports.errors import Transient
from services.heartbeat import Heartbeat


class FakeBeacon:
    """`Beacon` that counts; it can be out of reach."""

    def __init__(self) -> None:
        self.lit = 0
        self.is_away = False

    async def light(self) -> None:
        if self.is_away:
            raise Transient("away")
        self.lit += 1

    async def close(self) -> None:
        """Nothing to release."""


@pytest.mark.parametrize("is_well", [True, False])
async def test_it_beats_while_all_is_well(is_well: bool) -> None:
    beacon = FakeBeacon()

    assert await Heartbeat(beacon, lambda: is_well).beat() is is_well

    assert beacon.lit == int(is_well)


async def test_a_beacon_out_of_reach_stops_nothing() -> None:
    beacon = FakeBeacon()
    beacon.is_away = True
    heart = Heartbeat(beacon, lambda: True, every_s=0.0)
    assert not await heart.beat()

    running = asyncio.create_task(heart.run())
    await asyncio.sleep(0)
    beacon.is_away = False
    while beacon.lit < 3:
        await asyncio.sleep(0)
    running.cancel()

    assert beacon.lit >= 3
