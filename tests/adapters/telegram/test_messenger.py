"""Every message arrives as some message, and every refusal as one of ours."""

import html
from typing import Any

import pytest

from ports.errors import Gone, Rejected, Transient
from ports.messages import BotCommand, Button, CommandMenu, Document, Priority, Screen, Style
from tests.adapters.telegram.conftest import Road
from tests.build.telegram import ANNA, GROUP, PNG, TOM

KEYBOARD = (
    (Button(text="Chart", data="c:BTCUSDT"), Button(text="Sell", data="s:1", style=Style.DANGER)),
    (),
    (Button(text="Site", url="https://x.example/"), Button(text="Copy", copy="64250.10")),
)


async def edit(road: Road, message_id: int, chat: int = ANNA, **fields: Any) -> bool:
    return await road.messenger.edit(chat, message_id, Screen(**fields), priority=Priority.ANSWER)


async def test_a_screen_arrives_with_its_words_and_buttons(road: Road) -> None:
    sent = await road.send("<b>BTC</b> 64 250", keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert (message["id"], message["chat"]) == (sent.message_id, sent.chat_id)
    assert message["html"] == "<b>BTC</b> 64 250"
    shown = [
        [(b["text"], b["data"] or b["url"] or b["copy"], b["style"]) for b in row]
        for row in message["buttons"]
    ]
    assert shown == [
        [("Chart", "c:BTCUSDT", None), ("Sell", "s:1", "danger")],
        [("Site", "https://x.example/", None), ("Copy", "64250.10", None)],
    ]


async def test_html_that_telegram_cannot_parse_arrives_as_plain_text(road: Road, logged: list[Any]) -> None:
    await road.send("<b>BTC</b> <oops> &lt;3 <i>up")
    (message,) = await road.shown()
    assert message["text"] == "BTC <oops> <3 up"
    assert message["html"] == html.escape("BTC <oops> <3 up", quote=False)
    assert [event["event"] for event in logged] == ["sent_as_plain_text"]


async def test_long_text_arrives_whole_with_the_buttons_under_the_last_part(road: Road) -> None:
    lines = [f"{n}. <b>{'х' * 60}</b>" for n in range(200)]
    sent = await road.send("\n".join(lines), keyboard=KEYBOARD)
    messages = await road.shown()
    assert len(messages) > 2
    assert "\n".join(message["html"] for message in messages).split("\n") == lines
    assert [bool(message["buttons"]) for message in messages] == [False] * (len(messages) - 1) + [True]
    assert sent.message_id == messages[-1]["id"]


async def test_long_text_that_cannot_be_parsed_arrives_whole_too(road: Road) -> None:
    await road.send("<oops> " + "word " * 2000)
    text = " ".join(message["text"] for message in await road.shown())
    assert text.split() == ["<oops>"] + ["word"] * 2000


async def test_nothing_to_say_is_still_a_message(road: Road) -> None:
    await road.send("<b> </b>\n")
    assert [message["text"] for message in await road.shown()] == ["…"]


async def test_a_picture_arrives_with_its_caption_and_buttons(road: Road) -> None:
    await road.send("<b>BTC</b>", photo=PNG, keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert message["photo"]
    assert message["html"] == "<b>BTC</b>"
    assert len(message["buttons"]) == 2


async def test_a_caption_that_is_too_long_follows_as_text(road: Road) -> None:
    sent = await road.send("x" * 1025, photo=PNG, keyboard=KEYBOARD)
    picture, words = await road.shown()
    assert (picture["text"], picture["buttons"]) == ("", [])
    assert words["text"] == "x" * 1025
    assert words["buttons"]
    assert sent.message_id == words["id"]


async def test_a_caption_that_cannot_be_parsed_arrives_as_plain_text(road: Road) -> None:
    await road.send("<b>BTC <oops>", photo=PNG)
    (message,) = await road.shown()
    assert message["photo"]
    assert message["text"] == "BTC <oops>"


async def test_a_document_arrives_under_its_name_with_caption_and_buttons(road: Road) -> None:
    document = Document(name="trades.csv", content="id,цена\n1,2\n".encode())
    await road.send("<b>3 trades</b>", document=document, keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert (message["document_name"], message["document_size"]) == ("trades.csv", len(document.content))
    assert message["html"] == "<b>3 trades</b>"
    assert len(message["buttons"]) == 2


async def test_words_too_long_for_a_document_follow_as_text(road: Road) -> None:
    await road.send("x" * 1025, document=Document(name="a.csv", content=b"1"), keyboard=KEYBOARD)
    file, words = await road.shown()
    assert (file["document_name"], file["text"], file["buttons"]) == ("a.csv", "", [])
    assert (len(words["text"]), len(words["buttons"])) == (1025, 2)


async def test_a_caption_of_a_document_that_cannot_be_parsed_arrives_as_plain_text(road: Road) -> None:
    await road.send("<b>BTC <oops>", document=Document(name="a.csv", content=b"1"))
    (message,) = await road.shown()
    assert message["text"] == "BTC <oops>"


async def test_a_document_is_never_put_in_place_of_another_message(road: Road) -> None:
    document = Document(name="a.csv", content=b"1")
    sent = await road.send("old", document=document)
    assert not await edit(road, sent.message_id, html="new", document=document)
    assert [message["text"] for message in await road.shown()] == ["old"]


async def test_a_silent_message_says_so(road: Road) -> None:
    screen = Screen(html="psst")
    await road.messenger.send(ANNA, screen, priority=Priority.DIGEST, is_silent=True)
    await road.messenger.send(ANNA, screen, priority=Priority.DIGEST)
    flags = [fields.get("disable_notification") for _, fields in road.desk.session.requests]
    assert [str(flag).lower() for flag in flags] == ["true", "none"]


async def test_links_are_not_previewed(road: Road) -> None:
    await road.send("https://x.example/")
    _, fields = road.desk.session.requests[-1]
    assert '"is_disabled":true' in fields["link_preview_options"].replace(" ", "")


async def test_an_edit_replaces_words_and_buttons_in_place(road: Road) -> None:
    sent = await road.send("old", keyboard=KEYBOARD)
    assert await edit(road, sent.message_id, html="<i>new</i>")
    (message,) = await road.shown()
    assert (message["html"], message["buttons"], message["edits"]) == ("<i>new</i>", [], 1)


async def test_an_edit_replaces_picture_and_caption_in_place(road: Road) -> None:
    sent = await road.send("old", photo=PNG)
    assert await edit(road, sent.message_id, html="new", photo=PNG + b"\0", keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert (message["text"], len(message["buttons"]), message["edits"]) == ("new", 2, 1)


@pytest.mark.parametrize("photo", [None, PNG])
async def test_an_edit_that_cannot_be_parsed_arrives_as_plain_text(road: Road, photo: bytes | None) -> None:
    sent = await road.send("old", photo=photo)
    assert await edit(road, sent.message_id, html="<b>new <oops>", photo=photo)
    (message,) = await road.shown()
    assert message["text"] == "new <oops>"


async def test_an_edit_that_changes_nothing_counts_as_done(road: Road) -> None:
    sent = await road.send("same", keyboard=KEYBOARD)
    assert await edit(road, sent.message_id, html="same", keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert message["edits"] == 0


async def test_a_message_that_is_gone_or_never_was_cannot_be_edited(road: Road) -> None:
    sent = await road.send("soon gone")
    await road.desk.bot.delete_message(ANNA, sent.message_id)
    assert not await edit(road, sent.message_id, html="new")
    assert not await edit(road, 999_999, html="new")


async def test_a_message_of_another_kind_cannot_be_edited(road: Road) -> None:
    picture = await road.send("a picture", photo=PNG)
    assert not await edit(road, picture.message_id, html="text")


async def test_a_message_of_somebody_else_cannot_be_edited(road: Road) -> None:
    theirs = await road.desk.say(ANNA, "mine")
    assert not await edit(road, theirs["id"], html="ours")


@pytest.mark.parametrize(("photo", "size"), [(None, 4097), (PNG, 1025)])
async def test_an_edit_that_would_lose_words_is_left_to_a_new_message(
    road: Road, photo: bytes | None, size: int
) -> None:
    sent = await road.send("old", photo=photo)
    assert not await edit(road, sent.message_id, html="x" * size, photo=photo)
    assert [message["text"] for message in await road.shown()] == ["old"]


async def test_who_blocked_the_bot_is_gone(road: Road) -> None:
    sent = await road.send("hello")
    await road.desk.post(f"/users/{ANNA}/block", blocked=True)
    with pytest.raises(Gone, match="blocked"):
        await road.send("hello?")
    with pytest.raises(Gone):
        await road.messenger.edit(12345, sent.message_id, Screen(html="x"), priority=Priority.ANSWER)


@pytest.mark.parametrize("chat", [TOM, 55555, -1_009_999])
async def test_a_chat_that_cannot_be_written_to_is_gone(road: Road, chat: int) -> None:
    with pytest.raises(Gone):
        await road.send("hello", chat=chat)


async def test_what_telegram_refuses_for_other_reasons_is_rejected(road: Road) -> None:
    with pytest.raises(Rejected):
        await road.send("hello", keyboard=((Button(text="", data="x"),),))
    with pytest.raises(Rejected):
        await road.send("hello", keyboard=((Button(text="x", data="y" * 65),),))


@pytest.mark.parametrize("status", [401, 409, 413, 418])
async def test_a_status_nobody_expects_is_still_one_of_our_errors(road: Road, status: int) -> None:
    road.outbound.patience_s = 0
    road.desk.faults.merge({"telegram": {"status": status}})
    with pytest.raises((Rejected, Transient)):
        await road.send("hello")


async def test_a_message_is_pinned_quietly_and_a_refusal_is_only_logged(
    road: Road, logged: list[Any]
) -> None:
    sent = await road.send("cockpit")
    await road.messenger.pin(ANNA, sent.message_id)
    (message,) = await road.shown()
    assert message["pinned"]
    await road.messenger.pin(ANNA, 999_999)
    road.desk.faults.merge({"telegram": {"malformed": True}})
    await road.messenger.pin(ANNA, sent.message_id)
    assert [event["event"] for event in logged] == ["pin_refused"] * 2


async def test_a_pin_is_taken_away_and_a_refusal_is_only_logged(road: Road, logged: list[Any]) -> None:
    sent = await road.send("cockpit")
    await road.messenger.pin(ANNA, sent.message_id)
    await road.messenger.unpin(ANNA, sent.message_id)
    (message,) = await road.shown()
    assert not message["pinned"]
    road.desk.faults.merge({"telegram": {"malformed": True}})
    await road.messenger.unpin(ANNA, sent.message_id)
    assert [event["event"] for event in logged] == ["unpin_refused"]


async def test_command_menus_are_shown_per_language_and_a_refusal_is_only_logged(
    road: Road, logged: list[Any]
) -> None:
    menu = (BotCommand(name="price", description="Price of a coin"),)
    await road.messenger.show_commands(CommandMenu(language=None, commands=menu))
    await road.messenger.show_commands(CommandMenu(language="ru", commands=()))
    assert await road.messenger.show_commands(CommandMenu(language=None, chat_id=ANNA, commands=menu))
    assert [command.command for command in await road.desk.bot.get_my_commands()] == ["price"]
    bad = (BotCommand(name="NOT A NAME", description="x"),)
    await road.messenger.show_commands(CommandMenu(language=None, commands=bad))
    assert [event["event"] for event in logged] == ["command_menu_not_set"]


async def test_groups_are_written_to_like_people(road: Road) -> None:
    await road.send("for admins", chat=GROUP)
    assert [message["text"] for message in await road.shown(GROUP)] == ["for admins"]
