"""`/top`."""

import re

import pytest

from tests.build.screens import COINS, ScreenDesk, a_screen_desk, data_of, labels


def coins(html: str) -> list[str]:
    return re.findall(r"^ ?\d+ (\S+)", html.partition("<pre>")[2], re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("/top", 10),
        ("top", 10),
        ("топ", 10),
        ("/top 3", 3),
        ("/top 20", 20),
        ("/top 0", 1),
        ("/top -5", 1),
        ("/top 1000", 28),
        ("/top 99999999999999999999", 28),
        ("/top ++5", 10),
        ("/top ٣", 3),
        ("/top five", 10),
        ("/top 5.5", 10),
        ("/top 5 5 7", 7),
    ],
)
async def test_numbers_are_taken_as_meant_and_kept_in_range(desk: ScreenDesk, text: str, count: int) -> None:
    assert coins((await desk.type(text)).html) == COINS[:count]


@pytest.mark.parametrize(
    ("text", "title", "first"),
    [
        ("/top up", "Gainers", "FIL"),
        ("/top 5 рост", "Gainers", "FIL"),
        ("gainers", "Gainers", "FIL"),
        ("Рост 5", "Gainers", "FIL"),
        ("/top down", "Losers", "XMR"),
        ("losers", "Losers", "XMR"),
        ("падение", "Losers", "XMR"),
        ("/top volume", "Biggest", "BTC"),
        ("лидеры", "Biggest", "BTC"),
    ],
)
async def test_words_choose_the_ranking(desk: ScreenDesk, text: str, title: str, first: str) -> None:
    screen = await desk.type(text)

    assert title in screen.html
    assert coins(screen.html)[0] == first


async def test_tabs_keep_the_number_and_mark_the_chosen_one(desk: ScreenDesk) -> None:
    screen = await desk.type("/top 5")
    assert labels(screen)[:3] == ["✓ Volume", "Gainers", "Losers"]

    screen = await desk.tap(data_of(screen, "Losers"))

    assert labels(screen)[:3] == ["Volume", "Gainers", "✓ Losers"]
    assert len(coins(screen.html)) == 5
    assert labels(screen)[3] == "XMR"


async def test_a_day_on_which_nothing_fell_is_told(desk: ScreenDesk) -> None:
    desk.source.prices = {name: one for name, one in desk.source.prices.items() if (one.change_24h or 0) > 0}
    fresh = await a_screen_desk(is_primed=False)
    fresh.source.prices = desk.source.prices
    await fresh.services.markets.quote("BTCUSDT")

    screen = await fresh.type("losers")

    assert "No market moved that way" in screen.html
    assert labels(screen) == ["Volume", "Gainers", "✓ Losers"]


async def test_stale_rows_are_starred_and_explained(desk: ScreenDesk) -> None:
    desk.clock.move(300)

    html = (await desk.type("/top 2")).html

    assert html.count("*\n") == 1
    assert "stale, up to 5 min old" in html
