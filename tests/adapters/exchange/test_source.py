import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.errors import Refused, Transient
from ports.markets import MarketSource, PriceOf
from tests.build.clock import NOON, HandClock
from tests.build.wire import TIME_MS, VenueWire, bybit_market, bybit_perp


async def test_instruments_are_the_markets_that_trade_with_exact_grids(bybit: MarketSource) -> None:
    btc, eth = await bybit.instruments()
    assert (btc.symbol, btc.pair, eth.symbol) == ("BTCUSDT", "BTC/USDT", "ETHUSDT")
    assert (btc.tick, btc.lot, btc.min_notional) == (Decimal("0.01"), Decimal("0.000001"), Decimal(1))


async def test_a_new_listing_appears_on_the_next_read(bybit: MarketSource, wire: VenueWire) -> None:
    await bybit.instruments()
    wire.markets.append(bybit_market("SOL"))
    assert [one.symbol for one in await bybit.instruments()] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]


async def test_a_list_that_is_read_anew_holds_up_nobody(bybit: MarketSource, wire: VenueWire) -> None:
    await bybit.instruments()
    wire.delay_s = 0.2
    reading = asyncio.create_task(bybit.instruments())
    await asyncio.sleep(0.05)
    with pytest.raises(Refused):
        await bybit.depth("NOPEUSDT", MarketKind.SPOT)
    assert not reading.done()
    await reading


async def test_one_who_gives_up_does_not_take_the_list_from_the_others(
    bybit: MarketSource, wire: VenueWire
) -> None:
    wire.delay_s = 0.1
    reading = asyncio.create_task(bybit.instruments())
    streaming = asyncio.create_task(bybit.watch_candles(["BTCUSDT"], Timeframe.M5, lambda bar: None))
    await asyncio.sleep(0.05)
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    assert len(await reading) == 2


async def test_tickers_are_exact_and_dated_when_asked_for(bybit: MarketSource, wire: VenueWire) -> None:
    tickers = await bybit.tickers()
    assert set(tickers) == {"BTCUSDT", "ETHUSDT"}  # a market that never traded has no price
    btc = tickers["BTCUSDT"]
    assert btc.last == Decimal("20533.13")
    assert btc.bid == Decimal("20517.96")
    assert btc.change_24h == Decimal("0.0068")
    assert btc.turnover_24h == Decimal("243765620.65899866")
    assert btc.at == NOON
    assert wire.requests == ["/bybit/v5/market/tickers?category=spot"]


async def test_binance_percents_become_fractions(binance: MarketSource, wire: VenueWire) -> None:
    tickers = await binance.tickers()
    assert set(tickers) == {"BTCUSDT"}
    assert tickers["BTCUSDT"].last == Decimal("20530.01")
    assert tickers["BTCUSDT"].change_24h == Decimal("-0.0296")
    assert wire.requests == ["/binance/api/v3/ticker/24hr"]  # not the list of all markets


async def test_candles_come_oldest_first(bybit: MarketSource, wire: VenueWire) -> None:
    candles = await bybit.candles("BTCUSDT", Timeframe.H1, limit=3)
    assert candles.time_ms.tolist() == [1670601600000, 1670605200000, 1670608800000]
    assert candles.close.tolist() == [17071.5, 17071.0, 17055.5]
    assert candles.volume.tolist() == [6.356, 4.177, 268.611]
    assert candles.close.dtype == np.float64
    assert "interval=60" in wire.requests[-1]


async def test_repeated_candles_are_dropped_and_the_limit_is_kept(
    bybit: MarketSource, wire: VenueWire
) -> None:
    assert len(await bybit.candles("BTCUSDT", Timeframe.H1, limit=2)) == 2
    wire.bars = [wire.bars[0], *wire.bars]
    assert len(await bybit.candles("BTCUSDT", Timeframe.H1, limit=10)) == 3


async def test_a_market_that_the_venue_does_not_have_is_refused(bybit: MarketSource) -> None:
    with pytest.raises(Refused) as refusal:
        await bybit.candles("NOPEUSDT", Timeframe.H1, limit=3)
    assert refusal.value.code == "unknown_symbol"


async def test_server_time_is_the_venues(bybit: MarketSource, binance: MarketSource) -> None:
    expected = datetime.fromtimestamp(TIME_MS / 1000, UTC)
    assert await bybit.server_time() == expected
    assert await binance.server_time() == expected


NONSENSE = [
    (200, "{broken", "application/json"),
    (200, "[]", "application/json"),
    (200, "null", "application/json"),
    (200, '{"retCode":0,"result":{"list":[]}}', "application/json"),
    (200, '{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","lastPrice":"NaN"}]}}', "application/json"),
    (200, '{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","lastPrice":"many"}]}}', "application/json"),
    (200, '{"retCode":0,"result":{"list":[["1","2"]]}}', "application/json"),
    (200, '{"retCode":0,"result":{"list":[["1",null,"2","3","4","5"]]}}', "application/json"),
    (200, "<html>maintenance</html>", "text/html"),
    (503, "<html>busy</html>", "text/html"),
    (403, '{"retCode":10024,"retMsg":"not in your country"}', "application/json"),
    (200, '{"retCode":10006,"retMsg":"Too many visits!"}', "application/json"),
]


