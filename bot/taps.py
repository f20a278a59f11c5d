"""Acknowledging a tap, so that the button stops waiting."""

import structlog
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.types import CallbackQuery

log = structlog.get_logger()


async def acknowledge(
    bot: Bot, query: CallbackQuery, text: str | None = None, *, is_alert: bool = False
) -> None:
    """Answer the query, with a toast or an alert where there is text; a refusal is only logged."""
    try:
        await bot.answer_callback_query(query.id, text=text, show_alert=is_alert)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.info("tap_not_acknowledged", error=str(error)[:120])
