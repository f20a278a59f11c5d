"""Patience with a venue that does not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ports.errors import Transient

T = TypeVar("T")


async def retried(
    read: Callable[[], Awaitable[T]],
    pauses_s: Sequence[float],
    failed: Callable[[Transient], None] = lambda _: None,
) -> T:
    """The result of `read`, tried again after each pause; the last `Transient` is raised.

    A venue that names its own pause (`retry_after_s`) gets at least that. `failed` hears of every
    failure that is tried again.
    """
    for pause_s in pauses_s:
        try:
            return await read()
        except Transient as error:
            failed(error)
            await asyncio.sleep(max(pause_s, error.retry_after_s or 0.0))
    return await read()


class Backoff:
    """Pauses that double from `first_s` to `longest_s` until a success resets them."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    async def wait(self, error: Transient) -> None:
        """Sleep before the next try; at least as long as the venue asked for."""
        pause_s = max(self._next_s, error.retry_after_s or 0.0)
        self._next_s = min(self._next_s * 2, self._longest_s)
        await asyncio.sleep(pause_s)

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._next_s = self._first_s
