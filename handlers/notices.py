"""Pushes that nobody's tap asked for: news of the desk itself, and the daily summary."""

from datetime import date, timedelta

from handlers.ui.admins import admin_chats
from handlers.ui.request import Services
from handlers.ui.summary_view import summary_screen
from ports.messages import OutboundMessage, Priority, Screen
from ports.people import Noise, Person, Role
from services.feed_alarm import FeedNews

LASTS = timedelta(hours=12)


async def telegram_returned(services: Services, away_s: float) -> None:
    """Telegram was out of reach: say for how long, so that silence is explained."""
    now = services.clock.wire_now()
    for chat_id, say in admin_chats(services):
        html = say.render("telegram_returned.html", away=say.age(away_s))
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=html),
                priority=Priority.DIGEST,
                dedupe=f"telegram-returned:{chat_id}:{now.isoformat()}",
                created_at=now,
                expires_at=now + LASTS,
                is_silent=True,
            )
        )


async def feed_changed(services: Services, news: FeedNews) -> None:
    """A feed is silent for long, or back: to everybody who wants to hear that."""
    now = services.clock.wire_now()
    for person in services.people.all():
        wants = person.noise is news.noise and person.role.covers(Role.VIEWER)
        if not (wants and person.is_onboarded and person.is_reachable):
            continue
        say = services.rendering.speech(person.language, person.zone)
        html = say.render(
            "feed_changed.html", feed=news.feed, is_back=news.is_back, away=say.age(news.away_s)
        )
        state = "back" if news.is_back else "gone"
        await services.outbox.push(
            OutboundMessage(
                chat_id=person.id,
                screen=Screen(html=html),
                priority=Priority.DIGEST,
                dedupe=f"feed-{state}:{news.feed.name}:{news.since.isoformat()}:{person.id}",
                created_at=now,
                expires_at=now + LASTS,
                is_silent=news.is_back,
            )
        )


async def daily_summary(services: Services, person: Person, day: date) -> None:
    """The summary of a local day; the same day is pushed once."""
    now = services.clock.wire_now()
    await services.outbox.push(
        OutboundMessage(
            chat_id=person.id,
            screen=await summary_screen(services, person, day),
            priority=Priority.DIGEST,
            dedupe=f"summary:{person.id}:{day.isoformat()}",
            created_at=now,
            expires_at=now + LASTS,
            is_silent=person.noise is Noise.QUIET,
        )
    )
