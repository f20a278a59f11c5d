"""Admins hear of what ails the desk itself: backups, load, old keys."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from handlers.ui.admins import admin_chats
from handlers.ui.engine_words import ACCOUNTS
from handlers.ui.request import Services
from ports.messages import OutboundMessage, Priority, Screen
from services.keys import KeyAge
from services.watchdog import LoadNews

Own = Callable[[], Services]
LASTS = timedelta(hours=12)


def backup_news_of(services: Own) -> Callable[[str | None], Awaitable[None]]:
    """Tells that no backup can be made and why, or with `None` that one can again."""

    async def tell(problem: str | None) -> None:
        await _push(services(), "backup", "fine" if problem is None else "failed", problem=problem)

    return tell


def load_news_of(services: Own) -> Callable[[LoadNews], Awaitable[None]]:
    """Tells how the machine bears the desk."""

    async def tell(news: LoadNews) -> None:
        cpu, memory_mb = round(news.load.cpu * 100), news.load.memory_bytes >> 20
        await _push(services(), "load", news.strain, strain=news.strain.value, cpu=cpu, memory_mb=memory_mb)

    return tell


def key_news_of(services: Own) -> Callable[[KeyAge], Awaitable[None]]:
    """Reminds of a key that should be replaced."""

    async def tell(key: KeyAge) -> None:
        days = None if key.age is None or not key.is_old else key.age.days
        name = ACCOUNTS.get(key.account, key.account)
        await _push(services(), "key", key.account, account=name, days=days, is_bound=key.is_bound_to_ip)

    return tell


async def _push(services: Services, what: str, state: str, **values: object) -> None:
    now = services.clock.wire_now()
    for chat_id, say in admin_chats(services):
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=say.render("upkeep.html", what=what, **values)),
                priority=Priority.DIGEST,
                dedupe=f"upkeep:{what}:{state}:{now.isoformat()}:{chat_id}",
                created_at=now,
                expires_at=now + LASTS,
            )
        )
