"""A laptop that was closed, a process that was stopped: what people pressed meanwhile is late."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiogram.types import Update

from adapters.telegram.polling import Polling, since_boot_s
from tests.build.telegram import TelegramDesk, telegram_desk

HOUR_S = 3600.0


@dataclass(slots=True)
class ScriptedPolling(Polling):
    """Answers of Telegram in turn, each after so many seconds; cancelled when there are no more."""

    script: list[tuple[float, list[str]]] = field(default_factory=list)
    passed_s: float = 0.0

    async def _fetch(self) -> list[Any]:
        if not self.script:
            raise asyncio.CancelledError
        seconds, texts = self.script.pop(0)
        self.passed_s += seconds
        return [a_message(text) for text in texts]


def a_message(text: str) -> dict[str, Any]:
    person = {"id": 7, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    return {
        "update_id": 1,
        "message": {"message_id": 1, "date": 0, "chat": chat, "from": person, "text": text},
    }


async def heard(desk: TelegramDesk, *script: tuple[float, list[str]]) -> list[tuple[str, bool]]:
    """What was handled of a script, and whether as late."""
    handled: list[tuple[str, bool]] = []

    async def handle(update: Update, is_late: bool) -> None:
        assert update.message is not None
        handled.append((update.message.text or "", is_late))

    polling = ScriptedPolling(desk.bot, handle, timeout_s=25, script=list(script))
    polling.since_boot = lambda: polling.passed_s
    with pytest.raises(asyncio.CancelledError):
        await polling.run()
    return handled


async def test_what_came_while_we_slept_is_late_and_what_comes_after_is_not() -> None:
    async with telegram_desk() as desk:
        assert await heard(desk, (0, []), (HOUR_S, ["sell"]), (0, []), (25, ["btc"])) == [
            ("sell", True),
            ("btc", False),
        ]


async def test_an_empty_answer_from_before_the_sleep_says_nothing_of_what_came_in_it() -> None:
    async with telegram_desk() as desk:
        assert await heard(desk, (0, []), (HOUR_S, []), (0, ["sell"]), (0, [])) == [("sell", True)]


async def test_a_quiet_evening_is_no_sleep() -> None:
    async with telegram_desk() as desk:
        assert await heard(desk, (0, []), (25, []), (35, []), (25, ["btc"])) == [("btc", False)]


def test_the_clock_goes_on() -> None:
    assert since_boot_s() <= since_boot_s()
