"""Flood control with Telegram's numbers."""

import pytest
from aiogram.exceptions import TelegramRetryAfter

from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import Limits, LimitSettings
from tests.build.telegram import ANNA, GROUP, TelegramDesk


class Time:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def refusals(limits: Limits, chat: int, times: int) -> list[int | None]:
    """What each of some sends in a row is told: `None` or the seconds to wait."""
    told: list[int | None] = []
    for _ in range(times):
        try:
            limits.spend(chat)
            told.append(None)
        except ApiError as error:
            told.append(error.retry_after_s)
    return told


def test_nothing_is_limited_until_switched_on() -> None:
    assert refusals(Limits(Time()), 1, 1000) == [None] * 1000


def test_a_chat_takes_a_small_burst_then_one_a_second() -> None:
    time = Time()
    limits = Limits(time)
    limits.is_on = True
    assert refusals(limits, 1, 5) == [None, None, None, 1, 1]
    time.s += 1
    assert refusals(limits, 1, 2) == [None, 1]
    assert refusals(limits, 2, 1) == [None]


def test_a_group_takes_twenty_a_minute() -> None:
    time = Time()
    limits = Limits(time)
    limits.is_on = True
    for _ in range(20):
        assert refusals(limits, -1, 1) == [None]
        time.s += 1
    assert refusals(limits, -1, 1) == [40]
    time.s += 40
    assert refusals(limits, -1, 1) == [None]


def test_all_chats_together_take_thirty_a_second() -> None:
    time = Time()
    limits = Limits(time, LimitSettings(overall_per_s=30))
    limits.is_on = True
    assert [refusals(limits, chat, 1) for chat in range(1, 32)] == [[None]] * 30 + [[1]]
    time.s += 1
    assert refusals(limits, 31, 1) == [None]


async def test_the_client_learns_how_long_to_wait(desk: TelegramDesk) -> None:
    desk.twin.limits.is_on = True
    sent = [await desk.bot.send_message(ANNA, str(number)) for number in range(3)]
    with pytest.raises(TelegramRetryAfter) as refused:
        await desk.bot.send_message(ANNA, "too much")
    assert refused.value.retry_after == 1
    with pytest.raises(TelegramRetryAfter):
        await desk.bot.edit_message_text("too much", chat_id=ANNA, message_id=sent[0].message_id)
    await desk.bot.send_message(GROUP, "another chat")
