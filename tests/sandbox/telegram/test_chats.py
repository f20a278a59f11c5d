"""Chats, members, pins, taps and what the bot says about itself."""

import asyncio

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    ChatMemberAdministrator,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberOwner,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    MenuButtonDefault,
)

from sandbox.telegram.callbacks import ANSWERABLE_MS, Answer, Callbacks
from tests.build.telegram import ANNA, GROUP, SAM, TOM, VERA, TelegramDesk

BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Go", callback_data="go"),
            InlineKeyboardButton(text="Web", url="https://a.b"),
        ]
    ]
)


async def test_a_tap_reaches_the_bot_and_its_answer_the_person(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "x", reply_markup=BUTTONS)
    tapping = asyncio.create_task(
        desk.post("/users/anna/taps", chat=ANNA, message=sent.message_id, button="Go")
    )
    (update,) = await desk.bot.get_updates(timeout=10)
    query = update.callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("go", ANNA)
    assert query.chat_instance
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    assert await desk.bot.answer_callback_query(query.id, text="done", show_alert=True)
    assert await tapping == (200, {"answer": {"text": "done", "show_alert": True}})
    assert desk.audience.events[-1] == {"type": "answer", "user": ANNA, "text": "done", "show_alert": True}
    assert await desk.bot.answer_callback_query(query.id, text="again")


async def test_a_stranger_may_tap_a_forwarded_button(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "x", reply_markup=BUTTONS)
    tapping = asyncio.create_task(
        desk.post("/users/sam/taps", chat=ANNA, message=sent.message_id, button="go")
    )
    (update,) = await desk.bot.get_updates(timeout=10)
    assert update.callback_query is not None
    assert update.callback_query.from_user.id == SAM
    await desk.bot.answer_callback_query(update.callback_query.id)
    assert await tapping == (200, {"answer": {"text": "", "show_alert": False}})


async def test_a_tap_without_an_answer_ends(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "x", reply_markup=BUTTONS)
    where = {"chat": ANNA, "message": sent.message_id, "wait_s": 0}
    assert await desk.post("/users/anna/taps", button="Go", **where) == (200, {"answer": None})
    assert await desk.post("/users/anna/taps", button="Web", **where) == (200, {"answer": None})
    assert len(await desk.bot.get_updates()) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [({"button": "None"}, 404), ({"message": 99}, 404), ({"chat": 99}, 404), ({"chat": None}, 400)],
)
async def test_taps_on_nothing(desk: TelegramDesk, change: dict[str, object], status: int) -> None:
    sent = await desk.bot.send_message(ANNA, "x", reply_markup=BUTTONS)
    body = {"chat": ANNA, "message": sent.message_id, "button": "Go"} | change
    assert (await desk.post("/users/anna/taps", **body))[0] == status


