"""Pictures of signals: drawn once for all who see the same, and given up when they take too long."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from engines.signals.signal import Signal
from ports.people import Person
from services.market.flight import SharedFlights

log = structlog.get_logger()

Picture = Callable[[Signal, Person], Awaitable[bytes]]
Look = tuple[int, int, str, str, str]

WITHIN_S = 5.0
"""How long a new signal waits for its picture."""
PATIENCE_S = 30.0
"""How long a change does: words alone cannot take the place of a picture, they would be a message more."""
KEPT = 32


@dataclass(slots=True, repr=False)
class Drawings:
    """The last pictures, by signal, version, language, zone and theme. A drawing that fails, for whatever
    reason, costs a picture and not the card."""

    picture: Picture
    within_s: float = WITHIN_S
    patience_s: float = PATIENCE_S
    _flights: SharedFlights[Look, bytes] = field(default_factory=SharedFlights)
    _drawn: OrderedDict[Look, bytes] = field(default_factory=OrderedDict)

    async def of(self, signal: Signal, person: Person, *, is_new: bool) -> bytes | None:
        """The picture as that person likes it, of a card that `is_new` or changes; `None` when it cannot be
        had in time."""
        look: Look = signal.id, signal.version, person.language, person.zone, person.theme.value
        if look in self._drawn:
            return self._drawn[look]
        drawing = asyncio.create_task(self._flights.share(look, lambda: self._draw(signal, person)))
        done, _ = await asyncio.wait([drawing], timeout=self.within_s if is_new else self.patience_s)
        if not done:
            drawing.cancel()
            log.warning("signal_drawn_too_slowly", what=f"#{signal.id}")
            return None
        if error := drawing.exception():
            log.warning("signal_not_drawn", what=f"#{signal.id}", error=str(error)[:200])
            return None
        png = drawing.result()
        self._keep(look, png)
        return png

    async def close(self) -> None:
        """Give up what is being drawn."""
        await self._flights.close()

    async def _draw(self, signal: Signal, person: Person) -> bytes:
        return await self.picture(signal, person)

    def _keep(self, look: Look, png: bytes) -> None:
        self._drawn[look] = png
        while len(self._drawn) > KEPT:
            self._drawn.popitem(last=False)
