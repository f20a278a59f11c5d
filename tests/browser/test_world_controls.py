"""The bar over the chat: clock, prices, faults."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import PHONE, OpenTab, TakeScreenshot
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.wire import Control


@pytest.fixture
def ready(chat: ChatPage) -> ChatPage:
    return chat.open()


def test_the_clock_pauses_hurries_and_leaps(ready: ChatPage, control: Control) -> None:
    ready.part("clock-pause").click()
    expect(ready.part("clock-pause")).to_have_attribute("aria-pressed", "true")
    before = control.state()["clock"]
    assert before["speed"] == 0
    ready.part("clock-plus-day").click()
    day_after = before["market_ms"] + 86_400_000
    shown = "node => Date.parse(node.querySelector('time').dateTime)"
    ready.page.wait_for_function(
        "then => Date.parse(document.querySelector('[data-testid=clock] time').dateTime) === then",
        arg=day_after,
    )
    assert ready.part("clock").evaluate(shown) == control.state()["clock"]["market_ms"]
    ready.part("clock-600x").click()
    expect(ready.part("clock-600x")).to_have_attribute("aria-pressed", "true")
    expect(ready.part("clock-pause")).to_have_attribute("aria-pressed", "false")
    ready.page.wait_for_function(
        "then => Date.parse(document.querySelector('[data-testid=clock] time').dateTime) > then",
        arg=day_after,
    )


def test_the_clock_can_be_turned_from_elsewhere(
    ready: ChatPage, outside_world: SandboxProcess, open_tab: OpenTab
) -> None:
    other = open_tab(outside_world.url, viewport=PHONE).open()
    other.part("clock-unfold").click()
    other.part("clock-60x").click()
    expect(ready.part("clock-60x")).to_have_attribute("aria-pressed", "true")
    expect(other.part("clock-unfold")).to_contain_text("60×")


def test_a_price_shock_shows_in_the_ticker(ready: ChatPage, control: Control) -> None:
    ready.part("clock-pause").click()
    expect(ready.part("clock-pause")).to_have_attribute("aria-pressed", "true")
    symbol = "ETHUSDT"
    last = next(float(market["last"]) for market in control.state()["markets"] if market["symbol"] == symbol)
    ready.part("faults").click()
    ready.part("shock-symbol").select_option(symbol)
    ready.part("shock-down").click()
    expect(ready.part("toast")).to_contain_text("ETH is")
    now = next(float(market["last"]) for market in control.state()["markets"] if market["symbol"] == symbol)
    assert now == pytest.approx(last * 0.95, rel=1e-3)
    whole, _, rest = f"{now:.2f}".partition(".")
    expect(ready.part(f"ticker-{symbol}")).to_contain_text(
        f"{int(whole):,}".replace(",", "\u202f") + f".{rest}"
    )


def test_fault_switches_follow_the_sandbox_both_ways(
    ready: ChatPage, control: Control, screenshot: TakeScreenshot
) -> None:
    ready.part("faults").click()
    for switch in ("telegram-down", "bybit-slow", "binance-429", "telegram-409"):
        ready.part(f"fault-{switch}").click()
        expect(ready.part(f"fault-{switch}")).to_have_attribute("aria-checked", "true")
    assert control.state()["faults"] == {
        "telegram": {"down": True, "status": 409},
        "bybit": {"delay_s": 3},
        "binance": {"status": 429, "retry_after": 5},
    }
    expect(ready.part("faults")).to_have_accessible_name("Faults, 4 on")
    screenshot(ready.page, "faults-desktop-dark")
    ready.part("fault-binance-429").click()
    expect(ready.part("faults")).to_have_accessible_name("Faults, 3 on")
    control.faults({"bybit": {"silent": True}})
    expect(ready.part("fault-bybit-silent")).to_have_attribute("aria-checked", "true")
    ready.part("faults-clear").click()
    expect(ready.part("faults")).to_have_accessible_name("Faults")
    assert control.state()["faults"] == {}


def test_the_page_works_while_every_service_is_down(ready: ChatPage, control: Control) -> None:
    control.faults({service: {"down": True} for service in ("telegram", "bybit", "binance", "clock")})
    ready.part("start").click()
    expect(ready.messages).to_have_count(1)
    expect(ready.part("banner")).to_be_hidden()
