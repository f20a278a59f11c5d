import asyncio

import pytest

from ports.errors import Transient
from services.market.retry import Backoff, retried


class Flaky:
    """Fails as often as told, then answers."""

    def __init__(self, failures: int, retry_after_s: float | None = None) -> None:
        self.left = failures
        self.calls = 0
        self.retry_after_s = retry_after_s

    async def read(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise Transient("not now", retry_after_s=self.retry_after_s)
        return "answer"


async def test_a_read_is_tried_once_more_for_every_pause() -> None:
    flaky = Flaky(2)
    heard: list[Transient] = []
    assert await retried(flaky.read, (0.0, 0.0), heard.append) == "answer"
    assert flaky.calls == 3
    assert len(heard) == 2


async def test_the_last_failure_is_raised() -> None:
    flaky = Flaky(9)
    with pytest.raises(Transient):
        await retried(flaky.read, (0.0,))
    assert flaky.calls == 2


async def test_the_venues_own_pause_is_respected() -> None:
    flaky = Flaky(1, retry_after_s=30.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await retried(flaky.read, (0.0,))
    assert flaky.calls == 1


async def test_backoff_doubles_up_to_its_longest_and_starts_over() -> None:
    backoff = Backoff(0.001, 0.002)
    for _ in range(3):
        await backoff.wait(Transient("down"))
    backoff.reset()
    await backoff.wait(Transient("down", retry_after_s=0.001))
