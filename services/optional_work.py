"""Work that can wait while the machine is short of breath."""

import asyncio
from dataclasses import dataclass, field

from ports.errors import Refused


@dataclass(slots=True, repr=False)
class OptionalWork:
    """Charts, the screen of the day, filling up history: done, unless they are shed."""

    is_shed: bool = False
    _may: asyncio.Event = field(default_factory=asyncio.Event)

    def shed(self) -> None:
        """Let it wait."""
        self.is_shed = True
        self._may.clear()

    def take_up(self) -> None:
        """Let it go on."""
        self.is_shed = False
        self._may.set()

    async def turn(self) -> None:
        """Wait while it is shed."""
        while self.is_shed:
            await self._may.wait()

    def check(self) -> None:
        """For what somebody waits for. Raises `Refused` with `busy` while it is shed."""
        if self.is_shed:
            raise Refused("busy")
