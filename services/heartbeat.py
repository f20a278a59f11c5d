"""A sign of life for somebody outside: it stops when the desk is not well, and that is what they hear."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ports.errors import Transient
from ports.heartbeat import Beacon

log = structlog.get_logger()

EVERY_S: Final = 60.0


@dataclass(slots=True, repr=False)
class Heartbeat:
    """Lights `beacon` every minute (real time) while `is_well`. A beacon out of reach is nobody's trouble."""

    beacon: Beacon
    is_well: Callable[[], bool]
    every_s: float = EVERY_S

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.beat()
            await asyncio.sleep(self.every_s)

    async def beat(self) -> bool:
        """Once; whether somebody outside heard it."""
        if not self.is_well():
            log.warning("heartbeat_withheld")
            return False
        try:
            await self.beacon.light()
        except Transient as error:
            log.warning("heartbeat_not_heard", error=str(error))
            return False
        return True
