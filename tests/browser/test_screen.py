"""Rankings, coins of the day and a new market as people see them on a phone."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.test_desk import answer_to, begin, silence
from tests.browser.wire import TOM, Control

PATIENCE_S = 150.0
LOOKS_S = 130
LOOKS = {
    "dark": ("English", "Balanced", "Coins of the day", "Strongest", "new on Bybit"),
    "light": ("Русский", "Средне", "Монеты дня", "Самые сильные", "новая монета на Bybit"),
}

Screenshot = Callable[[Page, str], Path]


@pytest.fixture
def synthetic(start_sandbox: StartSandbox) -> SandboxProcess:
    """A synthetic market of fifty coins at the speed of life."""
    return start_sandbox("--seed", "7")


def asked_until(chat: ChatPage, text: str, said: str) -> Locator:
    """The answer to `text` once it has `said`."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer: Locator = answer_to(chat, text)
        if said in answer.inner_text():
            return answer
        assert time.monotonic() < deadline, f"no {said!r} in {answer.inner_text()!r}"
        time.sleep(3)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_day_on_a_phone(
    synthetic: SandboxProcess, open_tab: OpenTab, screenshot: Screenshot, scheme: str
) -> None:
    language, risk, coins, strongest, new = LOOKS[scheme]
    chat = open_tab(synthetic.url, viewport=PHONE, scheme=scheme).open(TOM, TOM)
    begin(chat, language, risk)
    silence(chat)
    screen = asked_until(chat, "/screen", "\n10 ")
    expect(screen).to_contain_text(coins)
    chat.settle()
    screenshot(chat.page, f"screen-phone-{scheme}")
    screen.locator("blockquote").click()
    expect(screen.locator("blockquote")).to_have_attribute("aria-expanded", "true")
    screen.locator("pre").scroll_into_view_if_needed()
    chat.settle()
    screenshot(chat.page, f"screen-reasons-phone-{scheme}")
    assert not chat.overflows()

    asked_until(chat, "/top", strongest)
    chat.settle()
    screenshot(chat.page, f"top-phone-{scheme}")
    assert not chat.overflows()

    control = Control(synthetic.url)
    control.leap(LOOKS_S)
    time.sleep(2)  # the first look is over
    control.list_coin("NEWC", price=2.5, turnover=30e6)
    control.leap(LOOKS_S)
    expect(chat.messages.last).to_contain_text(new, timeout=30_000)
    chat.settle()
    screenshot(chat.page, f"listing-phone-{scheme}")