async def test_only_perpetuals_settled_in_usdt_are_listed(bybit: MarketSource, wire: VenueWire) -> None:
    wire.perps += [bybit_perp("BTC", "USDC", "USDC"), bybit_perp("SOL") | {"status": "Closed"}]
    dated = {"contractType": "LinearFutures", "deliveryTime": "1766736000000"}
    wire.perps.append(bybit_perp("ETH") | {"symbol": "ETHUSDT-26DEC25", **dated})
    perps = {one.symbol: one for one in await bybit.perps()}
    assert set(perps) == {"BTCUSDT", "ETHUSDT"}
    assert (perps["BTCUSDT"].tick, perps["BTCUSDT"].lot) == (Decimal("0.10"), Decimal("0.001"))
    assert {one.tick for one in await bybit.instruments() if one.symbol == "BTCUSDT"} == {Decimal("0.01")}


async def test_a_perpetual_is_asked_for_in_its_own_category(bybit: MarketSource, wire: VenueWire) -> None:
    await bybit.history(
        "BTCUSDT", Timeframe.H1, start_ms=0, stop_ms=3_600_000, kind=MarketKind.PERP, price_of=PriceOf.MARK
    )
    path, _, query = wire.requests[-1].partition("?")
    assert path == "/bybit/v5/market/mark-price-kline"
    assert set(query.split("&")) == {
        "category=linear",
        "symbol=BTCUSDT",
        "interval=60",
        "start=0",
        "limit=1",
    }


async def test_funding_is_read_page_by_page(bybit: MarketSource, wire: VenueWire) -> None:
    wire.fundings_every_h = 8
    since = datetime.fromtimestamp(TIME_MS / 1000, UTC) - timedelta(days=150)
    found = await bybit.fundings("BTCUSDT", since=since)
    assert len(found) == 450
    assert [one.at for one in found] == sorted({one.at for one in found})
    assert found[0].at == since + timedelta(hours=8)
    assert sum("funding/history" in path for path in wire.requests) == 3


async def test_a_page_that_repeats_itself_ends_the_reading(bybit: MarketSource, wire: VenueWire) -> None:
    wire.fundings_every_h, wire.ignores_ends = 8, True
    found = await bybit.fundings("BTCUSDT", since=datetime(2020, 1, 1, tzinfo=UTC))
    assert len(found) == 200


@pytest.mark.parametrize("answer", NONSENSE)
async def test_every_wrong_answer_on_the_other_roads_is_transient(
    bybit: MarketSource, wire: VenueWire, answer: tuple[int, str, str]
) -> None:
    await bybit.instruments()
    wire.answer = answer
    with pytest.raises(Transient):
        await bybit.depth("BTCUSDT", MarketKind.PERP)
    if answer is not NONSENSE[3]:  # an empty list is a sound answer to these
        with pytest.raises(Transient):
            await bybit.perp_tickers()
        with pytest.raises(Transient):
            await bybit.fundings("BTCUSDT", since=datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("answer", NONSENSE)
async def test_every_wrong_answer_is_transient(
    bybit: MarketSource, wire: VenueWire, answer: tuple[int, str, str]
) -> None:
    await bybit.instruments()
    wire.answer = answer
    with pytest.raises(Transient):
        await bybit.tickers()
    with pytest.raises(Transient):
        await bybit.candles("BTCUSDT", Timeframe.H1, limit=5)


@pytest.mark.parametrize("answer", [NONSENSE[0], NONSENSE[2], NONSENSE[3], NONSENSE[8], NONSENSE[9]])
async def test_wrong_lists_of_markets_are_transient(
    bybit: MarketSource, wire: VenueWire, answer: tuple[int, str, str]
) -> None:
    wire.answer = answer
    with pytest.raises(Transient):
        await bybit.instruments()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, '{"retCode":10006,"retMsg":"Too many visits!"}', "application/json"), "rate_limited"),
        ((503, "<html>busy</html>", "text/html"), "unreachable"),
        ((200, '{"retCode":0,"result":{"list":[]}}', "application/json"), "nonsense"),
        ((200, '{"retCode":99999,"retMsg":"no"}', "application/json"), "refused"),
    ],
)
async def test_errors_say_of_which_kind_they_are(
    bybit: MarketSource, wire: VenueWire, answer: tuple[int, str, str], kind: str
) -> None:
    wire.answer = answer
    with pytest.raises(Transient) as failure:
        await bybit.tickers()
    assert failure.value.kind == kind


async def test_a_venue_that_is_gone_is_transient(clock: HandClock, unused_tcp_port: int) -> None:
    from adapters.exchange.build import build_market_source

    source = build_market_source("bybit", clock, base_url=f"http://127.0.0.1:{unused_tcp_port}/bybit")
    with pytest.raises(Transient) as failure:
        await source.tickers()
    assert failure.value.kind == "unreachable"
    await source.close()


async def test_closing_twice_is_fine_and_ends_all_requests(bybit: MarketSource) -> None:
    await bybit.tickers()
    await asyncio.gather(bybit.close(), bybit.close())
    with pytest.raises(Transient):
        await bybit.tickers()
