"""An event loop whose time passes only when nothing is left to do: waits of hours take no time."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class _Leap(selectors.DefaultSelector):
    """Instead of waiting for `timeout` seconds, lets them have passed."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0.0)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For code that touches no network; `time()` starts at 1000."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def in_virtual_time(scenario: Callable[[], Awaitable[T]]) -> T:
    """Run a scenario to its end; `asyncio.get_running_loop().time()` tells the time inside it."""

    async def run() -> T:
        return await scenario()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())


def elapsed() -> float:
    """Virtual seconds since the scenario began."""
    return asyncio.get_running_loop().time() - 1000.0
