"""The desk as a newcomer meets it: recorded candles, the real bot, everything by clicking in the page."""

import csv
import gzip
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import DESKTOP, PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.wire import ADMINS, ANNA, SAM, TOM, Control

START = datetime(2025, 4, 1, tzinfo=UTC)
FIVE_MINUTES_MS = 300_000
TABLES = {
    "English": {True: "I see a table", False: "No table"},
    "Русский": {True: "Вижу таблицу", False: "Таблицы нет"},
}
_PRICE = re.compile(r"([\d,]+\.\d\d)")


@pytest.fixture
def replay(start_sandbox: StartSandbox, shared_data: Path) -> SandboxProcess:
    """Recorded candles from the first of April 2025, standing still."""
    return start_sandbox("--replay", str(shared_data), "--from", f"{START:%Y-%m-%d}", "--speed", "0")


def recorded_bar(shared_data: Path, symbol: str, time_ms: int) -> dict[str, float]:
    """One five-minute candle as recorded."""
    with gzip.open(shared_data / "ohlcv" / f"binance_{symbol}_5m.csv.gz", "rt", encoding="ascii") as file:
        for row in csv.DictReader(file):
            if int(row["timestamp_ms"]) == time_ms:
                return {name: float(row[name]) for name in ("open", "high", "low", "close")}
    raise AssertionError(f"no bar of {symbol} at {time_ms}")


def begin(
    chat: ChatPage, language: str = "English", risk: str = "Balanced", *, sees_tables: bool | None = False
) -> None:
    """Onboarding in four taps; with `sees_tables` `None` the last question stays open."""
    chat.part("start").click()
    chat.page.get_by_role("button", name=language, exact=True).click()
    chat.page.get_by_role("button", name=risk, exact=True).click()
    expect(chat.part("pinned")).to_be_visible()
    expect(chat.part("rich")).to_be_visible()
    if sees_tables is not None:
        answer = TABLES[language][sees_tables]
        chat.page.get_by_role("button", name=answer, exact=True).click()
        expect(chat.part("rich")).to_have_count(0)


def silence(chat: ChatPage) -> None:
    """No signal is pushed any more, so that the message behind a question is its answer."""
    chat.write("/filters off")
    expect(chat.messages.filter(has_text="/filters btc eth").last).to_be_visible()


def answer_to(chat: ChatPage, text: str) -> Any:
    """The bot's message that follows what is written now."""
    seen = chat.messages.count()
    chat.write(text)
    answer = chat.messages.nth(seen + 1)
    expect(answer).to_be_visible()
    return answer


def test_prices_and_charts_in_the_page_are_those_recorded(
    replay: SandboxProcess, open_tab: OpenTab, shared_data: Path, screenshot: Screenshot
) -> None:
    chat = open_tab(replay.url, viewport=PHONE).open(TOM, TOM)
    begin(chat)
    price = answer_to(chat, "биткоин")
    expect(price).to_contain_text("BTC/USDT")
    shown = float(_PRICE.search(price.inner_text())[1].replace(",", ""))  # type: ignore[index]  # fails the test
    bar = recorded_bar(shared_data, "BTCUSDT", int(START.timestamp() * 1000))
    assert bar["low"] <= shown <= bar["high"]
    screenshot(chat.page, "desk-price-phone-dark")
    price.get_by_role("button", name="Chart", exact=True).click()
    picture = chat.messages.last
    expect(picture.locator("img")).to_be_visible()
    expect(picture).to_contain_text("BTC/USDT · 1h")
    picture.get_by_role("button", name="4h", exact=True).click()
    expect(picture).to_contain_text("BTC/USDT · 4h")
    expect(picture.get_by_role("button", name="✓ 4h")).to_be_visible()
    chat.settle()
    screenshot(chat.page, "desk-chart-phone-dark")
    picture.locator("img").click()
    chat.settle()
    screenshot(chat.page, "desk-chart-open-phone-dark")
    chat.page.keyboard.press("Escape")
    status = answer_to(chat, "/status")
    expect(status).to_contain_text("1 Apr 2025")
    expect(status).to_contain_text("Bybit stream")
    assert not chat.overflows()


def test_the_clock_moves_and_the_price_with_it(
    replay: SandboxProcess, open_tab: OpenTab, shared_data: Path
) -> None:
    chat = open_tab(replay.url).open(TOM, TOM)
    begin(chat)
    answer_to(chat, "eth")
    chat.part("clock-plus-hour").click()
    expect(chat.part("clock")).to_contain_text("01:00")
    refreshed = chat.messages.last
    refreshed.get_by_role("button", name="Refresh", exact=True).click()
    later_ms = int(START.timestamp() * 1000) + 12 * FIVE_MINUTES_MS
    bar = recorded_bar(shared_data, "ETHUSDT", later_ms)

    def is_recorded() -> bool:
        found = _PRICE.search(refreshed.inner_text())
        return found is not None and bar["low"] <= float(found[1].replace(",", "")) <= bar["high"]

    for _ in range(50):
        if is_recorded():
            break
        chat.page.wait_for_timeout(100)
    assert is_recorded()


@pytest.mark.parametrize(("size", "viewport"), [("phone", PHONE), ("desktop", DESKTOP)])
@pytest.mark.parametrize("language", ["English", "Русский"])
def test_every_screen_fits(
    browser: Browser,
    start_sandbox: StartSandbox,
    open_tab: OpenTab,
    screenshot: Screenshot,
    size: str,
    viewport: ViewportSize,
    language: str,
) -> None:
    """Each screen is looked at in each width, theme and language; the pictures are kept."""
    short = {"English": "en", "Русский": "ru"}[language]
    chat = open_tab(start_sandbox("--speed", "1").url, viewport=viewport).open(TOM, TOM)
    look = looks_of(chat, screenshot, "screen", f"{short}-{size}")
    look("empty")
    begin(chat, language, {"en": "Balanced", "ru": "Средне"}[short])
    look("welcome")
    silence(chat)
    questions = (
        "/settings",
        "btc",
        "/top",
        "/help",
        "/status",
        "/users",
        "price bct",
        "/watch sol btc",
        "eth 4h",
    )
    for question in questions:
        answer_to(chat, question)
        look(re.sub(r"\W+", "-", question).strip("-"))


def test_an_admin_lets_a_stranger_in_by_button(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot
) -> None:
    url = start_sandbox().url
    Control(url).say(SAM, "hello?")
    chat = open_tab(url, viewport=PHONE).open(ANNA, ADMINS)
    notice = chat.messages.last
    expect(notice).to_contain_text("Somebody unknown wrote to me")
    screenshot(chat.page, "desk-stranger-phone-dark")
    notice.get_by_role("button", name="Viewer", exact=True).click()
    expect(notice).to_contain_text("Decided by Anna")
    chat.open(SAM, SAM)
    expect(chat.messages.last).to_contain_text("You are in as viewer")
    chat.messages.last.get_by_role("button", name="Begin", exact=True).click()
    expect(chat.messages.last).to_contain_text("Which language do you prefer?")
