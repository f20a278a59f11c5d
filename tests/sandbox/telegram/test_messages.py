"""sendMessage and its edits, driven by aiogram."""

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from tests.build.telegram import ANNA, GROUP, TOM, TelegramDesk


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[list(buttons)])


async def test_a_message_comes_back_as_telegram_would_return_it(desk: TelegramDesk) -> None:
    message = await desk.bot.send_message(ANNA, "<b>Hi</b> 😀 <code>1</code> /help")
    assert message.text == "Hi 😀 1 /help"
    assert [(e.type, e.offset, e.length) for e in message.entities or ()] == [
        ("bold", 0, 2),
        ("code", 6, 1),
        ("bot_command", 8, 5),
    ]
    assert message.html_text == "<b>Hi</b> 😀 <code>1</code> /help"
    assert message.chat.id == ANNA
    assert message.chat.first_name == "Anna"
    assert message.from_user is not None
    assert message.from_user.is_bot


async def test_the_control_api_shows_what_people_see(desk: TelegramDesk) -> None:
    buttons = keyboard(
        InlineKeyboardButton(text="Go", callback_data="go", style="success"),
        InlineKeyboardButton(text="Web", url="https://a.b"),
        InlineKeyboardButton(text="Copy", copy_text=CopyTextButton(text="abc")),
    )
    sent = await desk.bot.send_message(ANNA, "<i>x</i> &lt;", reply_markup=buttons)
    (shown,) = await desk.messages(ANNA)
    assert shown["id"] == sent.message_id
    assert (shown["sender"], shown["sender_name"]) == ("bot", "Perpetuum")
    assert (shown["text"], shown["html"]) == ("x <", "<i>x</i> &lt;")
    assert shown["buttons"] == [
        [
            {"text": "Go", "data": "go", "url": None, "copy": None, "style": "success"},
            {"text": "Web", "data": None, "url": "https://a.b", "copy": None, "style": None},
            {"text": "Copy", "data": None, "url": None, "copy": "abc", "style": None},
        ]
    ]
    assert (shown["edits"], shown["edited_ms"], shown["pinned"], shown["service"]) == (0, None, False, None)
    assert await desk.messages(ANNA, after=sent.message_id) == []


async def test_entities_may_be_sent_beside_the_text(desk: TelegramDesk) -> None:
    entities = [MessageEntity(type="text_link", offset=0, length=1, url="https://a.b/")]
    message = await desk.bot.send_message(ANNA, "x & y", entities=entities, parse_mode=None)
    assert [entity.model_dump() for entity in message.entities or ()] == [entities[0].model_dump()]
    (shown,) = await desk.messages(ANNA)
    assert shown["html"] == '<a href="https://a.b/">x</a> &amp; y'


async def test_a_message_may_reply_to_another(desk: TelegramDesk) -> None:
    asked = await desk.say("anna", "question")
    reply = await desk.bot.send_message(
        ANNA, "answer", reply_parameters=ReplyParameters(message_id=asked["id"])
    )
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "question"
    assert (await desk.messages(ANNA))[-1]["reply_to"] == asked["id"]


async def test_a_reply_to_nothing_is_refused_unless_allowed(desk: TelegramDesk) -> None:
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await desk.bot.send_message(ANNA, "x", reply_parameters=ReplyParameters(message_id=99))
    lenient = ReplyParameters(message_id=99, allow_sending_without_reply=True)
    assert (await desk.bot.send_message(ANNA, "x", reply_parameters=lenient)).reply_to_message is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n ", "message text is empty"),
        ("<b></b>", "message text is empty"),
        ("x" * 4097, "message is too long"),
        ("😀" * 2049, "message is too long"),
        ("<q>", 'can\'t parse entities: Unsupported start tag "q" at byte offset 0'),
    ],
)
async def test_texts_telegram_does_not_take(desk: TelegramDesk, text: str, reason: str) -> None:
    with pytest.raises(TelegramBadRequest) as refused:
        await desk.bot.send_message(ANNA, text)
    assert refused.value.message == f"Bad Request: {reason}"
    assert await desk.messages(ANNA) == []


async def test_length_counts_after_entities(desk: TelegramDesk) -> None:
    message = await desk.bot.send_message(ANNA, f"<b>{'x' * 4096}</b>")
    assert len(message.text or "") == 4096


