"""The picture of a signal: its candles with the zone, the stop and the targets."""

from collections.abc import Awaitable, Callable

from engines.core.timeframe import Timeframe
from engines.signals.signal import Signal
from handlers.ui.request import Services
from handlers.ui.signal_card import levels_of, zone_of
from ports.charts import Theme
from ports.people import Person
from services.speech import Speech


async def signal_picture(
    services: Services, say: Speech, theme: Theme, signal: Signal, timeframe: Timeframe | None = None
) -> bytes:
    """Draw it, on its own timeframe unless another is named. Raises `Transient`, `Refused("no_candles")`."""
    picture = await services.pictures.candles(
        signal.proposal.instrument,
        timeframe or signal.proposal.timeframe,
        theme=theme,
        speech=say,
        levels=levels_of(say, signal),
        entry_zone=zone_of(signal.proposal),
    )
    return picture.png


def card_picture_of(services: Callable[[], Services]) -> Callable[[Signal, Person], Awaitable[bytes]]:
    """The picture of living cards; services come late because signals are one of them."""

    async def picture(signal: Signal, person: Person) -> bytes:
        say = services().rendering.speech(person.language, person.zone)
        return await signal_picture(services(), say, person.theme, signal)

    return picture
