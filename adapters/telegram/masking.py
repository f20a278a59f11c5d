"""No secret leaves in a message: what is said is looked through before it is sent."""

from collections.abc import Callable
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from pydantic import BaseModel

Mask = Callable[[str], str]

_SAID = ("text", "caption", "html", "reply_markup")
_INSIDE = ("rich_message", "media")


class Masking(BaseRequestMiddleware):
    """Lets `mask` take the secrets out of everything that people would read: texts, captions, rich messages
    and the buttons under them."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        changes = _masked(method, self._mask)
        return await make_request(bot, method.model_copy(update=changes) if changes else method)


def _masked(said: BaseModel, mask: Mask) -> dict[str, Any]:
    """The fields that had a secret in them, without it."""
    changes: dict[str, Any] = {}
    for name in _SAID:
        value = getattr(said, name, None)
        if isinstance(value, str) and (safe := mask(value)) != value:
            changes[name] = safe
    for name in _INSIDE:
        inner = getattr(said, name, None)
        if isinstance(inner, BaseModel) and (safer := _masked(inner, mask)):
            changes[name] = inner.model_copy(update=safer)
    return changes
