"""Our own socket: what only it does, and what it makes of a venue that misbehaves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.bybit_socket import BybitSocket
from engines.core.instrument import MarketKind
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from tests.adapters.exchange.watching import until, watching
from tests.build.clock import NOON, HandClock
from tests.build.wire import TIME_MS, VenueWire, bybit_market, bybit_row

FULL_PERP = {
    "symbol": "BTCUSDT",
    "lastPrice": "87000.10",
    "markPrice": "87001.20",
    "indexPrice": "87002.30",
    "fundingRate": "0.0001",
    "nextFundingTime": "1772640000000",
    "bid1Price": "87000.00",
    "ask1Price": "87000.20",
    "turnover24h": "4000000000.5",
}


@pytest.fixture
async def socket(base_url: str, clock: HandClock) -> AsyncIterator[BybitSocket]:
    socket = BybitSocket(f"{base_url}/bybit/v5/public/spot", MarketKind.SPOT, clock, quiet_s=5.0)
    yield socket
    await socket.close()


@asynccontextmanager
async def hearing(socket: BybitSocket, *names: str) -> AsyncIterator[list[Any]]:
    heard: list[Any] = []
    task = asyncio.create_task(socket.watch(names, heard.append))
    try:
        yield heard
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def perp_message(kind: str, at_ms: int, **fields: str) -> str:
    data = {"symbol": "BTCUSDT", **fields}
    return json.dumps({"topic": "tickers.BTCUSDT", "type": kind, "data": data, "cs": 1, "ts": at_ms})


def candle_message(start_ms: int, close: str, *, is_closed: bool, at_ms: int) -> str:
    row = {
        "start": start_ms,
        "end": start_ms + 299_999,
        "interval": "5",
        "open": "100",
        "close": close,
        "high": "110.5",
        "low": "90",
        "volume": "12.5",
        "turnover": "1250",
        "confirm": is_closed,
        "timestamp": at_ms,
    }
    return json.dumps({"topic": "kline.5.BTCUSDT", "type": "snapshot", "ts": at_ms, "data": [row]})


async def test_one_connection_serves_tickers_and_candles(bybit: MarketSource, wire: VenueWire) -> None:
    bars: list[Any] = []
    candles = asyncio.create_task(bybit.watch_candles(["BTCUSDT"], Timeframe.M5, bars.append))
    async with watching(bybit, "BTCUSDT") as (heard, _):
        await until(lambda: sum(map(len, wire.subscriptions)) == 2)
        await wire.push("BTCUSDT", "5")
        await wire.say(candle_message(TIME_MS - 300_000, "101.5", is_closed=True, at_ms=TIME_MS))
        await until(lambda: heard and bars)
        assert len(wire.streams) == 1
    candles.cancel()
    await asyncio.gather(candles, return_exceptions=True)
    (bar,) = bars
    assert (bar.symbol, bar.kind, bar.timeframe) == ("BTCUSDT", MarketKind.SPOT, Timeframe.M5)
    assert (bar.time_ms, bar.at_ms, bar.is_closed) == (TIME_MS - 300_000, TIME_MS, True)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (100.0, 110.5, 90.0, 101.5, 12.5)


async def test_a_perpetual_is_merged_from_its_snapshot_and_the_changes(
    bybit: MarketSource, wire: VenueWire
) -> None:
    heard: list[Any] = []
    watch = asyncio.create_task(bybit.watch_perps(["BTCUSDT"], heard.append))
    await until(lambda: wire.subscriptions)
    await wire.say(perp_message("snapshot", TIME_MS - 2000, **FULL_PERP))
    await until(lambda: heard)
    await wire.say(perp_message("delta", TIME_MS - 1000, markPrice="86999.90", fundingRate="-0.00005"))
    await until(lambda: len(heard) == 2)
    await wire.say(perp_message("delta", TIME_MS - 1500, markPrice="1"))  # late: told no more
    await wire.say(perp_message("delta", TIME_MS, bid1Price="86999.00"))
    await until(lambda: len(heard) == 3)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    first, second, third = heard
    assert (first.last, first.mark, first.index) == tuple(map(Decimal, ("87000.10", "87001.20", "87002.30")))
    assert first.next_funding_at is not None
    assert first.next_funding_at.timestamp() == 1_772_640_000
    assert (second.mark, second.funding_rate, second.last) == (
        Decimal("86999.90"),
        Decimal("-0.00005"),
        Decimal("87000.10"),
    )
    assert (third.mark, third.bid) == (Decimal("86999.90"), Decimal("86999.00"))
    assert third.at == NOON


async def test_a_market_without_a_perpetual_is_refused(bybit: MarketSource) -> None:
    with pytest.raises(Refused):
        await bybit.watch_perps(["NOPEUSDT"], lambda _: None)


async def test_topics_that_nobody_wants_are_let_go(bybit: MarketSource, wire: VenueWire) -> None:
    wire.markets = [bybit_market(f"C{number:02}") for number in range(12)]
    async with watching(bybit, *(f"C{number:02}USDT" for number in range(12))):
        await until(lambda: len(wire.subscriptions) == 2)
    async with watching(bybit, "C00USDT", "C11USDT"):
        await until(lambda: len(wire.dropped) == 10)
    assert set(wire.dropped) == {f"tickers.C{number:02}USDT" for number in range(1, 11)}
    assert len(wire.subscriptions) == 2


async def test_an_unknown_topic_costs_only_itself(socket: BybitSocket, wire: VenueWire) -> None:
    wire.unknown = {"tickers.GONEUSDT"}
    async with hearing(socket, "tickers.BTCUSDT", "tickers.GONEUSDT", "tickers.ETHUSDT") as heard:
        await until(lambda: len(wire.subscriptions) == 4)
        await wire.push("ETHUSDT", "7")
        await until(lambda: heard)
    assert sorted(wire.subscriptions[1:]) == [["tickers.BTCUSDT"], ["tickers.ETHUSDT"], ["tickers.GONEUSDT"]]
    assert socket.counts["refused"] == 1


GARBAGE = [
    "{broken",
    "[]",
    "null",
    '"words"',
    '{"op":"pong"}',
    '{"topic":"tickers.BTCUSDT"}',
    '{"topic":"tickers.BTCUSDT","ts":"soon","data":{}}',
    json.dumps({"topic": "tickers.BTCUSDT", "ts": TIME_MS, "data": bybit_row("BTCUSDT", "NaN")}),
    json.dumps({"topic": "kline.5.BTCUSDT", "ts": TIME_MS, "data": [{"start": "x"}]}),
    json.dumps({"topic": "kline.5.BTCUSDT", "ts": TIME_MS, "data": 7}),
]


@pytest.mark.parametrize("text", GARBAGE)
async def test_garbage_is_passed_over(socket: BybitSocket, wire: VenueWire, text: str) -> None:
    async with hearing(socket, "tickers.BTCUSDT", "kline.5.BTCUSDT") as heard:
        await until(lambda: wire.subscriptions)
        await wire.say(text)
        await asyncio.sleep(0.01)  # told apart from what follows
        await wire.push("BTCUSDT", "8")
        await until(lambda: heard)
    assert [ticker.last for ticker in heard] == [Decimal(8)]


async def test_what_nobody_asked_for_is_counted(socket: BybitSocket, wire: VenueWire) -> None:
    async with hearing(socket, "tickers.BTCUSDT"):
        await until(lambda: wire.subscriptions)
        await wire.push("ETHUSDT", "9")
        await until(lambda: socket.counts["unknown"])


async def test_of_a_flood_only_the_newest_ticker_is_read(socket: BybitSocket, wire: VenueWire) -> None:
    async with hearing(socket, "tickers.BTCUSDT") as heard:
        await until(lambda: wire.subscriptions)
        for step in range(500):
            await wire.push("BTCUSDT", str(1000 + step), TIME_MS + step)
        await until(lambda: heard and heard[-1].last == 1499)
    assert len(heard) + socket.counts["superseded"] == 500
    times = [ticker.at for ticker in heard]
    assert times == sorted(times)


async def test_no_closed_candle_of_a_flood_is_lost(socket: BybitSocket, wire: VenueWire) -> None:
    first_ms = TIME_MS - 300 * 300_000
    async with hearing(socket, "kline.5.BTCUSDT") as heard:
        await until(lambda: wire.subscriptions)
        for step in range(300):
            start_ms = first_ms + step * 300_000
            await wire.say(candle_message(start_ms, "99", is_closed=False, at_ms=start_ms + 1000))
            await wire.say(candle_message(start_ms, "101", is_closed=True, at_ms=start_ms + 300_000))
        await until(lambda: heard and heard[-1].time_ms == first_ms + 299 * 300_000 and heard[-1].is_closed)
    closed = [bar.time_ms for bar in heard if bar.is_closed]
    assert closed == [first_ms + step * 300_000 for step in range(300)]


async def test_repeated_and_shuffled_candles_never_turn_the_picture_back(
    socket: BybitSocket, wire: VenueWire
) -> None:
    older, newer = TIME_MS - 600_000, TIME_MS - 300_000
    async with hearing(socket, "kline.5.BTCUSDT") as heard:
        await until(lambda: wire.subscriptions)
        await wire.say(candle_message(newer, "101", is_closed=True, at_ms=TIME_MS))
        await wire.say(candle_message(newer, "101", is_closed=True, at_ms=TIME_MS))
        await wire.say(candle_message(newer, "100", is_closed=False, at_ms=TIME_MS - 1))
        await wire.say(candle_message(older, "98", is_closed=True, at_ms=newer))  # fills a gap
        await until(lambda: len(heard) == 2)
        await wire.say(candle_message(TIME_MS, "102", is_closed=False, at_ms=TIME_MS))
        await until(lambda: len(heard) == 3)
    assert [(bar.time_ms, bar.close) for bar in heard] == [(newer, 101.0), (older, 98.0), (TIME_MS, 102.0)]
    assert socket.counts["repeated"] == 1
    assert socket.counts["late"] == 2


async def test_a_clock_that_was_set_back_begins_anew(
    socket: BybitSocket, wire: VenueWire, clock: HandClock
) -> None:
    async with hearing(socket, "kline.5.BTCUSDT") as heard:
        await until(lambda: wire.subscriptions)
        await wire.say(candle_message(TIME_MS, "101", is_closed=False, at_ms=TIME_MS))
        await until(lambda: heard)
        clock.move(-86_400)
        earlier = TIME_MS - 86_400_000
        await wire.say(candle_message(earlier, "77", is_closed=False, at_ms=earlier))
        await until(lambda: len(heard) == 2)


async def test_a_reconnection_forgets_the_old_snapshot(bybit: MarketSource, wire: VenueWire) -> None:
    heard: list[Any] = []
    watch = asyncio.create_task(bybit.watch_perps(["BTCUSDT"], heard.append))
    await until(lambda: wire.subscriptions)
    await wire.say(perp_message("snapshot", TIME_MS, **FULL_PERP))
    await until(lambda: heard)
    await wire.hang_up()
    with pytest.raises(Transient):
        await watch
    again = asyncio.create_task(bybit.watch_perps(["BTCUSDT"], heard.append))
    await until(lambda: len(wire.subscriptions) == 2)
    await wire.say(perp_message("delta", TIME_MS, markPrice="1"))
    await wire.say(perp_message("snapshot", TIME_MS, **FULL_PERP | {"markPrice": "5"}))
    await until(lambda: len(heard) == 2)
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    assert [ticker.mark for ticker in heard] == [Decimal("87001.20"), Decimal(5)]


async def test_the_connection_is_kept_alive_and_ended_when_nobody_watches(
    base_url: str, wire: VenueWire, clock: HandClock
) -> None:
    socket = BybitSocket(
        f"{base_url}/bybit/v5/public/spot", MarketKind.SPOT, clock, quiet_s=5.0, ping_s=0.02, linger_s=0.02
    )
    async with hearing(socket, "tickers.BTCUSDT"):
        await until(lambda: wire.pings > 1)
    await until(lambda: not wire.streams)
    await socket.close()


async def test_a_hearer_that_fails_ends_its_watch_with_its_own_error(
    bybit: MarketSource, wire: VenueWire
) -> None:
    def hear(_: Ticker) -> None:
        raise KeyError("ours")

    watch = asyncio.create_task(bybit.watch_tickers(["BTCUSDT"], hear))
    await until(lambda: wire.subscriptions)
    await wire.push("BTCUSDT", "1")
    with pytest.raises(KeyError, match="ours"):
        await watch


async def test_a_venue_that_is_gone_is_transient(clock: HandClock, unused_tcp_port: int) -> None:
    socket = BybitSocket(f"ws://127.0.0.1:{unused_tcp_port}", MarketKind.SPOT, clock, quiet_s=5.0)
    with pytest.raises(Transient) as failure:
        await socket.watch(["tickers.BTCUSDT"], lambda _: None)
    assert failure.value.kind == "unreachable"
    await socket.close()
    await socket.close()


async def test_a_name_with_a_dot_in_it_is_a_name(socket: BybitSocket, wire: VenueWire) -> None:
    row = bybit_row("BRK.BUSDT")
    async with hearing(socket, "tickers.BRK.BUSDT", "kline.5.BRK.BUSDT") as heard:
        await until(lambda: bool(wire.subscriptions))
        await wire.say(json.dumps({"topic": "tickers.BRK.BUSDT", "ts": TIME_MS, "data": row}))
        await until(lambda: bool(heard))
    assert heard[0].symbol == "BRK.BUSDT"