@pytest.mark.parametrize("mode", ["MarkdownV2", "Markdown"])
async def test_markdown_is_refused_with_the_reason(desk: TelegramDesk, mode: str) -> None:
    with pytest.raises(TelegramBadRequest, match="the sandbox reads parse_mode HTML only"):
        await desk.bot.send_message(ANNA, "*x*", parse_mode=mode)


async def test_an_unknown_parse_mode_is_refused(desk: TelegramDesk) -> None:
    with pytest.raises(TelegramBadRequest, match="unsupported parse_mode"):
        await desk.bot.send_message(ANNA, "x", parse_mode="RTF")


@pytest.mark.parametrize("chat", [424242, "@nobody", "x"])
async def test_an_unknown_chat_is_not_found(desk: TelegramDesk, chat: int | str) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await desk.bot.send_message(chat, "x")


async def test_a_bot_cannot_write_first(desk: TelegramDesk) -> None:
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await desk.bot.send_message(TOM, "x")
    await desk.say("tom", "/start")
    await desk.bot.send_message(TOM, "x")


async def test_a_blocked_bot_cannot_write(desk: TelegramDesk) -> None:
    await desk.post("/users/anna/block", blocked=True)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await desk.bot.send_message(ANNA, "x")
    await desk.post("/users/anna/block", blocked=False)
    await desk.bot.send_message(ANNA, "x")


async def test_message_ids_rise_over_all_chats(desk: TelegramDesk) -> None:
    first = await desk.bot.send_message(ANNA, "x")
    second = await desk.bot.send_message(GROUP, "y")
    asked = await desk.say("anna", "z")
    assert first.message_id < second.message_id < asked["id"]


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "url": "ftp://a"}, "BUTTON_URL_INVALID"),
        ({"text": "x", "copy_text": {"text": "y" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": " ", "callback_data": "x"}, "BUTTON_TEXT_INVALID"),
        ({"text": "x", "callback_data": "x", "url": "https://a.b"}, "BUTTON_TYPE_INVALID"),
        (
            {"text": "x"},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        (
            {"text": 5, "callback_data": "x"},
            'can\'t parse inline keyboard button: Field "text" must be of type String',
        ),
        (
            {"text": "x", "callback_data": 5},
            'can\'t parse inline keyboard button: Field "callback_data" must be of type String',
        ),
        (
            {"text": "x", "callback_data": "x", "style": "pink"},
            "can't parse inline keyboard button: invalid button style specified",
        ),
        ("x", "can't parse inline keyboard button: expected an Object"),
    ],
)
async def test_buttons_telegram_does_not_take(desk: TelegramDesk, button: object, reason: str) -> None:
    body = {"chat_id": ANNA, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}}
    status, answer = await desk.call("sendMessage", json=body)
    assert (status, answer["description"]) == (400, f"Bad Request: {reason}")


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("nonsense", "object expected as reply markup"),
        ([1], "object expected as reply markup"),
        ({"inline_keyboard": 5}, 'inline keyboard: Field "inline_keyboard" must be of type Array'),
        ({"inline_keyboard": [5]}, "can't parse inline keyboard: expected an Array of Array"),
        ({"keyboard": [[{"x": 1}]]}, "can't parse keyboard button: Can't find field \"text\""),
        (
            {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]},
            "REPLY_MARKUP_TOO_LONG",
        ),
    ],
)
async def test_keyboards_telegram_does_not_take(desk: TelegramDesk, markup: object, reason: str) -> None:
    body = {"chat_id": ANNA, "text": "x", "reply_markup": markup}
    status, answer = await desk.call("sendMessage", json=body)
    assert (status, answer["description"]) == (400, f"Bad Request: {reason}")


async def test_a_reply_keyboard_stands_until_it_is_removed(desk: TelegramDesk) -> None:
    rows = [[KeyboardButton(text="Price"), KeyboardButton(text="Top", style="primary")]]
    await desk.bot.send_message(ANNA, "x", reply_markup=ReplyKeyboardMarkup(keyboard=rows))
    chat = desk.twin.chats.get(ANNA)
    assert chat is not None
    assert chat.reply_keyboard == [[{"text": "Price"}, {"text": "Top", "style": "primary"}]]
    await desk.bot.send_message(ANNA, "x", reply_markup=ReplyKeyboardRemove())
    assert chat.reply_keyboard is None
    told = [event["keyboard"] for event in desk.audience.events if event["type"] == "reply_keyboard"]
    assert told == [[[{"text": "Price"}, {"text": "Top", "style": "primary"}]], None]


