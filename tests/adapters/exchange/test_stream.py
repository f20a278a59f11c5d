"""Tickers of Bybit, over our own socket and over ccxt's."""

import asyncio
from decimal import Decimal

import pytest

from adapters.exchange.build import build_market_source
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from tests.adapters.exchange.watching import until, watching
from tests.build.clock import HandClock
from tests.build.wire import TIME_MS, VenueWire, bybit_market


async def test_streamed_tickers_are_exact_and_dated_by_the_venue(
    streaming: MarketSource, wire: VenueWire
) -> None:
    async with watching(streaming, "BTCUSDT", "ETHUSDT") as (heard, _):
        await until(lambda: wire.subscriptions)
        await wire.push("BTCUSDT", "20534.01")
        await until(lambda: heard)
    assert heard[0].symbol == "BTCUSDT"
    assert heard[0].last == Decimal("20534.01")
    assert heard[0].bid is None  # the spot stream carries no book
    assert heard[0].at.timestamp() * 1000 == TIME_MS


async def test_a_flood_yields_the_latest_price_of_every_market(
    streaming: MarketSource, wire: VenueWire
) -> None:
    async with watching(streaming, "BTCUSDT", "ETHUSDT") as (heard, _):
        await until(lambda: wire.subscriptions)
        for step in range(200):
            await wire.push("BTCUSDT" if step % 2 else "ETHUSDT", str(100 + step))
        await until(lambda: {(one.symbol, one.last) for one in heard} >= LATEST)


LATEST = {("BTCUSDT", Decimal(299)), ("ETHUSDT", Decimal(298))}


async def test_long_lists_are_subscribed_ten_at_a_time(streaming: MarketSource, wire: VenueWire) -> None:
    wire.markets = [bybit_market(f"C{number:02}") for number in range(25)]
    async with watching(streaming, *(f"C{number:02}USDT" for number in range(25))):
        await until(lambda: len(wire.subscriptions) == 3)
    assert sorted(len(topics) for topics in wire.subscriptions) == [5, 10, 10]


async def test_a_changed_list_keeps_the_connection_and_adds_only_the_new(
    streaming: MarketSource, wire: VenueWire
) -> None:
    async with watching(streaming, "BTCUSDT"):
        await until(lambda: wire.subscriptions)
    async with watching(streaming, "BTCUSDT", "ETHUSDT") as (heard, _):
        await until(lambda: len(wire.subscriptions) == 2)
        await wire.push("BTCUSDT", "1")
        await until(lambda: heard)
    assert wire.subscriptions == [["tickers.BTCUSDT"], ["tickers.ETHUSDT"]]


async def test_a_closed_stream_is_transient_and_can_be_watched_anew(
    streaming: MarketSource, wire: VenueWire
) -> None:
    async with watching(streaming, "BTCUSDT") as (_, task):
        await until(lambda: wire.subscriptions)
        await wire.hang_up()
        with pytest.raises(Transient):
            await task
    async with watching(streaming, "BTCUSDT") as (heard, _):
        await until(lambda: len(wire.subscriptions) == 2)
        await wire.push("BTCUSDT", "2")
        await until(lambda: heard)


async def test_a_silent_stream_is_transient(streaming: MarketSource, wire: VenueWire) -> None:
    wire.is_silent = True
    with pytest.raises(Transient) as failure:
        await streaming.watch_tickers(["BTCUSDT"], lambda _: None)
    assert failure.value.kind == "silent"


async def test_silence_is_expected_of_a_market_that_stands_still(base_url: str, wire: VenueWire) -> None:
    source = build_market_source("bybit", HandClock(speed=0.0), base_url=f"{base_url}/bybit", quiet_s=0.02)
    async with watching(source, "BTCUSDT") as (heard, task):
        await until(lambda: wire.subscriptions)
        await asyncio.sleep(0.1)
        await wire.push("BTCUSDT", "3")
        await until(lambda: heard)
        assert not task.done()
    await source.close()


async def test_nonsense_on_the_stream_is_transient(streaming: MarketSource, wire: VenueWire) -> None:
    async with watching(streaming, "BTCUSDT") as (_, task):
        await until(lambda: wire.subscriptions)
        await wire.push("BTCUSDT", "many")
        with pytest.raises(Transient):
            await task


async def test_an_unknown_market_is_refused(streaming: MarketSource) -> None:
    with pytest.raises(Refused):
        await streaming.watch_tickers(["NOPEUSDT"], lambda _: None)
