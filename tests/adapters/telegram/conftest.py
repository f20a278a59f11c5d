"""The road to a Telegram twin on loopback; log lines are caught, not printed."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.telegram.limits import Limiter, Rates
from adapters.telegram.messenger import TelegramMessenger
from adapters.telegram.outbound import Outbound
from ports.messages import Priority, Screen, SentMessage
from tests.build.telegram import ANNA, TelegramDesk, telegram_desk


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """The events logged so far."""
    with capture_logs() as events:
        yield events


@dataclass(frozen=True, slots=True)
class Road:
    """A messenger over limits that never wait, a bot, and the twin at its end."""

    desk: TelegramDesk
    outbound: Outbound
    messenger: TelegramMessenger

    async def send(self, html: str = "hello", chat: int = ANNA, **fields: Any) -> SentMessage:
        priority = fields.pop("priority", Priority.ANSWER)
        return await self.messenger.send(chat, Screen(html=html, **fields), priority=priority)

    async def shown(self, chat: int = ANNA) -> list[dict[str, Any]]:
        """What the bot's messages in a chat look like now."""
        return [message for message in await self.desk.messages(chat) if message["sender"] == "bot"]

    def asked(self, method: str) -> int:
        """How often the bot asked for a method."""
        return sum(name == method for name, _ in self.desk.session.requests)


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    async with telegram_desk() as desk:
        rates = Rates(overall_per_s=1e5, chat_per_s=1e5, chat_burst=1000, group_per_min=1e6)
        outbound = Outbound(Limiter(rates), patience_s=5)
        desk.session.middleware(outbound)
        yield Road(desk, outbound, TelegramMessenger(desk.bot))