async def test_unknown_callbacks_are_refused(desk: TelegramDesk) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await desk.bot.answer_callback_query("5")
    assert refused.value.message == (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
        await desk.bot.answer_callback_query("5", text="x" * 201)


async def test_callbacks_expire() -> None:
    now = [1_000_000]
    callbacks = Callbacks(lambda: now[0])
    query_id, _ = callbacks.open(ANNA)
    now[0] += ANSWERABLE_MS + 1
    assert callbacks.answer(query_id, Answer("", show_alert=False)) is None


async def test_a_waiting_tap_is_let_go_when_the_world_ends(desk: TelegramDesk) -> None:
    _, answered = desk.twin.callbacks.open(ANNA)
    desk.twin.release()
    assert await answered is None


async def test_pins_stack_and_are_taken_away(desk: TelegramDesk) -> None:
    first = (await desk.bot.send_message(GROUP, "1")).message_id
    second = (await desk.bot.send_message(GROUP, "2")).message_id
    for message_id in (first, second, first):
        await desk.bot.pin_chat_message(GROUP, message_id)
    chat = await desk.bot.get_chat(GROUP)
    assert chat.pinned_message is not None
    assert chat.pinned_message.message_id == first
    await desk.bot.unpin_chat_message(GROUP)
    assert [message["pinned"] for message in await desk.messages(GROUP)] == [False, True]
    await desk.bot.unpin_chat_message(GROUP, message_id=second)
    with pytest.raises(TelegramBadRequest, match="message to unpin not found"):
        await desk.bot.unpin_chat_message(GROUP)
    await desk.bot.pin_chat_message(GROUP, second)
    await desk.bot.unpin_all_chat_messages(GROUP)
    with pytest.raises(TelegramBadRequest, match="message to pin not found"):
        await desk.bot.pin_chat_message(GROUP, 99)
    told = [event["message"] for event in desk.audience.events if event["type"] == "pin"]
    assert told == [first, second, first, second, None, second, None]


async def test_chats_are_described(desk: TelegramDesk) -> None:
    group, private = await desk.bot.get_chat(GROUP), await desk.bot.get_chat(ANNA)
    assert (group.type, group.title) == ("supergroup", "Desk admins")
    assert (private.type, private.first_name, private.username) == ("private", "Anna", "anna_sandbox")
    assert await desk.bot.get_chat_member_count(GROUP) == 3


async def test_members_have_their_status(desk: TelegramDesk) -> None:
    assert isinstance(await desk.bot.get_chat_member(GROUP, ANNA), ChatMemberOwner)
    assert isinstance(await desk.bot.get_chat_member(GROUP, TOM), ChatMemberMember)
    assert isinstance(await desk.bot.get_chat_member(GROUP, VERA), ChatMemberLeft)
    assert isinstance(await desk.bot.get_chat_member(GROUP, desk.bot.id), ChatMemberAdministrator)
    assert isinstance(await desk.bot.get_chat_member(ANNA, ANNA), ChatMemberMember)
    assert [type(member) for member in await desk.bot.get_chat_administrators(GROUP)] == [
        ChatMemberOwner,
        ChatMemberAdministrator,
    ]
    with pytest.raises(TelegramBadRequest, match="there are no administrators in the private chat"):
        await desk.bot.get_chat_administrators(ANNA)


async def test_chat_actions_are_shown(desk: TelegramDesk) -> None:
    await desk.bot.send_chat_action(ANNA, "upload_photo")
    assert desk.audience.events == [{"type": "action", "chat": ANNA, "action": "upload_photo"}]
    with pytest.raises(TelegramBadRequest, match="wrong parameter action in request"):
        await desk.bot.send_chat_action(ANNA, "dancing")


async def test_commands_are_kept_by_scope_and_language(desk: TelegramDesk) -> None:
    def commands(text: str) -> list[BotCommand]:
        return [BotCommand(command="help", description=text)]

    bot = desk.bot
    await bot.set_my_commands(commands("Help"))
    await bot.set_my_commands(commands("Помощь"), language_code="ru")
    await bot.set_my_commands(commands("Private"), scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands(commands("Anna"), scope=BotCommandScopeChat(chat_id=ANNA))
    member = BotCommandScopeChatMember(chat_id=GROUP, user_id=TOM)
    await bot.set_my_commands(commands("Tom"), scope=member)
    assert [c.description for c in await bot.get_my_commands(language_code="ru")] == ["Помощь"]
    assert [c.description for c in await bot.get_my_commands(scope=member)] == ["Tom"]
    assert await bot.get_my_commands(language_code="de") == []
    shown = desk.twin.bot_view()["commands"]
    assert [(item["scope"], item["language_code"]) for item in shown] == [
        ({"type": "default"}, ""),
        ({"type": "default"}, "ru"),
        ({"type": "all_private_chats"}, ""),
        ({"type": "chat", "chat_id": ANNA}, ""),
        ({"type": "chat_member", "chat_id": GROUP, "user_id": TOM}, ""),
    ]
    await bot.delete_my_commands(language_code="ru")
    assert await bot.get_my_commands(language_code="ru") == []
    assert "commands" in desk.audience.kinds()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"commands": [{"command": "Upper", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "x", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": [{"description": "x"}]}, "can't parse BotCommand: Can't find field \"command\""),
        ({"commands": [{"command": "x", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": 5}, "expected an Array of BotCommand"),
        ({"commands": [], "language_code": "english"}, "invalid language code specified"),
        ({"commands": [], "scope": {"type": "x"}}, "can't parse BotCommandScope: Unsupported type specified"),
        ({"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
    ],
)
async def test_commands_telegram_does_not_take(
    desk: TelegramDesk, body: dict[str, object], reason: str
) -> None:
    status, answer = await desk.call("setMyCommands", json=body)
    assert (status, answer["description"]) == (400, f"Bad Request: {reason}")


async def test_descriptions_and_names(desk: TelegramDesk) -> None:
    bot = desk.bot
    assert (await bot.get_my_name()).name == "Perpetuum"
    await bot.set_my_name("Desk")
    await bot.set_my_description("A desk")
    await bot.set_my_description("Стол", language_code="ru")
    await bot.set_my_short_description("Short")
    assert (await bot.get_my_name()).name == "Desk"
    assert (await bot.get_my_description(language_code="ru")).description == "Стол"
    assert (await bot.get_my_description(language_code="de")).description == "A desk"
    await bot.set_my_description("", language_code="ru")
    assert (await bot.get_my_description(language_code="ru")).description == "A desk"
    assert (await bot.get_my_short_description()).short_description == "Short"
    with pytest.raises(TelegramBadRequest, match="BOT_SHORT_DESCRIPTION_TOO_LONG"):
        await bot.set_my_short_description("x" * 121)


async def test_the_menu_button_is_kept_by_chat(desk: TelegramDesk) -> None:
    assert isinstance(await desk.bot.get_chat_menu_button(), MenuButtonCommands)
    await desk.bot.set_chat_menu_button(chat_id=ANNA, menu_button=MenuButtonDefault())
    assert isinstance(await desk.bot.get_chat_menu_button(chat_id=ANNA), MenuButtonDefault)
    assert isinstance(await desk.bot.get_chat_menu_button(), MenuButtonCommands)
    status, answer = await desk.call("setChatMenuButton", json={"menu_button": {"type": "x"}})
    assert (status, answer["error_code"]) == (400, 400)
