"""Recorded candles through Bybit's twin, ccxt, the desk and the Bot API's twin: the screens agree."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from engines.core.timeframe import Timeframe
from sandbox.world import WorldOptions
from tests.build.desk import running_desk
from tests.build.prices import PriceScreen, Recording, read_price, read_recording
from tests.build.recordings import some_bars, write_bars
from tests.build.sandbox import VERA, Message, Sandbox, running_sandbox, until

PNG = b"\x89PNG\r\n\x1a\n"
STEPS_S = (0, 3600, 6 * 3600 + 137, 86_400)
"""Moments to look at: how far the clock jumps before each."""


@asynccontextmanager
async def replaying(folder: Path, recordings: Path, start: datetime | None = None) -> AsyncIterator[Sandbox]:
    """A desk in a recorded market that stands still between jumps."""
    options = WorldOptions(replay=recordings, start=start, speed=0)
    async with running_sandbox(folder, options) as sandbox, running_desk(sandbox):
        yield sandbox


async def price(sandbox: Sandbox, coin: str) -> PriceScreen:
    """The price of a coin once both venues' prices are there."""

    async def look() -> PriceScreen | None:
        answer = await sandbox.ask(VERA, f"/price {coin}")
        screen = read_price(answer["text"])
        return screen if screen.binance is not None else None

    return await until(look, f"a price of {coin} with its reference")


def assert_agrees(screen: PriceScreen, file: Recording, now_ms: int) -> None:
    """Price inside the bar of that moment; high, low and change of the day as in the file."""
    bar = file.at(now_ms)
    assert bar.low <= screen.last <= bar.high
    (least_high, most_high), (least_low, most_low) = file.day(now_ms)
    assert least_high <= screen.high <= most_high
    assert least_low <= screen.low <= most_low
    least, most = file.changes(screen.last, now_ms)
    assert least - 0.051 <= screen.change <= most + 0.051


async def assert_is_chart(sandbox: Sandbox, message: Message, caption: str) -> None:
    """A PNG at twice the size of a phone's screen, with a caption."""
    picture = await sandbox.photo(message)
    assert picture[:8] == PNG
    assert struct.unpack(">II", picture[16:24]) == (2160, 1440)
    assert message["text"].startswith(caption)


async def test_prices_agree_with_a_small_recording_at_several_moments(
    tmp_path: Path, small_recording: Path
) -> None:
    btc = read_recording(small_recording / "ohlcv" / "binance_BTCUSDT_5m.csv.gz", Timeframe.M5.ms)
    eth = read_recording(small_recording / "ohlcv" / "binance_ETHUSDT_1h.csv", Timeframe.H1.ms)
    async with replaying(tmp_path, small_recording) as sandbox:
        for step_s in STEPS_S:
            now_ms = await sandbox.advance(step_s)
            for coin, file in (("btc", btc), ("eth", eth)):
                answer = await sandbox.ask(VERA, f"/price {coin}")
                assert_agrees(read_price(answer["text"]), file, now_ms)


async def test_the_reference_venue_shows_the_recorded_price_too(
    tmp_path: Path, small_recording: Path
) -> None:
    async with replaying(tmp_path, small_recording) as sandbox:
        for coin in ("btc", "eth", "sol"):
            screen = await price(sandbox, coin)
            assert screen.binance == screen.last


async def test_top_chart_and_status_agree_with_the_recording(tmp_path: Path, small_recording: Path) -> None:
    async with replaying(tmp_path, small_recording) as sandbox:
        screen = await price(sandbox, "btc")

        top = await sandbox.ask(VERA, "/top")
        rows = [line.split() for line in top["text"].splitlines() if line.strip()[:1].isdigit()]
        assert {row[1] for row in rows} == {"BTC", "ETH", "SOL"}
        assert next(float(row[2].replace(",", "")) for row in rows if row[1] == "BTC") == screen.last

        chart = await sandbox.ask(VERA, "/chart btc 5m")
        await assert_is_chart(sandbox, chart, "BTC/USDT · 5m")
        assert f"{screen.last:,.2f}" in chart["text"]

        status = await sandbox.ask(VERA, "/status")
        clock = (await sandbox.control("GET", "state"))["clock"]
        at = datetime.fromtimestamp(clock["market_ms"] / 1000, UTC)
        assert f"{at:%H:%M:%S}" in status["text"]
        assert "×0" in status["text"]
        assert "PAPER" in status["text"]
        assert "⚠️" not in status["text"]


async def test_a_chart_changes_its_timeframe_in_place(tmp_path: Path, small_recording: Path) -> None:
    async with replaying(tmp_path, small_recording) as sandbox:
        chart = await sandbox.ask(VERA, "/chart btc 5m")

        await sandbox.tap(VERA, chart, "15m")

        changed = await sandbox.edited(chart, "BTC/USDT · 15m")
        await assert_is_chart(sandbox, changed, "BTC/USDT · 15m")
        assert changed["photo"] != chart["photo"]


async def test_a_coin_with_a_short_history_says_how_much_there_is(tmp_path: Path) -> None:
    young = some_bars(Timeframe.H1, 48, price=5.0, start_ms=1_735_862_400_000)  # since 3 January
    write_bars(tmp_path / "young" / "binance_NEWUSDT_1h.csv", young)
    write_bars(tmp_path / "young" / "binance_BTCUSDT_1h.csv", some_bars(Timeframe.H1, 1000, price=60_000.0))

    async with replaying(tmp_path, tmp_path / "young", datetime(2025, 1, 4, tzinfo=UTC)) as sandbox:
        chart = await sandbox.ask(VERA, "/chart new 1h")
        await assert_is_chart(sandbox, chart, "NEW/USDT · 1h")
        assert "Only 2" in chart["text"]
        assert "candles of history so far" in chart["text"]


async def test_prices_agree_with_recorded_history(tmp_path: Path, shared_data: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for symbol in ("BTC", "ETH", "SOL", "TRUMP"):
        name = f"binance_{symbol}USDT_1h.csv.gz"
        (recordings / name).write_bytes((shared_data / "ohlcv" / name).read_bytes())
    files = {
        symbol: read_recording(recordings / f"binance_{symbol}USDT_1h.csv.gz", Timeframe.H1.ms)
        for symbol in ("BTC", "ETH", "SOL", "TRUMP")
    }
    start = datetime(2025, 1, 22, 12, tzinfo=UTC)

    async with replaying(tmp_path, recordings, start) as sandbox:
        for step_s in STEPS_S:
            now_ms = await sandbox.advance(step_s)
            for coin, file in files.items():
                answer = await sandbox.ask(VERA, f"/price {coin}")
                assert_agrees(read_price(answer["text"]), file, now_ms)

        long = await sandbox.ask(VERA, "/chart btc 1h")
        await assert_is_chart(sandbox, long, "BTC/USDT · 1h")
        assert "of history" not in long["text"]
        short = await sandbox.ask(VERA, "/chart trump 4h")
        assert "candles of history so far" in short["text"]
