"""`/screen`."""

from datetime import datetime, timedelta

import pytest

from engines.core.side import Direction
from engines.signals.screen import Pick
from ports.messages import Screen
from services.screener import SCREEN_FACT, Progress
from services.screening.day_screen import written
from tests.build.clock import NOON
from tests.build.screening import a_day_screen, a_pick
from tests.build.screens import COINS, TOM, VERA, ScreenDesk, data_of, labels


async def have(desk: ScreenDesk, *picks: Pick, at: datetime = NOON) -> None:
    """The desk starts with that screen."""
    await desk.stores.facts.put(SCREEN_FACT, written(a_day_screen(*picks, at=at)))
    await desk.services.screener.load()


def table(screen: Screen) -> list[str]:
    return screen.html.partition("<pre>")[2].partition("</pre>")[0].splitlines()


async def test_the_coins_of_the_day_with_scores_prices_and_reasons(desk: ScreenDesk) -> None:
    await have(desk, a_pick("SOL"), a_pick("PEPE", direction=Direction.SHORT), a_pick("ETH", direction=None))

    screen = await desk.type("/screen")

    assert "Coins of the day" in screen.html
    rows = table(screen)
    assert [row.split()[:4] for row in rows] == [
        ["1", "▲", "SOL", "86"],
        ["2", "▼", "PEPE", "86"],
        ["3", "•", "ETH", "86"],
    ]
    assert {len(row) for row in rows} == {34}
    assert "trend up on 1d and 4h, ADX 31 and 27" in screen.html
    assert "pulled back and turning: RSI 4h 42" in screen.html
    assert "volume 1.8× its average" in screen.html
    assert "Of 412 pairs against USDT 131 were ranked" in screen.html
    assert "little turnover 250, wide spread 12" in screen.html
    assert "not of today" not in screen.html


@pytest.mark.parametrize("text", ["screener", "скринер", "монеты дня", "/screen", "подборка"])
async def test_words_open_it(desk: ScreenDesk, text: str) -> None:
    await have(desk, a_pick("SOL"))
    assert table(await desk.type(text))


async def test_each_coin_leads_to_its_signal_or_its_chart(desk: ScreenDesk) -> None:
    await have(desk, a_pick("SOL"), a_pick("ETH"))
    screen = await desk.type("/screen")
    assert labels(screen) == ["✓ Signals", "Charts", "SOL", "ETH"]
    assert data_of(screen, "SOL") == "now:signal SOLUSDT"

    charts = await desk.tap(data_of(screen, "Charts"))

    assert labels(charts) == ["Signals", "✓ Charts", "SOL", "ETH"]
    assert (await desk.tap(data_of(charts, "SOL"))).photo is not None


async def test_a_trader_may_have_it_made_anew_and_not_too_often(desk: ScreenDesk) -> None:
    await have(desk, a_pick("SOL"), at=NOON - timedelta(minutes=5))
    screen = await desk.type("/screen", by=TOM)
    refresh = data_of(screen, "Refresh")

    refused = await desk.press(refresh, by=TOM)
    assert refused.screen is not None
    assert "10 min" in refused.screen.html
    desk.clock.move(600)
    assert table(await desk.tap(refresh, by=TOM))
    denied = await desk.press(refresh, by=VERA)
    assert denied.screen is not None
    assert "Your role does not allow that" in denied.screen.html


async def test_yesterdays_is_shown_as_such_while_todays_is_made(desk: ScreenDesk) -> None:
    await have(desk, a_pick("SOL"), at=NOON - timedelta(days=1))
    desk.services.screener.progress = Progress(34, 131)
    screen = await desk.type("/screen")
    assert "not of today" in screen.html
    assert "Today's is being made: 34 of 131 markets read." in screen.html.replace("&#39;", "'")
    assert labels(screen)[:3] == ["✓ Signals", "Charts", "Refresh"]


@pytest.mark.parametrize(
    ("progress", "has_failed", "said"),
    [
        (None, False, "begins in a moment"),
        (Progress(0, 0), False, "is being made."),
        (Progress(3, 40), False, "3 of 40 markets read"),
        (None, True, "could not be made"),
    ],
)
async def test_before_the_first_one_it_says_how_things_stand(
    desk: ScreenDesk, progress: Progress | None, has_failed: bool, said: str
) -> None:
    desk.services.screener.progress, desk.services.screener.has_failed = progress, has_failed
    screen = await desk.type("/screen")
    assert said in screen.html
    assert labels(screen) == ["Refresh"]
    assert data_of(screen, "Refresh") == "sk:s"


async def test_a_day_on_which_nothing_passed_is_told(desk: ScreenDesk) -> None:
    await have(desk)
    screen = await desk.type("/screen")
    assert "No market was worth it." in screen.html
    assert "Of 412 pairs" in screen.html
    assert labels(screen) == []


async def test_a_market_that_is_gone_since_keeps_its_row(desk: ScreenDesk) -> None:
    await have(desk, a_pick("GONE"), a_pick("SOL"))
    rows = table(await desk.type("/screen"))
    assert rows[0].split() == ["1", "▲", "GONE", "86", "–", "–"]
    assert {len(row) for row in rows} == {34}


async def test_in_russian_with_ten_coins_it_fits_a_message(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, language="ru")
    await have(desk, *(a_pick(base) for base in COINS[:10]))
    screen = await desk.type("/screen")
    assert "Монеты дня" in screen.html
    assert "откат закончился" in screen.html
    assert max(len(row) for row in table(screen)) <= 34
    assert len(screen.html) < 4096
