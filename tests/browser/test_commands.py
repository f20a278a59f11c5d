"""The menu of commands."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat_page import ChatPage
from tests.browser.wire import ADMINS, TOM, BotHand, Control

COMMANDS = {"start": "Begin", "status": "Feeds and jobs", "settings": "Zone, noise", "price": "A price"}


@pytest.fixture
def ready(chat: ChatPage, control: Control, bot: BotHand) -> ChatPage:
    control.say(TOM, "/start")
    bot.call("setMyCommands", commands=[{"command": c, "description": d} for c, d in COMMANDS.items()])
    return chat.open(TOM)


def options(chat: ChatPage) -> Locator:
    return chat.part("commands").get_by_role("option")


def test_a_slash_lists_commands_and_typing_narrows_them(ready: ChatPage) -> None:
    ready.composer.press_sequentially("/")
    expect(options(ready)).to_have_count(4)
    ready.composer.press_sequentially("st")
    expect(options(ready)).to_have_text(["/startBegin", "/statusFeeds and jobs"])
    ready.composer.press_sequentially("art ")
    expect(ready.part("commands")).to_be_hidden()


def test_arrows_choose_and_enter_sends(ready: ChatPage, control: Control) -> None:
    ready.composer.press_sequentially("/s")
    ready.composer.press("ArrowDown")
    expect(options(ready).nth(1)).to_have_attribute("aria-selected", "true")
    ready.composer.press("ArrowUp")
    ready.composer.press("ArrowUp")
    ready.composer.press("Enter")
    expect(ready.messages.last).to_contain_text("/settings")
    expect(ready.composer).to_have_value("")
    assert control.messages(TOM)[-1]["text"] == "/settings"


def test_tab_completes_and_escape_closes(ready: ChatPage) -> None:
    ready.composer.press_sequentially("/pr")
    ready.composer.press("Tab")
    expect(ready.composer).to_have_value("/price ")
    ready.composer.fill("/")
    expect(ready.part("commands")).to_be_visible()
    ready.composer.press("Escape")
    expect(ready.part("commands")).to_be_hidden()


def test_the_menu_button_opens_and_a_press_sends(ready: ChatPage) -> None:
    ready.part("menu").click()
    ready.part("command-status").click()
    expect(ready.messages.last).to_contain_text("/status")
    expect(ready.part("commands")).to_be_hidden()


def test_the_list_speaks_the_persons_language_and_comes_live(
    chat: ChatPage, control: Control, bot: BotHand
) -> None:
    control.say(TOM, "/start")
    control.speak_language(TOM, "ru")
    chat.open(TOM)
    expect(chat.part("menu")).to_be_hidden()
    bot.call("setMyCommands", commands=[{"command": "help", "description": "Topics"}])
    bot.call("setMyCommands", language_code="ru", commands=[{"command": "help", "description": "Темы"}])
    chat.part("menu").click()
    expect(options(chat)).to_have_text(["/helpТемы"])


def test_a_group_command_names_the_bot(ready: ChatPage, control: Control) -> None:
    ready.part(f"chat-{ADMINS}").click()
    ready.part("menu").click()
    ready.part("command-price").click()
    expect(ready.messages.last).to_contain_text("/price@perpetuum_sandbox_bot")
    assert control.messages(ADMINS)[-1]["text"] == "/price@perpetuum_sandbox_bot"


def test_a_command_inside_a_message_can_be_pressed(ready: ChatPage, bot: BotHand, control: Control) -> None:
    sent = bot.write(TOM, "No open trades. Try /top, or <code>/price</code>.")
    ready.message(sent).get_by_text("/top").click()
    expect(ready.messages.last).to_contain_text("/top")
    assert control.messages(TOM)[-1]["text"] == "/top"
