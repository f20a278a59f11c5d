"""Requests as aiogram sends them and answers as the twin gives them, against the official reference."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputRichMessage,
    InputRichMessageMedia,
    KeyboardButton,
    LinkPreviewOptions,
    MenuButtonCommands,
    Message,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from tests.build.bot_api import BotApiReference
from tests.build.telegram import ANNA, GROUP, PNG, TelegramDesk

SMALL = BotApiReference(
    methods={
        "send": {
            "fields": [
                {"name": "chat", "types": ["Integer", "String"], "required": True},
                {"name": "silent", "types": ["Boolean"], "required": False},
                {"name": "count", "types": ["Integer"], "required": False},
                {"name": "rows", "types": ["Array of Array of Button"], "required": False},
                {"name": "media", "types": ["Media"], "required": False},
            ]
        },
        "me": {},
    },
    types={
        "Button": {"fields": [{"name": "text", "types": ["String"], "required": True}]},
        "Media": {"subtypes": ["Button", "Empty"]},
        "Empty": {},
    },
)


@pytest.mark.parametrize(
    ("method", "fields", "complaint"),
    [
        ("send", {"chat": "1", "silent": "true", "rows": '[[{"text": "x"}]]', "media": "{}"}, None),
        ("send", {"chat": "attach://f", "f": b"bytes"}, None),
        ("me", {}, None),
        ("receive", {}, "receive: no such method"),
        ("send", {}, "send: chat is missing"),
        ("send", {"chat": "1", "loud": "true"}, "send: unknown loud"),
        ("send", {"chat": "1", "silent": "5"}, "send: silent is no Boolean: '5'"),
        ("send", {"chat": "1", "count": "true"}, "send: count is no Integer: 'true'"),
        ("send", {"chat": "1", "count": "x"}, "send: count is no Integer: 'x'"),
        ("send", {"chat": "1", "media": '{"x": 1}'}, "send: media is no Media: '{\"x\": 1}'"),
    ],
)
def test_the_checker_sees(method: str, fields: dict[str, Any], complaint: str | None) -> None:
    assert SMALL.complaints(method, fields) == ([complaint] if complaint else [])


@pytest.fixture(scope="session")
def reference(shared_data: Path) -> BotApiReference:
    return BotApiReference.load(shared_data / "telegram" / "bot_api_10.1.json.gz")


async def test_every_request_is_in_the_reference(desk: TelegramDesk, reference: BotApiReference) -> None:
    await _say_everything(desk)
    complaints = [
        complaint
        for method, fields in desk.session.requests
        for complaint in reference.complaints(method, fields)
    ]
    assert complaints == []
    assert len({method for method, _ in desk.session.requests}) >= 25


async def _say_everything(desk: TelegramDesk) -> None:
    bot = desk.bot
    await bot.get_me()
    await bot.delete_webhook(drop_pending_updates=True)
    await bot.get_webhook_info()
    await _describe(desk)
    buttons = [
        InlineKeyboardButton(text="Go", callback_data="go", style="success"),
        InlineKeyboardButton(text="Web", url="https://a.b"),
        InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="x")),
    ]
    sent = await bot.send_message(
        ANNA,
        "x",
        entities=[MessageEntity(type="bold", offset=0, length=1)],
        parse_mode=None,
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[buttons]),
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        protect_content=True,
    )
    await _tap(desk, sent.message_id)
    rows = [[KeyboardButton(text="Price", style="primary")]]
    keyboard = ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, is_persistent=True)
    await bot.send_message(ANNA, "<b>x</b>", reply_markup=keyboard)
    reply = ReplyParameters(message_id=sent.message_id, allow_sending_without_reply=True)
    await bot.send_message(ANNA, "x", reply_markup=ReplyKeyboardRemove(), reply_parameters=reply)
    await bot.edit_message_text("y", chat_id=ANNA, message_id=sent.message_id)
    await bot.edit_message_reply_markup(
        chat_id=ANNA,
        message_id=sent.message_id,
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[buttons]),
    )
    await _send_files(desk)
    await _send_rich(desk)
    await bot.pin_chat_message(ANNA, sent.message_id, disable_notification=True)
    await bot.unpin_chat_message(ANNA, message_id=sent.message_id)
    await bot.unpin_all_chat_messages(ANNA)
    await bot.send_chat_action(ANNA, "typing")
    await bot.get_chat(GROUP)
    await bot.get_chat_member(GROUP, ANNA)
    await bot.get_chat_administrators(GROUP)
    await bot.get_chat_member_count(GROUP)
    await bot.delete_messages(ANNA, [sent.message_id])
    await bot.delete_message(ANNA, sent.message_id + 1)


async def _describe(desk: TelegramDesk) -> None:
    bot = desk.bot
    commands = [BotCommand(command="help", description="Help")]
    await bot.set_my_commands(commands, scope=BotCommandScopeChat(chat_id=ANNA), language_code="ru")
    await bot.get_my_commands()
    await bot.delete_my_commands()
    await bot.set_my_name("Desk")
    await bot.get_my_name()
    await bot.set_my_description("x", language_code="ru")
    await bot.get_my_description()
    await bot.set_my_short_description("x")
    await bot.get_my_short_description()
    await bot.set_chat_menu_button(chat_id=ANNA, menu_button=MenuButtonCommands())
    await bot.get_chat_menu_button()


async def _tap(desk: TelegramDesk, message_id: int) -> None:
    tapping = asyncio.create_task(desk.post("/users/anna/taps", chat=ANNA, message=message_id, button="go"))
    (update,) = await desk.bot.get_updates(timeout=10, limit=5, allowed_updates=["message", "callback_query"])
    assert update.callback_query is not None
    await desk.bot.answer_callback_query(update.callback_query.id, text="x", show_alert=True, cache_time=1)
    await tapping


async def _send_files(desk: TelegramDesk) -> None:
    bot = desk.bot
    picture = BufferedInputFile(PNG, "chart.png")
    photo = await bot.send_photo(ANNA, picture, caption="<b>x</b>", has_spoiler=True)
    await bot.edit_message_caption(chat_id=ANNA, message_id=photo.message_id, caption="y")
    await bot.edit_message_media(
        InputMediaPhoto(media=picture, caption="z"), chat_id=ANNA, message_id=photo.message_id
    )
    await bot.send_document(ANNA, BufferedInputFile(b"x", "x.txt"), disable_content_type_detection=True)
    assert photo.photo is not None
    await bot.get_file(photo.photo[0].file_id)


async def _send_rich(desk: TelegramDesk) -> Message:
    """Every kind of block there is, in a message that began as another."""
    bot = desk.bot
    photo = InputMediaPhoto(media=BufferedInputFile(PNG, "chart.png"))
    rich = InputRichMessage(
        html=RICH, media=[InputRichMessageMedia(id="chart", media=photo)], skip_entity_detection=True
    )
    sent = await bot.send_rich_message(ANNA, InputRichMessage(html="<p>x</p>"), disable_notification=True)
    edited = await bot.edit_message_text(rich_message=rich, chat_id=ANNA, message_id=sent.message_id)
    assert isinstance(edited, Message)
    return edited


RICH = """<h1>a</h1><p><b>b</b><i>i</i><u>u</u><s>s</s><code>c</code><mark>m</mark><sub>1</sub><sup>2</sup>
<tg-spoiler>x</tg-spoiler><a href="https://x.example/">y</a></p><footer>f</footer><hr/><pre>p</pre>
<ul><li>l</li></ul><ol><li>o</li></ol><blockquote>q<cite>w</cite></blockquote><aside>a<cite>w</cite></aside>
<figure><img src="tg://photo?id=chart" tg-spoiler/><figcaption>c<cite>w</cite></figcaption></figure>
<table bordered striped><caption>c</caption><tr><th colspan="2" rowspan="2">h</th><td>d</td></tr></table>
<details open><summary>s</summary>d</details>"""


async def test_a_rich_message_is_shown_as_the_reference_says(
    desk: TelegramDesk, reference: BotApiReference
) -> None:
    edited = await _send_rich(desk)
    _, answer = await desk.call("editMessageReplyMarkup", json=_keyboard_under(edited.message_id))
    shown = answer["result"]["rich_message"]
    assert reference.faults_of("RichMessage", shown) == []
    assert len(shown["blocks"]) == 12


def _keyboard_under(message_id: int) -> dict[str, Any]:
    row = [{"text": "x", "callback_data": "x"}]
    return {"chat_id": ANNA, "message_id": message_id, "reply_markup": {"inline_keyboard": [row]}}


@pytest.mark.parametrize("file", ["update_text_message.json", "update_callback_query.json"])
async def test_updates_have_the_recorded_shape(desk: TelegramDesk, shared_data: Path, file: str) -> None:
    recorded = json.loads((shared_data / "fixtures" / "telegram" / file).read_text())
    buttons = [[InlineKeyboardButton(text=t, callback_data=t)] for t in ("option_1", "option_2")]
    sent = await desk.bot.send_message(
        ANNA, "Choose", reply_markup=InlineKeyboardMarkup(inline_keyboard=buttons)
    )
    if "callback_query" in recorded:
        where = {"chat": ANNA, "message": sent.message_id, "wait_s": 0}
        await desk.post("/users/anna/taps", button="option_1", **where)
    else:
        await desk.say("anna", "Hi")
    _, answer = await desk.call("getUpdates")
    (update,) = answer["result"]
    assert _shape(recorded) == _shape(update)


def _shape(value: Any, path: str = "") -> dict[str, str]:
    """Every leaf by path with its type; last names are the only optional thing our people lack."""
    if isinstance(value, dict):
        return {
            k: v
            for name in value
            for k, v in _shape(value[name], f"{path}.{name}").items()
            if name != "last_name"
        }
    if isinstance(value, list):
        return {k: v for item in value for k, v in _shape(item, f"{path}[]").items()}
    return {path: type(value).__name__}
