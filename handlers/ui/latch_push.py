"""Admins hear of every latch that is pulled or released, before everything else."""

from collections.abc import Awaitable, Callable

from handlers.ui.admins import admin_chats
from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_view
from handlers.ui.request import Services
from ports.messages import OutboundMessage, Priority, Screen
from services.latches import LatchNews


def latch_news_of(services: Callable[[], Services]) -> Callable[[LatchNews], Awaitable[None]]:
    """What tells admins; services come late because latches are one of them."""

    async def tell(news: LatchNews) -> None:
        await push_latch(services(), news)

    return tell


async def push_latch(services: Services, news: LatchNews) -> None:
    """One push an admin chat and event; none where the answer of whoever did it stands."""
    latch, by = news.latch, None if news.by is None else services.people.get(news.by)
    state = f"L{int(latch.level)}" if news.is_pulled else "over"
    for chat_id, say in admin_chats(services):
        if chat_id == news.seen_in:
            continue
        html = say.render(
            "latch_news.html",
            is_pulled=news.is_pulled,
            one=latch_view(latch, services, say),
            by=by.name if by else None,
        )
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=html, keyboard=((button(say("Latches"), "kl"),),)),
                priority=Priority.KILL,
                dedupe=f"latch:{latch.id}:{latch.pulled_at.isoformat()}:{state}:{chat_id}",
                created_at=news.at,
            )
        )
