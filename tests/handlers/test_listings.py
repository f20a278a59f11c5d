"""Pushes about new markets: to whom, how loud, in which words."""

from decimal import Decimal

from engines.core.instrument import Instrument
from handlers.listings import listed
from ports.messages import OutboundMessage
from ports.people import Noise
from services.listings import NewMarkets
from tests.build.clock import NOON
from tests.build.markets import a_ticker, an_instrument
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, labels

NEW = an_instrument("NEWC", tick=Decimal("0.0001"))


async def news(desk: ScreenDesk, *instruments: Instrument, has_price: bool = True) -> NewMarkets:
    """News of markets that the venue lists now."""
    desk.source.listed.extend(instruments)
    for one in instruments if has_price else ():
        desk.source.prices[one.symbol] = a_ticker(one.symbol, "2.5", turnover_24h=Decimal(1_200_000))
    desk.services.markets.learn(desk.source.listed)
    quotes = {one.symbol: await desk.services.markets.quote(one.symbol) for one in instruments if has_price}
    return NewMarkets(instruments=instruments, quotes=quotes, found_at=NOON, is_summary=len(instruments) > 10)


def pushes(desk: ScreenDesk, person: int) -> list[OutboundMessage]:
    return [push.row.message for push in desk.stores.outbox.pushes if push.row.message.chat_id == person]


async def test_everybody_hears_it_once_with_price_volume_and_ways_on(desk: ScreenDesk) -> None:
    found = await news(desk, NEW)
    await listed(desk.services, found)
    await listed(desk.services, found)

    (told,) = pushes(desk, TOM)
    assert "NEWC/USDT" in told.screen.html
    assert "new on Bybit" in told.screen.html
    assert "2.5000" in told.screen.html
    assert "volume so far 1.20M USDT" in told.screen.html
    assert labels(told.screen) == ["Chart", "Watch", "Trade"]
    (seen,) = pushes(desk, VERA)
    assert labels(seen.screen) == ["Chart", "Watch"]


async def test_noise_decides_who_hears_it_and_how_loud(desk: ScreenDesk) -> None:
    await desk.services.people.change(ANN, noise=Noise.QUIET)
    await desk.services.people.change(TOM, noise=Noise.ALL)
    await listed(desk.services, await news(desk, NEW))
    assert pushes(desk, ANN) == []
    assert [one.is_silent for one in pushes(desk, TOM)] == [False]
    assert [one.is_silent for one in pushes(desk, VERA)] == [True]


async def test_who_has_not_come_in_or_cannot_be_reached_hears_nothing(desk: ScreenDesk) -> None:
    await desk.services.people.change(TOM, is_onboarded=False)
    await desk.services.people.change(VERA, is_reachable=False)
    await listed(desk.services, await news(desk, NEW))
    assert pushes(desk, TOM) == pushes(desk, VERA) == []


async def test_without_a_price_it_says_so(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, language="ru")
    await listed(desk.services, await news(desk, NEW, has_price=False))
    assert "It has no price yet." in pushes(desk, TOM)[0].screen.html
    assert "Цены пока нет." in pushes(desk, VERA)[0].screen.html


async def test_many_are_one_message(desk: ScreenDesk) -> None:
    many = [an_instrument(f"C{number:02}", tick=Decimal("0.0001")) for number in range(14)]
    await listed(desk.services, await news(desk, *many))
    (told,) = pushes(desk, TOM)
    assert "14 new markets on Bybit" in told.screen.html
    assert "C00, C01" in told.screen.html
    assert "C13" in told.screen.html
    assert len(labels(told.screen)) == 12


async def test_each_button_leads_somewhere(desk: ScreenDesk) -> None:
    await listed(desk.services, await news(desk, NEW))
    desk.source.bars = desk.source.bars.rows(-3, None)
    for row in pushes(desk, TOM)[0].screen.keyboard:
        for one in row:
            assert one.data is not None
            assert "NEWC" in (await desk.tap(one.data, by=TOM)).html
