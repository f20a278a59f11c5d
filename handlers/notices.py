"""Pushes about the desk itself, to the admin chat or to each admin."""

from datetime import timedelta

from handlers.ui.admins import admin_chats
from handlers.ui.request import Services
from ports.messages import OutboundMessage, Priority, Screen


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
                expires_at=now + timedelta(hours=12),
                is_silent=True,
            )
        )
