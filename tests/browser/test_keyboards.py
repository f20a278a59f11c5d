"""Buttons under messages and in place of the keyboard."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.wire import TOM, BotHand, Control

ROWS: list[list[dict[str, Any]]] = [
    [
        {"text": "Approve", "callback_data": "yes", "style": "success"},
        {"text": "Smaller", "callback_data": "less", "style": "primary"},
        {"text": "Kill", "callback_data": "kill", "style": "danger"},
        {"text": "Why", "callback_data": "why"},
    ],
    [{"text": "Docs", "url": "https://example.com/"}, {"text": "Copy", "copy_text": {"text": "7F3K"}}],
]


@pytest.fixture
def ready(chat: ChatPage, control: Control) -> ChatPage:
    control.say(TOM, "/start")
    return chat.open(TOM)


@pytest.fixture
def asked(bot: BotHand, ready: ChatPage) -> int:
    """A message with buttons."""
    return bot.write(TOM, "Approve?", reply_markup={"inline_keyboard": ROWS})


def test_a_tap_shows_that_it_is_on_its_way_until_the_bot_answers(
    ready: ChatPage, bot: BotHand, asked: int
) -> None:
    button = ready.button(asked, "Approve")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    tap = bot.next_tap()
    assert (tap["data"], tap["from"]["id"], tap["message"]["message_id"]) == ("yes", TOM, asked)
    bot.call("answerCallbackQuery", callback_query_id=tap["id"], text="Approved")
    expect(ready.part("toast")).to_have_text("Approved")
    expect(button).not_to_have_attribute("aria-busy", "true")


def test_an_alert_waits_to_be_read(ready: ChatPage, bot: BotHand, asked: int) -> None:
    ready.button(asked, "Why").click()
    bot.call(
        "answerCallbackQuery", callback_query_id=bot.next_tap()["id"], text="<b>Because</b>", show_alert=True
    )
    expect(ready.part("alert")).to_contain_text("<b>Because</b>")
    ready.part("alert").get_by_role("button", name="OK").click()
    expect(ready.part("alert")).to_have_count(0)


def test_styles_have_colours_of_their_own(ready: ChatPage, asked: int) -> None:
    colour = "node => getComputedStyle(node).backgroundColor"
    colours = {ready.button(asked, button["text"]).evaluate(colour) for button in ROWS[0]}
    assert len(colours) == len(ROWS[0])


def test_copy_and_address_buttons_do_not_trouble_the_bot(ready: ChatPage, asked: int) -> None:
    ready.button(asked, "Copy").click()
    expect(ready.part("toast")).to_have_text("Copied to clipboard")
    assert ready.page.evaluate("navigator.clipboard.readText()") == "7F3K"
    ready.page.context.route("https://example.com/**", lambda route: route.fulfill(body="docs"))
    with ready.page.context.expect_page() as opened:
        ready.button(asked, "Docs").click()
    opened.value.wait_for_url("https://example.com/")
    assert opened.value.evaluate("window.opener") is None


def test_an_edit_takes_the_buttons_away(ready: ChatPage, bot: BotHand, asked: int) -> None:
    expect(ready.button(asked, "Approve")).to_be_visible()
    bot.call("editMessageText", chat_id=TOM, message_id=asked, text="Done")
    expect(ready.button(asked, "Approve")).to_have_count(0)


def test_a_reply_keyboard_writes_its_words_and_can_be_folded(
    ready: ChatPage, bot: BotHand, control: Control
) -> None:
    bot.write(TOM, "Choose", reply_markup={"keyboard": [[{"text": "Calm"}, {"text": "Bold"}]]})
    keyboard = ready.part("reply-keyboard")
    keyboard.get_by_role("button", name="Bold").click()
    expect(ready.messages.last).to_contain_text("Bold")
    assert control.messages(TOM)[-1]["text"] == "Bold"
    ready.part("keyboard-toggle").click()
    expect(keyboard).to_be_hidden()
    ready.open(TOM)
    expect(keyboard).to_be_visible()
    bot.write(TOM, "Thanks", reply_markup={"remove_keyboard": True})
    expect(keyboard).to_be_hidden()
    expect(ready.part("keyboard-toggle")).to_be_hidden()
