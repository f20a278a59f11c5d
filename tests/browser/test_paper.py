"""Paper trading as a person does it: by sentence and by button, in the page, on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.test_desk import answer_to, begin, silence
from tests.browser.wire import TOM

WORDS = {
    "en": {"language": "English", "risk": "Balanced", "open": "Open", "half": "Close half", "chart": "Chart"},
    "ru": {
        "language": "Русский",
        "risk": "Средне",
        "open": "Открыть",
        "half": "Закрыть ½",
        "chart": "График",
    },
}


def tap(bubble: Any, label: str) -> None:
    bubble.get_by_role("button", name=label, exact=True).click()


def test_a_trade_by_button_lives_in_one_message(start_sandbox: StartSandbox, open_tab: OpenTab) -> None:
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=PHONE).open(TOM, TOM)
    begin(chat)
    silence(chat)
    bubble = answer_to(chat, "btc")
    seen = chat.messages.count()
    tap(bubble, "Long")
    expect(bubble).to_contain_text("PAPER · BTC/USDT long")
    expect(bubble).to_contain_text("of equity")
    tap(bubble, "x2")
    expect(bubble).to_contain_text("✓ x2")
    tap(bubble, "Open")
    expect(bubble).to_contain_text("#1 · PAPER · BTC/USDT long")
    tap(bubble, "Close half")
    expect(bubble).to_contain_text(re.compile(r"Fees 0\.\d\d"))
    tap(bubble, "Close")
    expect(bubble).to_contain_text("closed by you")
    assert chat.messages.count() == seen
    assert not chat.overflows()


def test_the_export_can_be_downloaded(start_sandbox: StartSandbox, open_tab: OpenTab) -> None:
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=PHONE).open(TOM, TOM)
    begin(chat)
    silence(chat)
    tap(answer_to(chat, "long btc 100"), "Open")
    sent = answer_to(chat, "/export")
    with chat.page.expect_download() as archive:
        sent.get_by_test_id("document").click()
    assert archive.value.suggested_filename.startswith("perpetuum-paper-")
    seen = chat.messages.count()
    tap(sent, "ledger.csv")
    expect(chat.messages).to_have_count(seen + 1)
    expect(chat.messages.last.get_by_test_id("document")).to_contain_text("ledger.csv")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_screen_of_trades_fits_a_phone(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot, language: str
) -> None:
    """Each screen is looked at in each theme and language; the pictures are kept."""
    words = WORDS[language]
    sandbox = start_sandbox("--speed", "1")
    chat = open_tab(sandbox.url, viewport=PHONE).open(TOM, TOM)
    begin(chat, words["language"], words["risk"])
    silence(chat)
    look = looks_of(chat, screenshot, "paper", language)

    answer_to(chat, "/trade btc")
    look("side")
    offer = answer_to(chat, "long btc 300 x3")
    look("offer")
    tap(offer, words["open"])
    expect(offer).to_contain_text("#1 · PAPER")
    look("living")
    tap(offer, words["half"])
    _new_picture(chat, lambda: tap(offer, words["chart"]))
    look("chart")
    questions = (
        "/trades",
        "/portfolio",
        "/close btc",
        "/export",
        "/reset",
        "/trade bct long 100",
        "/help trading",
    )
    for question in questions:
        answer_to(chat, question)
        look(re.sub(r"\W+", "-", question).strip("-"))


def _new_picture(chat: ChatPage, ask: Callable[[], None]) -> None:
    seen = chat.messages.count()
    ask()
    expect(chat.messages).to_have_count(seen + 1)
