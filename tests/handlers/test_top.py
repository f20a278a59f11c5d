"""`/top`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.decision import Decision
from services.signals import Signals
from tests.build.clock import NOON
from tests.build.markets import an_instrument
from tests.build.screens import COINS, ScreenDesk, a_screen_desk, data_of, labels


class Leaning(Signals):
    """Signals whose markets lean as a test says."""

    def __init__(self, *decisions: Decision) -> None:
        self._decisions = decisions

    def strongest(self, n: int) -> Sequence[Decision]:
        return self._decisions[:n]


def a_decision(base: str, direction: Direction | None, strength: float, confidence: float) -> Decision:
    """The last look at a market."""
    return Decision(
        instrument=an_instrument(base),
        timeframe=Timeframe.H1,
        at_ms=int(NOON.timestamp() * 1000),
        price=87_000.0,
        direction=direction,
        confidence=confidence,
        strength=strength,
        findings=(),
        gates=(),
        proposal=None,
    )


def lean(desk: ScreenDesk, *decisions: Decision) -> None:
    desk.services = replace(desk.services, signals=Leaning(*decisions))


SOME = (
    a_decision("SOL", Direction.LONG, 84.4, 0.737),
    a_decision("ADA", Direction.SHORT, 12.0, 0.71),
    a_decision("ETH", None, 55.0, 0.2),
)


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
    assert labels(screen)[:4] == ["Strength", "✓ Volume", "Gainers", "Losers"]

    screen = await desk.tap(data_of(screen, "Losers"))

    assert labels(screen)[:4] == ["Strength", "Volume", "Gainers", "✓ Losers"]
    assert len(coins(screen.html)) == 5
    assert labels(screen)[4] == "XMR"


async def test_a_day_on_which_nothing_fell_is_told(desk: ScreenDesk) -> None:
    desk.source.prices = {name: one for name, one in desk.source.prices.items() if (one.change_24h or 0) > 0}
    fresh = await a_screen_desk(is_primed=False)
    fresh.source.prices = desk.source.prices
    await fresh.services.markets.quote("BTCUSDT")

    screen = await fresh.type("losers")

    assert "No market moved that way" in screen.html
    assert labels(screen) == ["Strength", "Volume", "Gainers", "✓ Losers"]


async def test_stale_rows_are_starred_and_explained(desk: ScreenDesk) -> None:
    desk.clock.move(300)

    html = (await desk.type("/top 2")).html

    assert html.count("*\n") == 1
    assert "stale, up to 5 min old" in html


async def test_the_strongest_come_first_with_direction_strength_and_confidence(desk: ScreenDesk) -> None:
    lean(desk, *SOME)

    screen = await desk.type("/top")

    assert "Strongest" in screen.html
    rows = screen.html.partition("<pre>")[2].partition("</pre>")[0].splitlines()
    assert [row.split()[:4] for row in rows] == [
        ["▲", "SOL", "84", "74%"],
        ["▼", "ADA", "12", "71%"],
        ["•", "ETH", "55", "20%"],
    ]
    assert {len(row) for row in rows} == {34}
    assert labels(screen) == ["✓ Strength", "Volume", "Gainers", "Losers", "SOL", "ADA", "ETH"]
    assert data_of(screen, "SOL") == "now:signal SOLUSDT"
    assert (await desk.type("/top 2 volume")).html.count("\n") < screen.html.count("\n")


@pytest.mark.parametrize("text", ["/top 2", "/top strong 2", "топ 2 сильные"])
async def test_strength_is_the_usual_ranking(desk: ScreenDesk, text: str) -> None:
    lean(desk, *SOME)
    html = (await desk.type(text)).html
    assert len(re.findall(r"[▲▼•] [A-Z]", html)) == 2


async def test_while_no_strength_is_known_the_biggest_are_shown_and_it_says_why(desk: ScreenDesk) -> None:
    screen = await desk.type("/top")
    assert "No strength is known yet" in screen.html
    assert coins(screen.html)[0] == "BTC"
    assert "No strength is known yet" not in (await desk.type("/top volume")).html


async def test_a_market_without_a_price_is_left_out_of_the_strongest(desk: ScreenDesk) -> None:
    lean(desk, a_decision("GONE", Direction.LONG, 90.0, 0.9), SOME[0])
    assert labels(await desk.type("/top"))[4:] == ["SOL"]


async def test_long_prices_and_names_keep_the_columns(desk: ScreenDesk) -> None:
    last = "0.00001234"
    desk.source.prices["SHIBUSDT"] = replace(desk.source.prices["SHIBUSDT"], last=Decimal(last))
    lean(desk, a_decision("SHIB", Direction.LONG, 100.0, 1.0))
    row = (await desk.type("/top")).html.partition("<pre>")[2].partition("</pre>")[0]
    assert len(row) <= 35
    assert last in row
