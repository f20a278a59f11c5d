"""The daily summary: what it tells, of which day, and that a day is pushed once."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from engines.core.side import Direction
from handlers.notices import daily_summary
from handlers.ui.summary_view import summary_screen
from ports.books import EquityPoint
from ports.errors import Transient
from ports.people import Noise
from services.trading.wish import Wish
from tests.build.clock import NOON
from tests.build.markets import a_perp_ticker
from tests.build.screening import a_day_screen, a_pick
from tests.build.screens import TOM, VERA, ScreenDesk, data_of, labels

TODAY = NOON.date()
HOUR_S = 3600
LONG = Wish(symbol="BTC", direction=Direction.LONG, notional=Decimal(100))


async def summary(desk: ScreenDesk, *, by: int = TOM, day: date = TODAY) -> str:
    """Its text without markup."""
    return re.sub("<.*?>", "", (await summary_screen(desk.services, desk.person(by), day)).html)


async def test_a_day_without_trades_says_so(desk: ScreenDesk) -> None:
    html = await summary(desk)

    assert "Your day · PAPER · 4 Mar" in html
    assert "0.00 USDT today · equity 1,000.00" in html
    assert "No trades that day." in html
    assert "Nothing is open." in html


async def test_the_first_coins_of_the_day_are_named_where_they_are_known(desk: ScreenDesk) -> None:
    assert "Coins of the day" not in await summary(desk)
    shorted = a_pick("ADA", direction=Direction.SHORT)
    desk.services.screener.latest = a_day_screen(a_pick("SOL"), shorted, a_pick("ETH"), a_pick("XRP"))

    assert "Coins of the day: ▲ SOL, ▼ ADA, ▲ ETH · /screen" in await summary(desk)
    assert "Coins of the day" not in await summary(desk, day=TODAY - timedelta(days=1))


async def test_a_day_with_trades_tells_their_number_result_and_risk(desk: ScreenDesk) -> None:
    tom, trades = desk.person(TOM), desk.services.trades
    first = await trades.open(tom, LONG, key="1", chat_id=TOM, message_id=None)
    await trades.close(tom, first.id, key="2")
    await trades.open(tom, LONG, key="3", chat_id=TOM, message_id=None)

    html = await summary(desk)

    assert "Opened 2, closed 1 · won 0 · −0." in html
    assert "1 open position · " in html
    assert "at risk 87.22 USDT" in html  # a thousandth of a coin, without a stop
    assert "Opened" not in await summary(desk, by=VERA)


async def test_one_that_comes_after_midnight_tells_of_the_day_that_it_is_for(desk: ScreenDesk) -> None:
    await desk.services.people.change(TOM, zone="Europe/Berlin")
    tom, trades = desk.person(TOM), desk.services.trades
    trade = await trades.open(tom, LONG, key="1", chat_id=TOM, message_id=None)
    await trades.close(tom, trade.id, key="2")
    for hours, equity in ((1, 1010), (10, 1025), (12, 1500)):  # midnight is at 23:00 UTC
        at = NOON + timedelta(hours=hours)
        await trades.register.books.add_equity([EquityPoint(owner=TOM, at=at, equity=Decimal(equity))])
    desk.clock.move(12.5 * HOUR_S)

    yesterday = await summary(desk)
    today = await summary(desk, day=TODAY + timedelta(days=1))

    assert "Your day · PAPER · 4 Mar" in yesterday
    assert "+25.00 USDT that day" in yesterday
    assert "Opened 1, closed 1" in yesterday
    assert "today" in today
    assert "No trades that day." in today


async def test_a_price_that_is_too_old_is_asked_for_first(desk: ScreenDesk) -> None:
    await desk.services.trades.open(desk.person(TOM), LONG, key="1", chat_id=TOM, message_id=None)
    desk.clock.move(HOUR_S)
    desk.source.failure = Transient("silent", kind="network")
    assert "A price is missing" in await summary(desk)

    desk.source.failure = None
    desk.source.perp_prices["BTCUSDT"] = a_perp_ticker(at=desk.clock.now())

    assert "· equity 9" in await summary(desk)


async def test_its_buttons_lead_on(desk: ScreenDesk) -> None:
    screen = await summary_screen(desk.services, desk.person(TOM), TODAY)

    for label in labels(screen):
        assert not (await desk.press(data_of(screen, label), by=TOM)).is_error


@pytest.mark.parametrize("noise", Noise)
async def test_the_summary_of_a_day_is_pushed_once(desk: ScreenDesk, noise: Noise) -> None:
    person = await desk.services.people.change(TOM, noise=noise)

    for days in (0, 0, 1):
        await daily_summary(desk.services, person, TODAY + timedelta(days=days))
    await desk.services.outbox.deliver()

    assert [sent.chat_id for sent in desk.messenger.sent] == [TOM, TOM]
    assert "4 Mar" in desk.messenger.sent[0].screen.html
    assert "5 Mar" in desk.messenger.sent[1].screen.html
    assert desk.messenger.sent[0].is_silent is (noise is Noise.QUIET)
