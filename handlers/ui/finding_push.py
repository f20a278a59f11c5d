"""Admins hear of what the road of orders finds at a venue that is not as it should be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from handlers.ui.admins import admin_chats
from handlers.ui.engine_words import account_name
from handlers.ui.request import Services
from ports.messages import OutboundMessage, Priority, Screen
from services.ordering.findings import Finding, Tell

LASTS = timedelta(hours=12)


def finding_of(services: Callable[[], Services]) -> Tell:
    """What tells admins; services come late because orders are among them."""

    async def tell(finding: Finding) -> None:
        await push_finding(services(), finding)

    return tell


async def push_finding(services: Services, finding: Finding) -> None:
    """One push an admin chat and finding; the same again within the hour is not told twice."""
    now = services.clock.wire_now()
    what = ":".join(str(value) for _, value in sorted(finding.params.items()))
    for chat_id, say in admin_chats(services):
        named = replace(finding, account=account_name(finding.account, say))
        html = say.render("finding.html", finding=named)
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=html),
                priority=Priority.APPROVAL,
                dedupe=f"finding:{finding.code}:{finding.account}:{what}:{now:%Y%m%d%H}:{chat_id}"[:200],
                created_at=now,
                expires_at=now + LASTS,
            )
        )
