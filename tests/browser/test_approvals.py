"""Real money as an admin meets it: switched on with a typed word, asked with a ticket, followed to a fill."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.test_desk import begin
from tests.browser.test_paper import tap
from tests.browser.wire import ADMINS, ANNA

Screenshot = Callable[[Page, str], Path]

WORDS = {
    "en": ("English", "Balanced", "Approve", "APPROVE? · LIVE", "FILLED · LIVE"),
    "ru": ("Русский", "Средне", "Одобрить", "ОДОБРИТЬ? · LIVE", "ИСПОЛНЕНО · LIVE"),
}


def the_bubble(chat: ChatPage, text: str | re.Pattern[str]) -> Locator:
    """The newest message that says so."""
    bubble = chat.messages.filter(has_text=text).last
    expect(bubble).to_be_visible(timeout=30_000)
    return bubble


def go_live(chat: ChatPage) -> None:
    """The typed confirmation, and the cooling-off, which the sandbox keeps short."""
    chat.write("/live manual on")
    the_bubble(chat, "/live LIVE MANUAL")
    chat.write("/live LIVE MANUAL")
    the_bubble(chat, re.compile("LIVE in|LIVE через"))
    the_bubble(chat, re.compile("LIVE · asks|LIVE · спрашивает"))


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("ru", "light")])
def test_an_order_with_real_money_is_approved_in_the_admin_chat(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot, language: str, scheme: str
) -> None:
    spoken, risk, approve, asked, filled = WORDS[language]
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=PHONE, scheme=scheme).open(ANNA, ANNA)
    begin(chat, spoken, risk)
    chat = chat.open(ANNA, ADMINS)
    go_live(chat)
    screenshot(chat.page, f"live-{language}-{scheme}")
    chat.write("/order btc buy 500 stop 5% target 5%")
    ticket = the_bubble(chat, asked)
    screenshot(chat.page, f"ticket-{language}-{scheme}")
    tap(ticket, approve)
    the_bubble(chat, filled)
    screenshot(chat.page, f"order-filled-{language}-{scheme}")
    assert chat.messages.filter(has_text=asked).count() == 0
    chat.write("/desk")
    the_bubble(chat, re.compile("Positions of the desk|Позиции деска"))
    chat.write("/live")
    the_bubble(chat, re.compile("Engines and real money|Движки и реальные деньги"))
    screenshot(chat.page, f"desk-and-live-{language}-{scheme}")
    assert not chat.overflows()
