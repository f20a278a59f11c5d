"""Long polling: offsets, waiting, one reader at a time."""

import asyncio

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError

from tests.build.telegram import ANNA, TelegramDesk


async def until(desk: TelegramDesk) -> None:
    """Wait for a reader to wait."""
    while not desk.twin.updates.is_being_read:
        await asyncio.sleep(0.001)


async def test_an_update_stays_until_a_higher_offset_confirms_it(desk: TelegramDesk) -> None:
    await desk.say("anna", "one")
    await desk.say("anna", "two")
    first = await desk.bot.get_updates()
    assert await desk.bot.get_updates() == first
    (left,) = await desk.bot.get_updates(offset=first[0].update_id + 1)
    assert left.message is not None
    assert left.message.text == "two"
    assert await desk.bot.get_updates(offset=left.update_id + 1) == []


async def test_a_batch_is_limited(desk: TelegramDesk) -> None:
    for number in range(3):
        await desk.say("anna", str(number))
    assert len(await desk.bot.get_updates(limit=2)) == 2
    assert len(await desk.bot.get_updates(limit=1000)) == 3


async def test_a_negative_offset_keeps_only_the_newest(desk: TelegramDesk) -> None:
    for number in range(3):
        await desk.say("anna", str(number))
    (newest,) = await desk.bot.get_updates(offset=-1)
    assert newest.message is not None
    assert newest.message.text == "2"
    assert await desk.bot.get_updates() == [newest]


async def test_polling_waits_for_an_update(desk: TelegramDesk) -> None:
    waiting = asyncio.create_task(desk.bot.get_updates(timeout=30))
    await until(desk)
    await desk.say("anna", "hello")
    (update,) = await waiting
    assert update.message is not None
    assert update.message.text == "hello"


async def test_polling_ends_empty_after_its_timeout(desk: TelegramDesk) -> None:
    assert await desk.bot.get_updates(timeout=1) == []
    assert not desk.twin.updates.is_being_read


async def test_a_second_reader_ends_the_first_with_a_conflict(desk: TelegramDesk) -> None:
    first = asyncio.create_task(desk.bot.get_updates(timeout=30))
    await until(desk)
    second = asyncio.create_task(desk.bot.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await first
    await desk.say("anna", "hello")
    assert len(await second) == 1


async def test_only_the_kinds_asked_for_are_queued(desk: TelegramDesk) -> None:
    await desk.bot.get_updates(allowed_updates=["callback_query"])
    await desk.say("anna", "lost")
    assert await desk.bot.get_updates() == []
    assert (await desk.bot.get_webhook_info()).allowed_updates == ["callback_query"]
    await desk.bot.get_updates(allowed_updates=["message"])
    await desk.say("anna", "kept")
    assert len(await desk.bot.get_updates()) == 1


async def test_broken_allowed_updates_are_refused(desk: TelegramDesk) -> None:
    status, answer = await desk.call("getUpdates", json={"allowed_updates": "[5"})
    assert (status, answer["error_code"]) == (400, 400)
    status, answer = await desk.call("getUpdates", json={"allowed_updates": [5]})
    assert status == 400


async def test_pending_updates_are_counted_and_may_be_dropped(desk: TelegramDesk) -> None:
    await desk.say("anna", "one")
    assert (await desk.bot.get_webhook_info()).pending_update_count == 1
    await desk.bot.delete_webhook()
    assert len(await desk.bot.get_updates()) == 1
    await desk.bot.delete_webhook(drop_pending_updates=True)
    assert await desk.bot.get_updates() == []


async def test_the_first_poll_is_noticed(desk: TelegramDesk) -> None:
    assert not desk.twin.polling_started.is_set()
    assert not desk.twin.is_polling
    await desk.bot.get_updates()
    assert desk.twin.polling_started.is_set()
    assert desk.twin.is_polling


async def test_a_message_update_is_as_telegram_sends_it(desk: TelegramDesk) -> None:
    await desk.say("anna", "/price btc")
    _, answer = await desk.call("getUpdates")
    (update,) = answer["result"]
    message = update["message"]
    assert message["from"] == {
        "id": ANNA,
        "is_bot": False,
        "first_name": "Anna",
        "username": "anna_sandbox",
        "language_code": "en",
    }
    assert message["chat"]["type"] == "private"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_numbers_that_are_none_are_refused(desk: TelegramDesk) -> None:
    status, answer = await desk.call("getUpdates", data={"offset": "x"})
    assert (status, answer["description"]) == (400, 'Bad Request: field "offset" must be a valid Number')
    with pytest.raises(TelegramBadRequest, match="invalid user_id specified"):
        await desk.bot.get_chat_member(ANNA, 5)
