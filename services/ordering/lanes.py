"""Work that is due, in lanes: what is slow or fails in one of them holds up no other."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

import structlog

from ports.errors import DeskError, Fatal

log = structlog.get_logger()

AT_ONCE: Final = 8
"""Pieces of work at the same time in one lane; the others wait in the order in which they came."""
AGAIN_S: Final = 1.0
"""Real seconds until what is not done is looked at again."""

_OF_ONE = (DeskError, ArithmeticError, LookupError, ValueError)

Item = TypeVar("Item", bound=Hashable)


class Lanes(Generic[Item]):
    """Does `work` for every item that was `put`, at most once at a time for each. `lane_of` says where it
    belongs: a venue account. What answers `False` or fails is due again a second later."""

    def __init__(self, work: Callable[[Item], Awaitable[bool]], lane_of: Callable[[Item], str]) -> None:
        self._work = work
        self._lane_of = lane_of
        self._due: dict[Item, None] = {}
        self._busy: set[Item] = set()
        self._later: set[Item] = set()
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._wake = asyncio.Event()

    def put(self, item: Item) -> None:
        """It is due, also when it is being worked on: then once more."""
        self._due[item] = None
        self._wake.set()

    async def run(self) -> None:
        """Endless: work off what is due."""
        self._busy.clear()  # of a run that was stopped
        async with asyncio.TaskGroup() as working:
            while True:
                self._wake.clear()
                for item in [one for one in self._due if one not in self._busy]:
                    del self._due[item]
                    self._busy.add(item)
                    working.create_task(self._one(item), name=f"{self._lane_of(item)} {item}")
                await self._wake.wait()

    async def _one(self, item: Item) -> None:
        try:
            async with self._slots.setdefault(self._lane_of(item), asyncio.Semaphore(AT_ONCE)):
                is_done = await self._surely(item)
        finally:
            self._busy.discard(item)
            self._wake.set()
        if not is_done and item not in self._later:
            self._later.add(item)
            asyncio.get_running_loop().call_later(AGAIN_S, self._put_again, item)

    async def _surely(self, item: Item) -> bool:
        try:
            return await self._work(item)
        except Fatal:
            raise
        except _OF_ONE as error:
            log.error("work_failed", item=item, error=f"{type(error).__name__}: {error}")
            return False

    def _put_again(self, item: Item) -> None:
        self._later.discard(item)
        self.put(item)
