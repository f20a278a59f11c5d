"""`/backtest` as people see it on a phone: offered, under way, cancelled, refused, done."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.test_desk import answer_to, begin, silence
from tests.browser.wire import TOM

PATIENCE_MS = 150_000
LOOKS = {
    "en": {
        "language": "English",
        "risk": "Balanced",
        "cancel": "Cancel",
        "cancelled": "Cancelled.",
        "result": "BACKTEST",
        "details": "Details",
        "chapter": "Beside holding",
        "theme": "Dark",
        "back": "✓ Dark",
        "unknown": "No strategy",
    },
    "ru": {
        "language": "Русский",
        "risk": "Средне",
        "cancel": "Отмена",
        "cancelled": "Отменён.",
        "result": "БЭКТЕСТ",
        "details": "Подробности",
        "chapter": "Рядом с удержанием",
        "theme": "Светлые",
        "back": "✓ Светлые",
        "unknown": "Нет стратегии",
    },
}


@pytest.fixture
def synthetic(start_sandbox: StartSandbox) -> SandboxProcess:
    """A synthetic market of fifty coins at the speed of life, with two years of history coming in."""
    return start_sandbox("--seed", "7")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sees_tables", [False, True])
@pytest.mark.parametrize("language", LOOKS)
def test_a_backtest_on_a_phone(
    synthetic: SandboxProcess, open_tab: OpenTab, screenshot: Screenshot, language: str, sees_tables: bool
) -> None:
    words = LOOKS[language]
    chat = open_tab(synthetic.url, viewport=PHONE).open(TOM, TOM)
    look = looks_of(chat, screenshot, "backtest", f"{language}-{'rich' if sees_tables else 'classic'}")
    begin(chat, words["language"], words["risk"], sees_tables=sees_tables)
    silence(chat)
    answer_to(chat, "/settings").get_by_role("button", name=words["theme"]).click()
    expect(chat.page.get_by_role("button", name=words["back"])).to_be_visible()
    expect(answer_to(chat, "/backtest")).to_contain_text("/backtest sma 2y btc eth")
    look("home")
    expect(answer_to(chat, "/backtest momentum")).to_contain_text(words["unknown"])
    look("unknown")

    under_way = answer_to(chat, "/backtest sma 2y btc eth sol")
    expect(under_way).to_contain_text("▰", timeout=PATIENCE_MS)
    look("progress")
    under_way.get_by_role("button", name=words["cancel"]).click()
    expect(under_way).to_contain_text(words["cancelled"])
    look("cancelled")

    answer_to(chat, "/backtest sma 2y btc")
    result = chat.messages.filter(has_text=f"BTC · 2 {'years' if language == 'en' else 'года'}").filter(
        has=chat.page.get_by_role("button", name=words["details"])
    )
    expect(result).to_be_visible(timeout=PATIENCE_MS)
    expect(result.locator("img")).to_be_visible()
    expect(chat.messages.last).to_contain_text(".html")
    look("result")
    result.evaluate("one => one.scrollIntoView({block: 'start'})")
    look("picture")
    result.get_by_role("button", name=words["details"]).click()
    expect(chat.messages.filter(has_text=words["chapter"]).last).to_be_visible()
    look("details")
