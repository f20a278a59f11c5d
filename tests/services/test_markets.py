import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engines.core.timeframe import Timeframe
from ports.errors import Refused, Transient
from services.market.options import MarketOptions
from services.markets import Markets
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument

BASES = ("BTC", "ETH", "SOL", "BCH")
BRISK = MarketOptions(
    poll_s=0.01,
    reference_poll_s=0.01,
    universe_refresh_s=0.01,
    stream_review_s=0.01,
    patience_s=(0.0,),
    person_patience_s=(0.0,),
    backoff_s=(0.005, 0.01),
    answer_within_s=0.5,
)
CALM = replace(BRISK, poll_s=3600.0, universe_refresh_s=3600.0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def bybit() -> FakeMarketSource:
    return FakeMarketSource(
        [*(an_instrument(base) for base in BASES), an_instrument("USDC"), an_instrument("ETH", "BTC")],
        [
            a_ticker("BTCUSDT", "87210.5", turnover_24h=Decimal(900_000_000)),
            a_ticker("ETHUSDT", "2914.2", turnover_24h=Decimal(500_000_000), change_24h=Decimal("-0.03")),
            a_ticker("SOLUSDT", "158", turnover_24h=Decimal(90_000_000), change_24h=Decimal("0.08")),
            a_ticker("BCHUSDT", "400", turnover_24h=Decimal(50_000), change_24h=Decimal("0.5")),
            a_ticker("USDCUSDT", "1.0001", turnover_24h=Decimal(990_000_000)),
            a_ticker("ETHBTC", "0.0334", turnover_24h=Decimal(900)),
        ],
    )


@pytest.fixture
def binance() -> FakeMarketSource:
    return FakeMarketSource(tickers=[a_ticker("BTCUSDT", "87000")], venue="binance")


@pytest.fixture
def markets(bybit: FakeMarketSource, binance: FakeMarketSource, clock: HandClock) -> Markets:
    return Markets(bybit, binance, clock, BRISK)


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


async def test_sloppy_names_are_resolved_before_any_loop_ran(markets: Markets) -> None:
    assert (await markets.resolve("биток")).symbol == "BTCUSDT"
    assert (await markets.resolve("eth/btc")).symbol == "ETHBTC"


async def test_unknown_names_bring_the_nearest_and_no_more_than_32_letters(markets: Markets) -> None:
    await markets.quote("BTCUSDT")  # turnovers rank equally near names
    with pytest.raises(Refused) as refusal:
        await markets.resolve("bct" + " " * 60)
    assert refusal.value.code == "unknown_symbol"
    assert refusal.value.params["text"] == "bct"
    near: Any = refusal.value.params["near"]
    assert [one.symbol for one in near] == ["BTCUSDT", "BCHUSDT"]
    with pytest.raises(Refused) as refusal:
        await markets.resolve("x" * 500)
    assert refusal.value.params["text"] == "x" * 32


async def test_without_a_list_of_markets_a_name_is_refused_as_loading(
    markets: Markets, bybit: FakeMarketSource
) -> None:
    bybit.failure = Transient("down")
    with pytest.raises(Refused) as refusal:
        await markets.resolve("btc")
    assert refusal.value.code == "markets_loading"
    bybit.failure = None
    assert (await markets.resolve("btc")).symbol == "BTCUSDT"


async def test_a_quote_fetches_what_is_not_known_yet_and_once_for_all_who_ask(
    markets: Markets, bybit: FakeMarketSource
) -> None:
    quotes = await asyncio.gather(*(markets.quote("BTCUSDT") for _ in range(5)))
    assert {quote.ticker.last for quote in quotes} == {Decimal("87210.5")}
    assert not quotes[0].is_stale
    assert quotes[0].reference_price is None
    assert bybit.asked.count("tickers") == 1
    assert bybit.asked.count("instruments") == 1


async def test_a_young_price_is_not_fetched_again_but_an_older_one_is(
    markets: Markets, bybit: FakeMarketSource, clock: HandClock
) -> None:
    await markets.quote("BTCUSDT")
    clock.move(9)
    assert (await markets.quote("BTCUSDT")).age_s == 9
    assert bybit.asked.count("tickers") == 1
    clock.move(2)
    bybit.prices["BTCUSDT"] = a_ticker("BTCUSDT", "88000", at=clock.now())
    quote = await markets.quote("BTCUSDT")
    assert (quote.ticker.last, quote.age_s) == (Decimal(88000), 0)


async def test_a_stale_price_comes_back_flagged_when_the_venue_is_down(
    markets: Markets, bybit: FakeMarketSource, clock: HandClock
) -> None:
    await markets.quote("BTCUSDT")
    bybit.failure = Transient("down")
    clock.move(240)
    quote = await markets.quote("BTCUSDT")
    assert quote.is_stale
    assert quote.age_s == 240


async def test_a_venue_too_slow_for_a_person_counts_as_down(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock, replace(BRISK, answer_within_s=0.01))
    await markets.resolve("btc")
    bybit.delay_s = 5.0
    with pytest.raises(Transient) as failure:
        await markets.quote("BTCUSDT")
    assert failure.value.kind == "timeout"
    await markets.close()


async def test_without_any_price_a_quote_is_transient(markets: Markets, bybit: FakeMarketSource) -> None:
    del bybit.prices["BTCUSDT"]
    with pytest.raises(Transient):
        await markets.quote("BTCUSDT")
    bybit.failure = Transient("down", kind="timeout")
    with pytest.raises(Transient) as failure:
        await markets.quote("BTCUSDT")
    assert failure.value.kind == "timeout"


async def test_quotes_and_candles_want_a_listed_symbol(markets: Markets) -> None:
    with pytest.raises(Refused):
        await markets.quote("NOPEUSDT")
    with pytest.raises(Refused):
        await markets.candles("NOPEUSDT", Timeframe.H1, 10)


async def test_quotes_of_a_list_keep_its_order_and_leave_out_the_unknown(markets: Markets) -> None:
    await markets.quote("BTCUSDT")
    quotes = markets.quotes(["SOLUSDT", "NOPE", "BTCUSDT"])
    assert [quote.ticker.symbol for quote in quotes] == ["SOLUSDT", "BTCUSDT"]


async def test_rankings_leave_out_stable_coins_other_quotes_and_thin_movers(markets: Markets) -> None:
    await markets.quote("BTCUSDT")

    def symbols(*by: Any) -> list[str]:
        return [quote.ticker.symbol for quote in markets.top(*by)]

    assert symbols(10, "turnover") == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BCHUSDT"]
    assert symbols(10, "movers_up") == ["SOLUSDT", "BTCUSDT"]
    assert symbols(10, "movers_down") == ["ETHUSDT"]
    assert symbols(1, "turnover") == ["BTCUSDT"]
    assert symbols(0, "turnover") == []


async def test_the_reference_gap_is_a_fraction_and_ends_when_the_reference_is_stale(
    markets: Markets, clock: HandClock
) -> None:
    async with running(markets.run_reference()):
        await until(lambda: markets.feeds()[2].is_ok)
    quote = await markets.quote("BTCUSDT")
    assert quote.reference_price == Decimal(87000)
    assert quote.reference_gap == Decimal("210.5") / Decimal(87000)
    clock.move(31)
    assert markets.quotes(["BTCUSDT"])[0].reference_gap is None


async def test_without_a_reference_the_loop_idles_and_the_feed_is_not_shown(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock)
    async with running(markets.run_reference()) as (loop,):
        await asyncio.sleep(0)
        assert not loop.done()
    assert [feed.name for feed in markets.feeds()] == ["bybit_stream", "bybit_rest"]


async def test_the_biggest_the_watched_and_the_asked_for_are_streamed(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock, replace(BRISK, streamed_top=1, keep_streamed_s=60))
    async with running(markets.run_universe(), markets.run_tickers()):
        await until(lambda: bybit.watched == {"BTCUSDT"})
        markets.keep("watch", ["ETHUSDT", "GONEUSDT"])
        await until(lambda: bybit.watched == {"BTCUSDT", "ETHUSDT"})
        await markets.quote("SOLUSDT")
        await until(lambda: bybit.watched == {"BTCUSDT", "ETHUSDT", "SOLUSDT"})
        clock.move(61)
        await until(lambda: bybit.watched == {"BTCUSDT", "ETHUSDT"})


async def test_streamed_prices_replace_older_ones_only(bybit: FakeMarketSource, clock: HandClock) -> None:
    markets = Markets(bybit, None, clock, CALM)
    async with running(markets.run_universe(), markets.run_tickers()):
        await until(lambda: "BTCUSDT" in bybit.watched)
        bybit.push(a_ticker("BTCUSDT", "87300", at=NOON))
        assert (await markets.quote("BTCUSDT")).ticker.last == Decimal(87300)
        bybit.push(a_ticker("BTCUSDT", "1", at=NOON - timedelta(seconds=5)))
        assert (await markets.quote("BTCUSDT")).ticker.last == Decimal(87300)


async def test_a_broken_stream_is_reported_and_taken_up_again(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock, CALM)
    async with running(markets.run_universe(), markets.run_tickers()):
        await until(lambda: bybit.watched)
        bybit.push(a_ticker("BTCUSDT"))
        stream = markets.feeds()[0]
        assert (stream.is_ok, stream.age_s, stream.code) == (True, 0, "streaming")
        for error, kind in (
            (Transient("cut", kind="silent"), "silent"),
            (Refused("unknown_symbol", text="X"), "refused"),
        ):
            bybit.break_stream(error)
            await until(lambda: markets.feeds()[0].code == "failing")
            assert markets.feeds()[0].params["error"] == kind
            await until(lambda: bybit.watched)
            bybit.push(a_ticker("BTCUSDT"))
            assert markets.feeds()[0].is_ok


async def test_a_stream_that_simply_ends_counts_as_broken(bybit: FakeMarketSource, clock: HandClock) -> None:
    markets = Markets(bybit, None, clock, CALM)
    async with running(markets.run_universe(), markets.run_tickers()):
        await until(lambda: bybit.watched)
        bybit.end_stream()
        await until(lambda: markets.feeds()[0].params.get("error") == "silent")
        await until(lambda: bybit.watched)


async def test_the_loops_outlive_a_venue_that_is_down(
    markets: Markets, bybit: FakeMarketSource, binance: FakeMarketSource
) -> None:
    bybit.failure = binance.failure = Transient("down", kind="unreachable")
    async with running(markets.run_universe(), markets.run_tickers(), markets.run_reference()) as loops:
        await until(lambda: len(bybit.asked) > 8 and len(binance.asked) > 4)
        assert not any(loop.done() for loop in loops)
        assert [feed.code for feed in markets.feeds()] == ["waiting", "failing", "failing", "even"]
        bybit.failure = binance.failure = None
        await until(lambda: all(feed.is_ok for feed in markets.feeds()[1:]))
        await until(lambda: bybit.watched)
    assert markets.feeds()[1].params["count"] == 6


async def test_feeds_that_fall_quiet_are_not_ok(markets: Markets, clock: HandClock) -> None:
    await markets.quote("BTCUSDT")
    assert markets.feeds()[1].is_ok
    clock.move(31)
    feed = markets.feeds()[1]
    assert (feed.is_ok, feed.age_s, feed.code) == (False, 31, "quiet")


async def test_a_market_that_stands_still_may_be_quiet(bybit: FakeMarketSource) -> None:
    clock = HandClock(speed=0.0)
    markets = Markets(bybit, None, clock, BRISK)
    await markets.quote("BTCUSDT")
    clock.move(3600)
    assert markets.feeds()[1].is_ok


async def test_candles_are_shared_kept_for_a_moment_and_fetched_anew_at_the_next_bar(
    markets: Markets, bybit: FakeMarketSource, clock: HandClock
) -> None:
    pages = await asyncio.gather(*(markets.candles("BTCUSDT", Timeframe.M1, 50) for _ in range(3)))
    assert [len(page) for page in pages] == [50, 50, 50]
    assert len(await markets.candles("BTCUSDT", Timeframe.M1, 20)) == 20
    requests = [one for one in bybit.asked if one.startswith("candles")]
    assert requests == ["candles BTCUSDT 1m 50"]
    await markets.candles("BTCUSDT", Timeframe.M1, 60)
    clock.move(4)
    await markets.candles("BTCUSDT", Timeframe.M1, 60)
    assert sum(one.startswith("candles") for one in bybit.asked) == 2
    clock.move(2)
    await markets.candles("BTCUSDT", Timeframe.M1, 60)
    assert sum(one.startswith("candles") for one in bybit.asked) == 3


async def test_a_new_bar_is_never_served_from_memory(
    markets: Markets, bybit: FakeMarketSource, clock: HandClock
) -> None:
    clock.move(59)
    await markets.candles("BTCUSDT", Timeframe.M1, 5)
    clock.move(2)
    await markets.candles("BTCUSDT", Timeframe.M1, 5)
    assert sum(one.startswith("candles") for one in bybit.asked) == 2


async def test_the_memory_of_candles_is_bounded(bybit: FakeMarketSource, clock: HandClock) -> None:
    markets = Markets(bybit, None, clock, replace(BRISK, cached_charts=1))
    for symbol in ("BTCUSDT", "ETHUSDT", "BTCUSDT"):
        await markets.candles(symbol, Timeframe.H1, 5)
    assert sum(one.startswith("candles") for one in bybit.asked) == 3


async def test_one_quick_retry_hides_a_hiccup_from_a_person(
    markets: Markets, bybit: FakeMarketSource
) -> None:
    await markets.resolve("btc")
    bybit.failures = 1
    assert len(await markets.candles("BTCUSDT", Timeframe.H1, 5)) == 5
    bybit.failures = 2
    with pytest.raises(Transient):
        await markets.candles("ETHUSDT", Timeframe.H1, 5)


async def test_a_caller_who_gives_up_does_not_take_the_answer_of_others_along(
    markets: Markets, bybit: FakeMarketSource
) -> None:
    await markets.resolve("btc")
    bybit.delay_s = 0.02
    first = asyncio.create_task(markets.candles("BTCUSDT", Timeframe.H1, 5))
    second = asyncio.create_task(markets.candles("BTCUSDT", Timeframe.H1, 5))
    await asyncio.sleep(0.005)
    first.cancel()
    assert len(await second) == 5
    assert sum(one.startswith("candles") for one in bybit.asked) == 1
    await markets.close()


async def test_prices_that_come_before_the_list_of_markets_are_kept(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock, CALM)
    async with running(markets.run_tickers()):
        await until(lambda: "tickers" in bybit.asked)
        await asyncio.sleep(0.01)
        async with running(markets.run_universe()):
            await until(lambda: markets.top(1, "turnover"))
    assert [quote.instrument.symbol for quote in markets.quotes(["BTCUSDT"])] == ["BTCUSDT"]


async def test_a_stale_price_is_fetched_again_however_young(
    bybit: FakeMarketSource, clock: HandClock
) -> None:
    markets = Markets(bybit, None, clock, replace(CALM, stale_after_s=5.0))
    await markets.quote("BTCUSDT")
    clock.move(7)
    bybit.prices["BTCUSDT"] = replace(bybit.prices["BTCUSDT"], last=Decimal(90_000), at=clock.now())
    quote = await markets.quote("BTCUSDT")
    assert quote.ticker.last == 90_000
    assert not quote.is_stale


async def test_another_time_at_the_reference_venue_shows_no_gap(
    markets: Markets, binance: FakeMarketSource, clock: HandClock
) -> None:
    long_ago = NOON - timedelta(minutes=15)
    binance.prices["BTCUSDT"] = replace(binance.prices["BTCUSDT"], at=long_ago)
    async with running(markets.run_reference()):
        await until(lambda: "tickers" in binance.asked)
    assert (await markets.quote("BTCUSDT")).reference_gap is None
