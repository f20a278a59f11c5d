"""`perpetuum signal` against a sandbox: what it prints and refuses."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.commands import signal
from bot.kernels import FOLDER
from bot.settings import Settings, load
from engines.core.timeframe import Timeframe
from engines.indicators.columns import HOT
from engines.signals.decision import Decision
from engines.signals.evidence import GateName
from ports.errors import Fatal
from sandbox.world import WorldOptions
from tests.build.desk import environment_of
from tests.build.recordings import write_bars
from tests.build.sandbox import Sandbox, running_sandbox
from tests.build.signals import a_proposal
from tests.build.trends import a_trend

START_MS = 1_740_787_200_000  # 2025-03-01
PAST_DAYS = 40


@pytest.fixture(scope="module")
def rising(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty days of a rising market and two more, and one that has just begun."""
    folder = tmp_path_factory.mktemp("rising")
    day = Timeframe.D1.ms
    trend = a_trend(PAST_DAYS + 2, start_ms=START_MS - PAST_DAYS * day)
    write_bars(folder / "ohlcv" / "binance_BTCUSDT_5m.csv.gz", trend)
    young = a_trend(3, start_ms=START_MS - day, seed=8)
    write_bars(folder / "ohlcv" / "binance_NEWUSDT_5m.csv.gz", young)
    return folder


@pytest.fixture
async def world(tmp_path: Path, rising: Path) -> AsyncIterator[Sandbox]:
    """That market, a day after the young one began."""
    start = datetime.fromtimestamp(START_MS / 1000, UTC)
    async with running_sandbox(tmp_path, WorldOptions(replay=rising, start=start)) as sandbox:
        await sandbox.advance(20)
        yield sandbox


def settings_of(world: Sandbox, **given: object) -> Settings:
    """Of a desk in that world."""
    nowhere = world.folder / "no such file"
    return load(environ=environment_of(world, **given), dotenv=nowhere, toml=nowhere)


async def ran(world: Sandbox, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `perpetuum signal`."""
    environ = environment_of(world) | {FOLDER: str(Path(os.environ[FOLDER]).parent)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "signal", *arguments,
        env=environ, cwd=world.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_everything_is_in_the_json(world: Sandbox) -> None:
    code, out, err = await ran(world, "btc/usdt", "--json", "--timeframe", "1H")
    assert (code, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    assert (told["symbol"], told["timeframe"], told["source"]) == ("BTCUSDT", "1h", "technical_analysis")
    assert told["direction"] in ("LONG", "SHORT", "NEUTRAL")
    assert [gate["gate"] for gate in told["gates"]] == [name.value for name in GateName]
    assert told["findings"]
    assert set(told["indicators"]) == {"15m", "1h", "4h", "1d"}
    assert set(told["indicators"]["4h"]) == {"close", *HOT}
    assert told["looked_at"].startswith("2025-03-01T00:")
    for name in ("entry_price", "stop_loss", "risk_reward", "position_size_pct", "created_at", "expires_at"):
        assert (told[name] is None) == (told["direction"] == "NEUTRAL"), name
    assert len(told["take_profit"]) == (0 if told["direction"] == "NEUTRAL" else 3)
    assert (told["blocked_by"] is None) == (told["direction"] != "NEUTRAL")


async def test_people_read_it_in_words(world: Sandbox) -> None:
    decision, _ = await signal.look(settings_of(world), "bitcoin", None)
    lines = list(signal.as_text(decision))
    assert lines[0].startswith("BTC/USDT · ")
    assert lines[1].startswith(("No signal", "LONG", "SHORT"))
    assert sum(line.startswith(("✓", "✗", "–")) for line in lines) == len(GateName)


async def test_a_young_market_says_what_is_missing(world: Sandbox) -> None:
    told = signal.as_json(*await signal.look(settings_of(world), "new", None))
    assert (told["direction"], told["blocked_by"]) == ("NEUTRAL", "data")


def test_a_signal_is_told_whole() -> None:
    proposal = a_proposal()
    decision = Decision(
        instrument=proposal.instrument,
        timeframe=proposal.timeframe,
        at_ms=START_MS,
        price=100.2,
        direction=proposal.direction,
        confidence=proposal.confidence,
        strength=81.0,
        findings=proposal.findings,
        gates=proposal.gates,
        proposal=proposal,
    )
    told = signal.as_json(decision, {})
    assert (told["direction"], told["entry_price"], told["entry_zone"]) == ("LONG", 100.0, [99.5, 100.5])
    assert (told["stop_loss"], told["take_profit"]) == (96.0, [104.0, 108.0, 112.0])
    assert (told["position_size_pct"], told["risk_pct"], told["is_strong"]) == (25.0, 1.0, True)
    assert list(signal.as_text(decision))[1:5] == [
        "LONG: strong, confidence 78%",
        "entry 99.50 to 100.50, stop 96",
        "targets 104, 108, 112 · R:R 2.00",
        "size 25.0% of the capital, 1.00% of it at risk",
    ]


@pytest.mark.parametrize("text", ["4h", "soon"])
def test_a_timeframe_without_entries_is_refused(text: str) -> None:
    with pytest.raises(Fatal, match=f"--timeframe {text}: signals are made on 15m and 1h"):
        signal.timeframe_of(text)


async def test_a_market_that_is_not_there_names_those_near(world: Sandbox) -> None:
    with pytest.raises(Fatal, match="did you mean BTCUSDT"):
        await signal.look(settings_of(world), "btcc", None)


async def test_a_venue_that_is_away_is_named(world: Sandbox) -> None:
    away = settings_of(world, market__bybit_url="http://127.0.0.1:9")
    with pytest.raises(Fatal, match="bybit does not tell its markets; try again in a moment"):
        await signal.look(away, "BTC", None)