async def test_an_edit_changes_text_and_buttons_in_place(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(
        ANNA, "old", reply_markup=keyboard(InlineKeyboardButton(text="a", callback_data="a"))
    )
    edited = await desk.bot.edit_message_text("<b>new</b>", chat_id=ANNA, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert (edited.message_id, edited.text, edited.reply_markup) == (sent.message_id, "new", None)
    assert edited.edit_date is not None
    (shown,) = await desk.messages(ANNA)
    assert (shown["html"], shown["edits"], shown["buttons"]) == ("<b>new</b>", 1, [])
    assert desk.audience.kinds() == ["message", "edit"]


async def test_an_edit_of_the_keyboard_leaves_the_text(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "text")
    buttons = keyboard(InlineKeyboardButton(text="a", callback_data="a"))
    edited = await desk.bot.edit_message_reply_markup(
        chat_id=ANNA, message_id=sent.message_id, reply_markup=buttons
    )
    assert not isinstance(edited, bool)
    assert edited.text == "text"
    assert edited.reply_markup is not None
    assert edited.reply_markup.model_dump() == buttons.model_dump()


async def test_an_edit_that_changes_nothing_is_refused(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "<b>same</b>")
    with pytest.raises(TelegramBadRequest) as refused:
        await desk.bot.edit_message_text("<strong>same</strong>", chat_id=ANNA, message_id=sent.message_id)
    assert refused.value.message == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly "
        "the same as a current content and reply markup of the message"
    )


async def test_edits_that_cannot_be(desk: TelegramDesk) -> None:
    theirs = await desk.say("anna", "mine")
    own = await desk.bot.send_message(ANNA, "x")
    for message_id, reason in ((999, "message to edit not found"), (theirs["id"], "message can't be edited")):
        with pytest.raises(TelegramBadRequest, match=reason):
            await desk.bot.edit_message_text("y", chat_id=ANNA, message_id=message_id)
    with pytest.raises(TelegramBadRequest, match="there is no caption in the message to edit"):
        await desk.bot.edit_message_caption(chat_id=ANNA, message_id=own.message_id, caption="y")
    with pytest.raises(TelegramBadRequest, match="message identifier is not specified"):
        await desk.bot.edit_message_text("y", chat_id=ANNA)
    with pytest.raises(TelegramBadRequest, match="chat_id is empty"):
        await desk.bot.edit_message_text("y", message_id=own.message_id)
    with pytest.raises(TelegramBadRequest, match="MESSAGE_ID_INVALID"):
        await desk.bot.edit_message_text("y", inline_message_id="5")


async def test_only_inline_keyboards_can_be_edited_in(desk: TelegramDesk) -> None:
    own = await desk.bot.send_message(ANNA, "x")
    body = {"chat_id": ANNA, "message_id": own.message_id, "text": "y", "reply_markup": {"keyboard": [["a"]]}}
    status, answer = await desk.call("editMessageText", json=body)
    assert (status, answer["description"]) == (400, "Bad Request: inline keyboard expected")


async def test_a_deleted_message_vanishes_with_its_pin(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "x")
    await desk.bot.pin_chat_message(ANNA, sent.message_id)
    await desk.bot.delete_message(ANNA, sent.message_id)
    assert await desk.messages(ANNA) == []
    assert desk.audience.events[-2:] == [
        {"type": "delete", "chat": ANNA, "id": sent.message_id},
        {"type": "pin", "chat": ANNA, "message": None},
    ]
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await desk.bot.delete_message(ANNA, sent.message_id)


async def test_several_messages_are_deleted_at_once_and_unknown_ones_skipped(desk: TelegramDesk) -> None:
    ids = [(await desk.bot.send_message(ANNA, "x")).message_id for _ in range(3)]
    assert await desk.bot.delete_messages(ANNA, [*ids[:2], 999])
    assert [message["id"] for message in await desk.messages(ANNA)] == ids[2:]
    with pytest.raises(TelegramBadRequest, match="message identifiers are not specified"):
        await desk.bot.delete_messages(ANNA, [])
    with pytest.raises(TelegramBadRequest, match="too many message identifiers specified"):
        await desk.bot.delete_messages(ANNA, list(range(101)))
