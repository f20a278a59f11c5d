"""What somebody sees who opens the page for the first time."""

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import DESKTOP, PHONE, OpenTab, TakeScreenshot
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.wire import ADMINS, ANNA, TOM, BotHand, Control


def test_a_newcomer_is_the_trader_and_needs_only_start(chat: ChatPage, control: Control) -> None:
    chat.open()
    expect(chat.part(f"user-{TOM}")).to_have_attribute("aria-pressed", "true")
    expect(chat.composer).to_be_hidden()
    chat.part("start").click()
    expect(chat.messages).to_have_count(1)
    expect(chat.messages).to_contain_text("/start")
    expect(chat.part("start")).to_be_hidden()
    expect(chat.composer).to_be_visible()
    assert [message["text"] for message in control.messages(TOM)] == ["/start"]


def test_the_page_asks_nobody_but_the_sandbox(chat: ChatPage) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.open()
    assert asked
    assert [url for url in asked if not url.startswith((chat.url, "about:"))] == []


def test_the_address_keeps_person_and_chat(chat: ChatPage) -> None:
    chat.open(ANNA, ADMINS)
    expect(chat.page.get_by_role("heading", name="Desk admins")).to_be_visible()
    chat.part(f"chat-{ANNA}").click()
    expect(chat.page.get_by_role("heading", name="Perpetuum").first).to_be_visible()
    assert chat.page.url.endswith(f"#user={ANNA}&chat={ANNA}")
    chat.page.go_back()
    expect(chat.page.get_by_role("heading", name="Desk admins")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desktop", DESKTOP)])
def test_the_page_fits_its_screen_in_both_themes(
    outside_world: SandboxProcess,
    bot: BotHand,
    control: Control,
    open_tab: OpenTab,
    screenshot: TakeScreenshot,
    name: str,
    viewport: ViewportSize,
    scheme: str,
) -> None:
    control.say(TOM, "/price btc")
    table = (
        "<pre>" + "\n".join(f"line {number}    87 210 – 87 480  +1.5 %" * 3 for number in range(4)) + "</pre>"
    )
    bot.write(TOM, f"<b>Привет</b>, {'W' * 300}\n{table}\n<blockquote>quote</blockquote>")
    chat = open_tab(outside_world.url, viewport=viewport, scheme=scheme).open()
    expect(chat.messages).to_have_count(2)
    assert not chat.overflows()
    background = chat.part("user-1002" if name == "desktop" else "back").evaluate(
        "node => getComputedStyle(node.closest('aside, header')).backgroundColor"
    )
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")
    screenshot(chat.page, f"page-{name}-{scheme}")


def test_a_chosen_theme_is_remembered(chat: ChatPage) -> None:
    chat.open()
    root = chat.page.locator("html")
    scheme = "node => getComputedStyle(node).colorScheme"
    assert root.evaluate(scheme) == "light dark"
    chat.part("theme").click()
    assert root.evaluate(scheme) == "light"
    chat.open()
    assert root.evaluate(scheme) == "light"
    chat.part("theme").click()
    assert root.evaluate(scheme) == "light dark"


def test_a_phone_shows_chats_and_people_behind_the_back_arrow(
    outside_world: SandboxProcess, open_tab: OpenTab
) -> None:
    chat = open_tab(outside_world.url, viewport=PHONE).open()
    expect(chat.part("chat-list")).to_be_hidden()
    chat.part("back").click()
    expect(chat.part(f"chat-{ADMINS}")).to_be_visible()
    chat.part(f"user-{ANNA}").click()
    chat.part(f"chat-{ADMINS}").click()
    expect(chat.page.get_by_role("heading", name="Desk admins")).to_be_visible()
    expect(chat.part("chat-list")).to_be_hidden()
    chat.part("speaker").click()
    chat.part(f"switch-{TOM}").click()
    expect(chat.part("speaker")).to_have_accessible_name("You speak as Tom, trader. Change")
