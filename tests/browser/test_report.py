"""The page of curves of a backtest, as a phone and a desktop show it, without a network."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from adapters.reports.page import page as page_of
from tests.browser.conftest import DESKTOP, PHONE, TakeScreenshot
from tests.build.reports import a_report
from tests.build.screens import the_rendering


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`equity.html` of a run of two markets."""
    path = tmp_path_factory.mktemp("report") / "equity.html"
    path.write_bytes(page_of(a_report(days=400, symbols=("BTCUSDT", "ETHUSDT"))))
    return path


@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("desktop", DESKTOP)])
@pytest.mark.parametrize(("scheme", "ground"), [("dark", "rgb(19, 23, 34)"), ("light", "rgb(255, 255, 255)")])
def test_the_curves_are_drawn_in_the_colours_of_the_reader(
    browser: Browser,
    file: Path,
    screenshot: TakeScreenshot,
    name: str,
    viewport: ViewportSize,
    scheme: str,
    ground: str,
) -> None:
    is_phone = name == "phone"
    context = browser.new_context(
        viewport=viewport,
        color_scheme="light" if scheme == "light" else "dark",
        has_touch=is_phone,
        is_mobile=is_phone,
        offline=True,
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text))
    page.goto(file.as_uri())
    page.wait_for_selector("#chart .main-svg")
    assert page.locator("#chart .scatterlayer .trace").count() == 5
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    assert _range_follows(page)
    screenshot(page, f"report_{name}_{scheme}")
    context.close()
    assert problems == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_russian_page_fits_a_phone(
    browser: Browser, tmp_path: Path, screenshot: TakeScreenshot, scheme: str
) -> None:
    report = a_report(days=400, symbols=("BTCUSDT", "ETHUSDT"))
    path = tmp_path / "equity.html"
    path.write_bytes(page_of(replace(report, language=the_rendering().report_language("ru"))))
    context = browser.new_context(
        viewport=PHONE, color_scheme="light" if scheme == "light" else "dark", is_mobile=True, offline=True
    )
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("#chart .main-svg")
    texts = page.locator("#chart .annotation-text, #chart .rangeselector text").all_text_contents()
    assert {"Просадка", "6 мес", "все"} <= set(texts)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tiles = "[...document.querySelectorAll('dl *')].every(one => one.scrollWidth <= one.clientWidth + 1)"
    assert page.evaluate(tiles)
    screenshot(page, f"report_russian_{scheme}")
    context.close()


def _range_follows(page: Page) -> bool:
    """Whether the money axis fits what is in view after one looks at the last month."""
    before = page.evaluate("chart.layout.yaxis.range.slice()")
    page.locator("#chart .rangeselector .button").first.click()
    page.wait_for_function("before => chart.layout.yaxis.range.join() !== before.join()", arg=before)
    after = page.evaluate("chart.layout.yaxis.range")
    return bool(after[1] - after[0] < before[1] - before[0])
