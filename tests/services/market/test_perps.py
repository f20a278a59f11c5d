"""Perpetuals of a venue in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.core.perp import Funding, PerpTicker
from ports.errors import Refused, Stale, Transient
from services.market.options import MarketOptions
from services.market.perps import Perps
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, a_perp, a_perp_ticker, an_instrument

BRISK = MarketOptions(
    poll_s=0.01,
    universe_refresh_s=0.01,
    stream_review_s=0.01,
    patience_s=(),
    person_patience_s=(),
    backoff_s=(0.005, 0.01),
    answer_within_s=0.3,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def venue() -> FakeMarketSource:
    return FakeMarketSource(
        [an_instrument("BTC"), an_instrument("ETH")],
        perps=[a_perp("BTC"), a_perp("ETH"), a_perp("SOL")],
        perp_tickers=[a_perp_ticker("BTCUSDT", "87000"), a_perp_ticker("ETHUSDT", "2900")],
    )


@pytest.fixture
def perps(venue: FakeMarketSource, clock: HandClock) -> Perps:
    return Perps(venue, clock, BRISK)


@asynccontextmanager
async def running(perps: Perps) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(perps.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await perps.close()


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


async def test_the_list_is_asked_for_once_and_then_remembered(perps: Perps, venue: FakeMarketSource) -> None:
    assert perps.known("BTCUSDT") is None
    both = await asyncio.gather(perps.instrument("BTCUSDT"), perps.instrument("NOPEUSDT"))
    assert both[0] == a_perp("BTC")
    assert both[1] is None
    assert perps.known("BTCUSDT") == a_perp("BTC")
    assert venue.asked == ["perps"]


async def test_while_the_list_cannot_be_had_it_is_loading(perps: Perps, venue: FakeMarketSource) -> None:
    venue.failure = Transient("down")
    with pytest.raises(Refused) as refusal:
        await perps.instrument("BTCUSDT")
    assert refusal.value.code == "markets_loading"


async def test_a_fresh_ticker_is_not_asked_for_again(
    perps: Perps, venue: FakeMarketSource, clock: HandClock
) -> None:
    assert (await perps.fresh("BTCUSDT")).last == Decimal(87000)
    clock.move(10)
    await perps.fresh("BTCUSDT")
    assert venue.asked == ["perp_tickers"]
    clock.move(1)
    venue.perp_prices["BTCUSDT"] = a_perp_ticker("BTCUSDT", "87001", at=clock.now())
    assert (await perps.fresh("BTCUSDT")).last == Decimal(87001)


async def test_a_price_that_is_not_too_old_serves_while_the_venue_is_down(
    perps: Perps, venue: FakeMarketSource, clock: HandClock
) -> None:
    await perps.fresh("BTCUSDT")
    venue.failure = Transient("down", kind="timeout")
    clock.move(30)
    assert (await perps.fresh("BTCUSDT")).last == Decimal(87000)
    clock.move(1)
    with pytest.raises(Transient) as failure:
        await perps.fresh("BTCUSDT")
    assert failure.value.kind == "timeout"
    assert perps.ticker("BTCUSDT") is not None


async def test_an_old_price_from_the_venue_itself_is_stale(perps: Perps, clock: HandClock) -> None:
    clock.move(31)
    with pytest.raises(Stale):
        await perps.fresh("BTCUSDT")


async def test_a_perpetual_without_a_price_is_transient(perps: Perps) -> None:
    with pytest.raises(Transient) as failure:
        await perps.fresh("SOLUSDT")
    assert failure.value.kind == "nonsense"


async def test_a_slow_venue_is_not_waited_for(perps: Perps, venue: FakeMarketSource) -> None:
    venue.delay_s = 60
    with pytest.raises(Transient) as failure:
        await perps.fresh("BTCUSDT")
    assert failure.value.kind == "timeout"
    await perps.close()


async def test_kept_perpetuals_are_streamed_and_told(
    perps: Perps, venue: FakeMarketSource, clock: HandClock
) -> None:
    clock.move(5)
    heard: list[PerpTicker] = []
    newest = a_perp_ticker("BTCUSDT", "87003", at=clock.now())
    perps.listen(heard.append)
    perps.keep("trades", ["BTCUSDT", "GONEUSDT"])
    async with running(perps):
        await until(lambda: venue.watched_on("perps") == {"BTCUSDT"})
        await until(lambda: perps.ticker("BTCUSDT"))
        venue.push_perp(a_perp_ticker("BTCUSDT", "87002", at=NOON - timedelta(seconds=1)))
        venue.push_perp(newest)
        await until(lambda: heard and heard[-1].last == 87003)
        assert perps.ticker("BTCUSDT") == newest
        assert {ticker.symbol for ticker in heard} == {"BTCUSDT"}
        assert Decimal(87002) not in {ticker.last for ticker in heard}  # older than what was polled
        perps.keep("trades", [])
        await until(lambda: not venue.watched_on("perps"))


async def test_a_clock_that_was_set_back_makes_later_prices_void(
    perps: Perps, venue: FakeMarketSource, clock: HandClock
) -> None:
    await perps.fresh("BTCUSDT")
    clock.move(-3600)
    venue.perp_prices["BTCUSDT"] = a_perp_ticker("BTCUSDT", "80000", at=clock.now())
    async with running(perps):
        await until(lambda: (held := perps.ticker("BTCUSDT")) and held.last == 80000)


async def test_the_loop_outlives_a_venue_that_is_down(perps: Perps, venue: FakeMarketSource) -> None:
    venue.failure = Transient("down")
    async with running(perps) as task:
        await until(lambda: len(venue.asked) > 6)
        assert not task.done()
        assert [feed.code for feed in perps.feeds()] == ["failing"]
        venue.failure = None
        await until(lambda: perps.feeds()[0].is_ok and perps.known("BTCUSDT"))
        assert (perps.feeds()[0].name, perps.feeds()[0].params["count"]) == ("bybit_perps", 2)
        perps.keep("trades", ["ETHUSDT"])
        assert [feed.name for feed in perps.feeds()] == ["bybit_perps", "bybit_perp_stream"]


async def test_fundings_are_the_venues(perps: Perps, venue: FakeMarketSource) -> None:
    venue.settled = [
        Funding(symbol="BTCUSDT", rate=Decimal("0.0001"), at=NOON - timedelta(hours=hours))
        for hours in (16, 8, 0)
    ]
    since = NOON - timedelta(hours=8)
    assert await perps.fundings("BTCUSDT", since=since) == venue.settled[2:]
