"""A day that passes at once, or in a minute: nothing is skipped on the wire, and the desk keeps answering."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bot.app import App
from engines.core.timeframe import Timeframe
from tests.build.prices import Bar, read_price, read_recording
from tests.build.sandbox import VERA, Sandbox, onboard, until

DAY_S = 86_400
CANDLES = "kline.60.BTCUSDT"


async def subscribed(sandbox: Sandbox, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    """A stream of Bybit's hourly candles."""
    stream = await http.ws_connect(f"{sandbox.url}/bybit/v5/public/spot")
    await stream.send_json({"op": "subscribe", "args": [CANDLES], "req_id": "1"})
    return stream


async def closed_candles(stream: aiohttp.ClientWebSocketResponse, count: int) -> list[Bar]:
    """The next `count` candles that are confirmed."""
    bars: dict[int, Bar] = {}
    async with asyncio.timeout(30):
        while len(bars) < count:
            message: dict[str, Any] = orjson.loads((await stream.receive()).data)
            if message.get("topic") != CANDLES:
                continue
            for row in message["data"]:
                if row["confirm"]:
                    names = ("open", "high", "low", "close")
                    bars[row["start"]] = Bar(
                        time_ms=row["start"], **{name: float(row[name]) for name in names}
                    )
    return [bars[at] for at in sorted(bars)]


async def test_a_day_in_one_jump_sends_every_closed_candle(
    sandbox: Sandbox, desk: App, small_recording: Path
) -> None:
    file = read_recording(small_recording / "ohlcv" / "binance_BTCUSDT_1h.csv.gz", Timeframe.H1.ms)
    await sandbox.set_speed(0)
    async with aiohttp.ClientSession() as http:
        stream = await subscribed(sandbox, http)
        before_ms = await sandbox.advance(0)
        now_ms = await sandbox.advance(DAY_S)

        candles = await closed_candles(stream, 24)

        wanted = [bar for bar in file.bars if before_ms <= bar.time_ms + file.step_ms <= now_ms]
        assert candles == wanted[-24:]
        screen = read_price((await sandbox.ask(VERA, "/price btc"))["text"])
        assert file.at(now_ms).low <= screen.last <= file.at(now_ms).high
        await stream.close()


async def test_a_day_a_minute_moves_prices_while_the_desk_answers(
    sandbox: Sandbox, desk: App, small_recording: Path
) -> None:
    file = read_recording(small_recording / "ohlcv" / "binance_BTCUSDT_5m.csv.gz", Timeframe.M5.ms)
    cockpit = await onboard(sandbox, VERA)
    async with aiohttp.ClientSession() as http:
        stream = await subscribed(sandbox, http)
        await sandbox.set_speed(1440)

        candles = await closed_candles(stream, 2)

        steps = [later.time_ms - earlier.time_ms for earlier, later in pairwise(candles)]
        assert steps == [Timeframe.H1.ms]
        seen: set[float] = set()
        async with asyncio.timeout(20):
            while len(seen) < 3:
                seen.add(read_price((await sandbox.ask(VERA, "/price btc"))["text"]).last)
        now_ms = await sandbox.advance(0)
        near = [bar for bar in file.bars if abs(bar.time_ms - now_ms) < 2 * Timeframe.H1.ms]
        assert all(min(bar.low for bar in near) <= last <= max(bar.high for bar in near) for last in seen)
        assert "×1440" in (await sandbox.ask(VERA, "/status"))["text"]
        assert "stale" not in (await sandbox.ask(VERA, "/price btc"))["text"]
        await stream.close()

    async def is_edited() -> bool:
        now = await sandbox.message(cockpit)
        return now is not None and now["edits"] > 2

    await until(is_edited, "the cockpit follows the market")
