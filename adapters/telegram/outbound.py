"""The one road out to Telegram: a session middleware, so that no call goes around limits and retries."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from math import ceil

import structlog
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from adapters.telegram.limits import Limiter
from ports.messages import Priority

log = structlog.get_logger()

PRIORITY: ContextVar[Priority] = ContextVar("priority", default=Priority.ANSWER)
"""Priority of the message being sent by the current task."""


@dataclass(slots=True)
class Outbound(BaseRequestMiddleware):
    """Takes every message through the limiter and retries what can be retried.

    Answers are retried for `patience_s` while Telegram is out of reach; pushes are tried once, because the
    outbox keeps them. A wait that the server asks for is kept, unless it is longer than `patience_s`.
    """

    limiter: Limiter
    patience_s: float = 120.0
    monotonic: Callable[[], float] = time.monotonic
    given_up: int = 0
    """Messages not delivered since the start; pushes among them are tried again by the outbox."""

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        chat_id = getattr(method, "chat_id", None)
        name = method.__api_method__
        if not isinstance(chat_id, int) or not name.startswith(("send", "edit")) or name == "sendChatAction":
            return await make_request(bot, method)
        priority = PRIORITY.get()
        give_up_at = self.monotonic() + (self.patience_s if priority <= Priority.ANSWER else 0)
        pause = 0.5
        while True:
            self._check_pause(method, chat_id)
            await self.limiter.turn(chat_id, priority)
            try:
                response = await make_request(bot, method)
            except TelegramRetryAfter as error:
                log.warning("telegram_asks_to_wait", seconds=error.retry_after, chat=chat_id)
                self.limiter.pause(chat_id, error.retry_after)
            except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
                log.warning("telegram_send_failed", error=f"{type(error).__name__}: {error}"[:200])
                if self.monotonic() + pause > give_up_at:
                    self.given_up += 1
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 8.0)
            else:
                return response

    def _check_pause(self, method: TelegramMethod[TelegramType], chat_id: int) -> None:
        paused_s = self.limiter.paused_s(chat_id)
        if paused_s > self.patience_s:
            self.given_up += 1
            raise TelegramRetryAfter(method, "Flood control", retry_after=ceil(paused_s))
