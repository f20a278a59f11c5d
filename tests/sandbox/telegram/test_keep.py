"""A twin that is stopped, or killed, and goes on."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup

from sandbox.telegram.keep import SqliteKeep
from tests.build.telegram import ANNA, GROUP, PNG, TOM, TelegramDesk, telegram_desk

BUTTONS = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def fill(desk: TelegramDesk) -> None:
    """A little of everything."""
    await desk.say("tom", "/start")
    await desk.post("/users/tom", language="ru")
    await desk.post(f"/chats/{GROUP}/members", user="vera")
    sent = await desk.bot.send_message(TOM, "<b>x</b> 😀", reply_markup=BUTTONS)
    await desk.bot.edit_message_text(
        "<i>y</i>", chat_id=TOM, message_id=sent.message_id, reply_markup=BUTTONS
    )
    await desk.bot.send_photo(TOM, BufferedInputFile(PNG, "chart.png"), caption="z")
    await desk.bot.pin_chat_message(TOM, sent.message_id)
    await desk.bot.set_my_commands([BotCommand(command="help", description="Help")])
    await desk.bot.set_my_description("A desk")
    await desk.post("/users", name="Eve")
    await desk.post("/users/tom/taps", chat=TOM, message=sent.message_id, button="Go", wait_s=0)


async def test_everything_comes_back_without_a_proper_end(tmp_path: Path, stack: ExitStack) -> None:
    file = tmp_path / "state" / "sandbox.sqlite3"
    left_open = stack.enter_context(closing(SqliteKeep(file)))
    async with telegram_desk(left_open) as before:
        await fill(before)
        messages, updates = await before.messages(TOM), await before.call("getUpdates")
        chats = {chat.id: chat.members for chat in before.twin.chats}
    async with telegram_desk(stack.enter_context(closing(SqliteKeep(file)))) as after:
        assert await after.messages(TOM) == messages
        assert await after.call("getUpdates") == updates
        assert {chat.id: chat.members for chat in after.twin.chats} == chats
        assert [person.name for person in after.twin.people] == ["Anna", "Tom", "Vera", "Sam", "Eve"]
        assert after.twin.bot_view()["commands"] == before.twin.bot_view()["commands"]
        assert (await after.bot.get_my_description()).description == "A desk"
        async with after.http.get(after.url + messages[-1]["photo"]) as response:
            assert await response.read() == PNG
        query = (await after.updates())[-1].callback_query
        assert query is not None
        assert await after.bot.answer_callback_query(query.id)
        sent = await after.bot.send_message(TOM, "Tom's start is remembered")
        assert sent.message_id > messages[-1]["id"]


async def test_counters_never_go_back(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.sqlite3"
    with closing(SqliteKeep(file)) as keep:
        async with telegram_desk(keep) as before:
            await before.say("anna", "x")
            (update,) = await before.updates()
            last = await before.bot.send_message(ANNA, "y")
            await before.bot.delete_message(ANNA, last.message_id)
    with closing(SqliteKeep(file)) as keep:
        async with telegram_desk(keep) as after:
            assert (await after.say("anna", "z"))["id"] == last.message_id + 1
            (later,) = await after.updates()
            assert later.update_id == update.update_id + 1


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.sqlite3"
    file.write_text("not a database, but long enough to be read as one" * 10)
    with pytest.raises(ValueError, match="cannot be read as the state of a sandbox"):
        SqliteKeep(file)


async def test_the_oldest_messages_go_when_a_chat_is_long(desk: TelegramDesk) -> None:
    chat = desk.twin.chats.get(ANNA)
    assert chat is not None
    desk.twin.chats.max_messages = 3
    sent = [(await desk.bot.send_message(ANNA, str(number))).message_id for number in range(5)]
    assert list(chat.messages) == sent[2:]
