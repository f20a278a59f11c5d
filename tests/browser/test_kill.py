"""The kill ladder as an admin does it, in the page, on a phone: every level, in both languages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.test_desk import answer_to, begin, silence
from tests.browser.wire import ANNA

Screenshot = Callable[[Page, str], Path]

WORDS = {
    "en": {"language": "English", "risk": "Balanced", "go": "SELL EVERYTHING", "l2": "L2 cancel"},
    "ru": {"language": "Русский", "risk": "Средне", "go": "ПРОДАТЬ ВСЁ", "l2": "L2 заявки"},
}


def tap(bubble: Any, label: str) -> None:
    bubble.get_by_role("button", name=label, exact=True).click()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_level_from_the_first_to_flat(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot, language: str
) -> None:
    words = WORDS[language]
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=PHONE).open(ANNA, ANNA)
    begin(chat, words["language"], words["risk"], sees_tables=None)
    silence(chat)

    stopped = answer_to(chat, "/kill")
    expect(stopped).to_contain_text("KILL L1")
    looked_at(chat, screenshot, f"kill-{language}-stopped")
    tap(stopped, words["l2"])
    expect(stopped).to_contain_text("KILL L2 —")

    seen = answer_to(chat, "/kill 4")
    expect(seen).to_contain_text("KILL L4 —")
    looked_at(chat, screenshot, f"kill-{language}-preview")
    tap(seen, words["go"])
    expect(seen).to_contain_text("UTC")
    expect(seen).to_contain_text("✓")
    looked_at(chat, screenshot, f"kill-{language}-flat")

    latches = answer_to(chat, "/latches")
    expect(latches).to_contain_text("KILL L4")
    looked_at(chat, screenshot, f"kill-{language}-latches")
    drill = answer_to(chat, "/drill kill")
    expect(drill).to_contain_text("PAPER")
    looked_at(chat, screenshot, f"kill-{language}-drill")


def looked_at(chat: ChatPage, screenshot: Screenshot, name: str) -> None:
    assert not chat.overflows()
    screenshot(chat.page, name)
