"""Turns at a venue: no more than its quota, cancels and reductions first."""

import asyncio

import pytest

from adapters.venues.governor import Governor, Urgency


class Time:
    """Seconds that pass by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_governor(*, per_s: float = 1000.0, burst: float = 2.0, time: Time | None = None) -> Governor:
    return Governor("test", per_s=per_s, burst=burst, monotonic=time or Time())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_burst_goes_at_once_and_the_rest_waits() -> None:
    governor = a_governor()
    await governor.turn(Urgency.ENTER)
    await governor.turn(Urgency.ENTER)
    waiting = asyncio.create_task(governor.turn(Urgency.ENTER))
    await settle()
    assert governor.queued == 1
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert governor.queued == 0
    await governor.close()


async def test_the_most_urgent_goes_first_and_the_rest_in_order() -> None:
    time, order = Time(), list[str]()
    governor = a_governor(per_s=1000.0, burst=1.0, time=time)
    await governor.turn(Urgency.ENTER)

    async def ask(name: str, urgency: Urgency) -> None:
        await governor.turn(urgency)
        order.append(name)

    asking = [
        asyncio.create_task(ask("first entry", Urgency.ENTER)),
        asyncio.create_task(ask("second entry", Urgency.ENTER)),
        asyncio.create_task(ask("cancel", Urgency.REDUCE)),
    ]
    await settle()
    while not all(task.done() for task in asking):
        time.now += 0.001
        await asyncio.sleep(0.001)
    assert order == ["cancel", "first entry", "second entry"]
    await governor.close()


async def test_a_pause_of_the_venues_holds_everybody_up() -> None:
    time = Time()
    governor = a_governor(time=time)
    governor.pause(0.002)
    waiting = asyncio.create_task(governor.turn(Urgency.REDUCE))
    await settle()
    assert not waiting.done()
    time.now += 0.01
    await waiting
    await governor.close()


async def test_a_turn_that_was_granted_to_one_who_gave_up_is_given_back() -> None:
    time = Time()
    governor = a_governor(burst=1.0, time=time)
    await governor.turn(Urgency.ENTER)
    first = asyncio.create_task(governor.turn(Urgency.ENTER))
    second = asyncio.create_task(governor.turn(Urgency.ENTER))
    await settle()
    first.cancel()
    time.now += 0.0011
    await second
    assert first.cancelled()
    await governor.close()


async def test_closing_lets_nobody_wait_for_ever() -> None:
    governor = a_governor(burst=1.0)
    await governor.turn(Urgency.ENTER)
    waiting = asyncio.create_task(governor.turn(Urgency.ENTER))
    await settle()
    await governor.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
