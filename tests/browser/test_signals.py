"""Signals as a person reads them on a phone: recorded markets, proposals made by the real rules."""

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from engines.signals.proposal import Proposal
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.test_desk import answer_to, begin
from tests.browser.wire import ANNA, TOM, Control
from tests.build.markets import an_instrument
from tests.build.needs import missing
from tests.build.signal_desk import lay, real_proposals, weekly

NOW = datetime(2025, 4, 28, 15, 10, tzinfo=UTC)
BEFORE = timedelta(hours=5)
COINS = ("BTC", "ETH", "SOL")
WEEKS = 20
WARM_WITHIN_S = 120.0
ASKED_EVERY_S = 2.0

WORDS = {
    "en": {
        "language": "English",
        "risk": "Balanced",
        "why": "Why",
        "chart": "Chart",
        "trade": "Paper trade",
        "mute": "Mute 4h",
        "signal": "Signal",
        "coins": "Coins",
        "filter": "/filters btc eth long 1h only strong",
    },
    "ru": {
        "language": "Русский",
        "risk": "Средне",
        "why": "Почему",
        "chart": "График",
        "trade": "Сделка на бумаге",
        "mute": "Тихо 4 ч",
        "signal": "Сигнал",
        "coins": "Монеты",
        "filter": "/filters btc eth лонг 1ч только сильные",
    },
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """A sandbox whose desk follows these signals, the one of Bitcoin among them; the clock stands still."""

    sandbox: SandboxProcess
    bitcoin: Proposal


@pytest.fixture(scope="module")
def proposals(shared_data: Path) -> list[Proposal]:
    """The last signal of each coin before `NOW`."""
    stop_ms = int(NOW.timestamp() * 1000)
    start_ms = stop_ms - int(BEFORE.total_seconds() * 1000)
    if not (shared_data / "ohlcv" / "binance_BTCUSDT_5m.csv.gz").exists():
        missing("binance_BTCUSDT_5m.csv.gz")
    instruments = [an_instrument(base, tick=Decimal("0.01")) for base in COINS]
    return [real_proposals(shared_data, one, start_ms, stop_ms)[-1] for one in instruments]


@pytest.fixture(scope="module")
def laid(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory, proposals: list[Proposal]
) -> tuple[tuple[str, ...], Path]:
    """The arguments of a sandbox of recorded markets, and its state with signals in the desk and a record
    behind them."""
    begin_at, state = f"{NOW:%Y-%m-%dT%H:%M}", tmp_path_factory.mktemp("laid")
    replayed = ("--replay", str(shared_data), "--from", begin_at, "--speed", "0")
    SandboxProcess(*replayed, "--state", str(state)).stop()
    ended = [old for one in proposals for old in weekly(one, WEEKS)]
    lay(state, sorted(proposals, key=lambda one: one.created_at), ended)
    return replayed, state


@pytest.fixture
def seeded(
    start_sandbox: StartSandbox,
    tmp_path: Path,
    laid: tuple[tuple[str, ...], Path],
    proposals: list[Proposal],
) -> Seeded:
    """A world of its own that goes on from there."""
    replayed, state = laid
    shutil.copytree(state, tmp_path / "state")
    sandbox = start_sandbox(*replayed, "--state", str(tmp_path / "state"))
    warm(Control(sandbox.url))
    return Seeded(sandbox, proposals[0])


def warm(control: Control) -> None:
    """Ask until a card comes with its picture: what is compiled and filled at the start is then done."""
    ends = time.monotonic() + WARM_WITHIN_S
    while not any(one["photo"] for one in control.messages(ANNA)):
        assert time.monotonic() < ends, "the desk draws no card"
        control.say(ANNA, "/signal btc")
        time.sleep(ASKED_EVERY_S)


def tap(bubble: Locator, label: str) -> None:
    bubble.get_by_role("button", name=label, exact=True).click()


def new_answer(chat: ChatPage, ask: Callable[[], None]) -> Locator:
    """The message that an action brings."""
    seen = chat.messages.count()
    ask()
    expect(chat.messages).to_have_count(seen + 1)
    return chat.messages.last


def test_a_signal_is_read_and_traded_by_tapping(seeded: Seeded, open_tab: OpenTab) -> None:
    chat = open_tab(seeded.sandbox.url, viewport=PHONE).open(TOM, TOM)
    begin(chat)
    card = answer_to(chat, "/signal btc")
    expect(card).to_contain_text("▲ BTC/USDT · LONG · 1h")
    expect(card).to_contain_text("Confidence 71 %, strong")

    tap(card, "Chart")  # in place of the card, and back
    expect(card).to_contain_text("Candles of 1h")
    tap(card, "4h")
    expect(card).to_contain_text("Candles of 4h")
    tap(card, "Signal")
    expect(card).to_contain_text("Size")

    why = new_answer(chat, lambda: tap(card, "Why"))
    expect(why).to_contain_text(re.compile(r"\d+ of 20 rules hold"))
    muted = new_answer(chat, lambda: tap(card, "Mute 4h"))
    expect(muted).to_contain_text("no signals until 28 Apr 19:10")
    tap(muted, "Unmute")
    expect(muted).to_contain_text("signals come again")

    offer = new_answer(chat, lambda: tap(card, "Paper trade"))
    expect(offer).to_contain_text("PAPER · BTC/USDT long")
    tap(offer, "Open")
    expect(offer).to_contain_text("#1 · PAPER · BTC/USDT long")
    assert not chat.overflows()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_screen_of_signals_fits_a_phone(
    seeded: Seeded, open_tab: OpenTab, screenshot: Screenshot, language: str
) -> None:
    """Each screen is looked at in each theme and language; the pictures are kept."""
    words = WORDS[language]
    chat = open_tab(seeded.sandbox.url, viewport=PHONE).open(TOM, TOM)
    begin(chat, words["language"], words["risk"])
    look = looks_of(chat, screenshot, "signal", language)

    card = answer_to(chat, "/signal btc")
    expect(card).to_contain_text("BTC/USDT")
    look("card")
    tap(card, words["chart"])
    expect(card.get_by_role("button", name="✓ 1h", exact=True)).to_be_visible()
    look("chart")
    tap(card, words["signal"])
    expect(card.get_by_role("button", name=words["trade"], exact=True)).to_be_visible()
    new_answer(chat, lambda: tap(card, words["why"]))
    look("why")
    new_answer(chat, lambda: tap(card, words["mute"]))
    look("muted")
    answer_to(chat, "/signals")
    look("list")
    answer_to(chat, "/signal doge 1h")
    look("look")
    answer_to(chat, "/whynot xrp 1h")
    look("whynot")
    record = answer_to(chat, "/record")
    look("record")
    tap(record, words["coins"])
    expect(record).to_contain_text("SOL")
    look("record-coins")
    answer_to(chat, words["filter"])
    look("filters")
