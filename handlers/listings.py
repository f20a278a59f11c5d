"""News of markets that the venue has just listed."""

from collections.abc import Iterator
from datetime import timedelta

from engines.core.instrument import Instrument
from handlers.ui.keyboards import button, rows
from handlers.ui.request import Services
from ports.messages import Button, OutboundMessage, Priority, Screen, Style
from ports.people import Noise, Person, Role
from services.listings import NewMarkets
from services.speech import Speech

LASTS = timedelta(hours=12)
MOST_BUTTONS = 12


async def listed(services: Services, news: NewMarkets) -> None:
    """To everybody who does not want it quiet: a message a market, or one of all; the same is pushed once."""
    now = services.clock.wire_now()
    for person in services.people.all():
        wants = person.noise is not Noise.QUIET and person.role.covers(Role.VIEWER)
        if not (wants and person.is_onboarded and person.is_reachable):
            continue
        for name, screen in _screens(services, person, news):
            await services.outbox.push(
                OutboundMessage(
                    chat_id=person.id,
                    screen=screen,
                    priority=Priority.DIGEST,
                    dedupe=f"listing:{name}:{news.found_at.isoformat()}:{person.id}",
                    created_at=now,
                    expires_at=now + LASTS,
                    is_silent=person.noise is Noise.NORMAL,
                )
            )


def _screens(services: Services, person: Person, news: NewMarkets) -> Iterator[tuple[str, Screen]]:
    """Every message with a name for it."""
    say = services.rendering.speech(person.language, person.zone)
    if news.is_summary:
        yield "all", _several(services, say, news)
        return
    for instrument in news.instruments:
        yield instrument.symbol, _one(services, say, person, news, instrument)


def _one(services: Services, say: Speech, person: Person, news: NewMarkets, instrument: Instrument) -> Screen:
    html = say.render(
        "new_market.html",
        instrument=instrument,
        quote=news.quotes.get(instrument.symbol),
        venue=services.markets.venue.capitalize(),
        found=say.time(news.found_at),
    )
    ways: list[Button] = [
        button(say("Chart"), "ch", instrument.symbol, "5m", style=Style.PRIMARY),
        button(say("Watch"), "w+", instrument.symbol),
    ]
    if person.role.covers(Role.TRADER):
        ways.append(button(say("Trade"), "tr", instrument.symbol))
    return Screen(html=html, keyboard=rows(ways))


def _several(services: Services, say: Speech, news: NewMarkets) -> Screen:
    shown = news.instruments[:MOST_BUTTONS]
    html = say.render(
        "new_markets.html",
        instruments=news.instruments,
        quotes=[quote for one in news.instruments if (quote := news.quotes.get(one.symbol))],
        venue=services.markets.venue.capitalize(),
        found=say.time(news.found_at),
    )
    return Screen(html=html, keyboard=rows(button(one.base, "px", one.symbol) for one in shown))
