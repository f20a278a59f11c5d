"""Alerts on indicators as a person arms them: shown in words, armed by a tap, on a phone."""

import pytest
from playwright.sync_api import expect

from engines.indicators.rehearsal import rehearse
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.test_desk import answer_to, begin, silence
from tests.browser.wire import TOM

WORDS = {
    "en": {
        "language": "English",
        "risk": "Balanced",
        "wish": "/alert eth rsi14 1h < 30 and close > ema200",
        "other": "btc macd crosses above signal 15m or volume > 2x",
        "unknown": "/alert btc rsii14 < 30 and rsi > 2",
        "arm": "Arm",
        "repeat": "Repeat 4 h",
        "is_armed": "armed",
    },
    "ru": {
        "language": "Русский",
        "risk": "Средне",
        "wish": "алерт эфир rsi ниже 30 и цена выше ema200 1ч",
        "other": "биток macd пересекает сигнальную снизу вверх 15м или объём больше 2х среднего",
        "unknown": "/alert btc rsii14 < 30 и rsi > 2",
        "arm": "Включить",
        "repeat": "Повтор 4 ч",
        "is_armed": "включено",
    },
}


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    """The kernels are on disk: compiling them takes longer than a page waits for an answer."""
    rehearse()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_screen_of_alerts_on_indicators_fits_a_phone(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot, language: str
) -> None:
    """Each screen is looked at in each theme and language; the pictures are kept."""
    words = WORDS[language]
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=PHONE).open(TOM, TOM)
    begin(chat, words["language"], words["risk"])
    silence(chat)
    look = looks_of(chat, screenshot, "alert", language)
    offer = answer_to(chat, words["wish"])
    expect(offer).to_contain_text("EMA 200")
    look("offer")
    offer.get_by_role("button", name=words["arm"], exact=True).click()
    expect(offer).to_contain_text(words["is_armed"])
    look("armed")
    second = answer_to(chat, words["other"])
    look("offer-two")
    second.get_by_role("button", name=words["repeat"], exact=True).click()
    expect(second).to_contain_text(words["is_armed"])
    expect(answer_to(chat, "/alerts")).to_contain_text("#2 BTC")
    look("list")
    answer_to(chat, words["unknown"])
    look("unknown")
    answer_to(chat, "/alert")
    look("teach")
