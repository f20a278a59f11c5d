"""`perpetuum backfill`, `stream` and `status` against a sandbox: what they store, print and refuse."""

import asyncio
import os
import signal
import sqlite3
from argparse import Namespace
from contextlib import closing

import pytest

from bot.cli import main
from bot.commands import backfill, market_status, stream
from bot.commands.workbench import Workbench
from bot.outside import open_candles
from bot.settings import Settings, load
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.candles import Series
from ports.errors import Fatal
from services.market.ring import Rings
from services.markets import Markets
from tests.build.candles import MemoryCandles
from tests.build.clock import HandClock
from tests.build.collecting import a_past
from tests.build.desk import environment_of
from tests.build.markets import FakeMarketSource, an_instrument
from tests.build.sandbox import Sandbox, until

M5, H1 = Timeframe.M5, Timeframe.H1


@pytest.fixture
async def settings(sandbox: Sandbox) -> Settings:
    await sandbox.advance(20)  # what closed at midnight is published
    nowhere = sandbox.folder / "no such file"
    return load(environ=environment_of(sandbox), dotenv=nowhere, toml=nowhere)


async def stored(settings: Settings, symbol: str, timeframe: Timeframe) -> int:
    """How many candles of a series there are."""
    store = await open_candles(settings)
    try:
        series = Series(venue="bybit", kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)
        return len(await store.between(series, 0, 2**62))
    finally:
        await store.close()


async def test_it_fetches_as_many_days_as_asked_and_only_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await backfill.backfill(settings, ["btc", "ETHUSDT"], 2, [H1, M5]) == 0
    assert await stored(settings, "BTCUSDT", M5) == await stored(settings, "ETHUSDT", M5) == 576
    assert await stored(settings, "ETHUSDT", H1) == 48
    assert "BTCUSDT 5m: 576 candles of 2 days, 576 new\n" in capsys.readouterr().out

    await backfill.backfill(settings, ["btc"], 3, [M5])
    assert capsys.readouterr().out == "BTCUSDT 5m: 864 candles of 3 days, 288 new\n"


async def test_days_before_the_listing_are_not_there(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await backfill.backfill(settings, ["BTCUSDT"], 60, [H1])
    assert "BTCUSDT 1h: 72 candles of 60 days, 72 new\n" in capsys.readouterr().out


async def test_days_before_the_listing_are_asked_for_once(capsys: pytest.CaptureFixture[str]) -> None:
    source, clock, rings = FakeMarketSource([an_instrument()]), HandClock(), Rings()
    a_past(source)
    markets = Markets(source, None, clock, rings=rings)
    bench = Workbench(store=MemoryCandles(), source=source, clock=clock, rings=rings, markets=markets)
    await backfill.Filling(bench, ()).fill("BTCUSDT", M5, 5000)
    assert len(source.asked) == 2, "a page with its beginning, and one without anything"
    assert capsys.readouterr().out.splitlines() == [
        "BTCUSDT 5m: 287 candles of 5000 days, 287 new",
        "BTCUSDT 5m: a running desk keeps 31 days and drops older candles at night",
    ]


async def test_an_unknown_market_is_named_with_its_likes(settings: Settings) -> None:
    with pytest.raises(Fatal, match="bybit has no market BTCC; did you mean BTCUSDT"):
        await backfill.backfill(settings, ["eth", "BTCC"], 2, [H1])
    with pytest.raises(Fatal, match="has no market ЖЖЖЖЖЖЖЖ; write it as the venue does"):
        await backfill.backfill(settings, ["ЖЖЖЖЖЖЖЖ"], 2, [H1])
    assert await stored(settings, "ETHUSDT", H1) == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--days", "0"], "--days 0: 1 to 5000"),
        (["--days", "-3"], "--days -3: 1 to 5000"),
        (["--days", "99999"], "--days 99999: 1 to 5000"),
        (["--timeframe", "7x"], "--timeframe 7x: not one of 1m, 5m, 15m, 1h, 4h, 1d"),
    ],
)
def test_bad_wishes_are_refused_before_anything_is_opened(
    arguments: list[str], complaint: str, settings: Settings
) -> None:
    wish = {"--days": 30, "--timeframe": None, arguments[0]: arguments[1]}
    options = Namespace(
        symbol=["BTCUSDT"],
        days=int(str(wish["--days"])),
        timeframe=None if wish["--timeframe"] is None else [wish["--timeframe"]],
    )
    with pytest.raises(Fatal) as refused:
        backfill.run(settings, options)
    assert str(refused.value) == complaint


async def test_a_venue_that_is_down_leaves_what_came(settings: Settings, sandbox: Sandbox) -> None:
    await backfill.backfill(settings, ["BTCUSDT"], 1, [H1])
    await sandbox.break_(bybit={"status": 503, "methods": ["kline"]})
    with pytest.raises(Fatal, match="what came is kept, the same command goes on from there"):
        await backfill.backfill(settings, ["BTCUSDT"], 2, [H1], patience_s=(0.01,))
    assert await stored(settings, "BTCUSDT", H1) == 24


async def test_timeframes_are_taken_as_people_write_them() -> None:
    assert backfill.timeframes_of(["5M", "час", "1h"]) == [H1, M5]
    assert [one.value for one in backfill.timeframes_of(None)] == ["1d", "4h", "1h", "15m", "5m"]


async def test_status_tells_what_is_stored(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert await market_status.show(settings, None) == 0
    assert capsys.readouterr().out.strip() == market_status.NOTHING
    assert list(settings.desk.data_dir.glob("market*")) == [], "looking makes nothing"

    await backfill.backfill(settings, ["btc", "eth"], 2, [H1, M5])
    capsys.readouterr()
    await market_status.show(settings, None)
    head, five, hour, size = capsys.readouterr().out.splitlines()
    assert head.split() == ["series", "candles", "missing", "from", "to", "(UTC)"]
    assert five.split() == ["5m", "2", "1,152", "0", "2025-01-02", "2025-01-04", "00:00"]
    assert hour.split() == ["1h", "2", "96", "0", "2025-01-02", "2025-01-04", "00:00"]
    assert "MB in all" in size

    await market_status.show(settings, "eth")
    assert "5m" in capsys.readouterr().out
    await market_status.show(settings, "nope")
    assert capsys.readouterr().out == "No candles of NOPE are stored.\n"


async def test_status_leaves_a_database_of_another_version_as_it_is(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await (await open_candles(settings)).close()
    with closing(sqlite3.connect(settings.desk.data_dir / "market.sqlite3")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0000'")
    assert await market_status.show(settings, None) == 1
    assert "was written by another version of Perpetuum" in capsys.readouterr().out


async def test_stream_says_how_it_goes_and_keeps_what_closes(
    settings: Settings, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await sandbox.set_speed(600)
    streaming = asyncio.create_task(stream.stream(settings, 2, every_s=0.3))

    async def has_candles() -> bool:
        return await stored(settings, "BTCUSDT", M5) > 2

    await until(has_candles, "closed candles in the store")
    os.kill(os.getpid(), signal.SIGINT)
    assert await streaming == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 markets · ")
    assert any("streaming" in line for line in lines)
    assert lines[-1].startswith("stopped: ")


@pytest.mark.parametrize("top", [0, -1, 501])
def test_stream_wants_a_sensible_number_of_markets(settings: Settings, top: int) -> None:
    with pytest.raises(Fatal, match=f"--top {top}: 1 to 500"):
        stream.run(settings, Namespace(top=top))


@pytest.mark.parametrize("command", ["backfill", "stream", "status"])
def test_help_explains_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "--" in capsys.readouterr().out
