"""Backtests over the whole desk: one is cancelled, one dies with the desk, one comes to its end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.outside import open_candles
from bot.settings import load
from engines.core.timeframe import Timeframe
from ports.candles import CandleStore
from sandbox.world import WorldOptions
from tests.build.candles import a_series, some_candles
from tests.build.desk import desk_process, environment_of
from tests.build.sandbox import VERA, Message, Sandbox, running_sandbox

DAYS = 120
PATIENCE_S = 180.0


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A market that stands still."""
    async with running_sandbox(tmp_path, WorldOptions(seed=7, speed=0)) as running:
        yield running


async def fill(sandbox: Sandbox) -> None:
    """Hours of Bitcoin in the store of the desk that is to come."""
    nowhere = sandbox.folder / "no such file"
    settings = load(environ=environment_of(sandbox), dotenv=nowhere, toml=nowhere)
    store: CandleStore = await open_candles(settings)
    now = datetime.fromtimestamp(await sandbox.advance(0) / 1000, UTC)
    until_ms, hours = Timeframe.H1.floor(int(now.timestamp() * 1000)), DAYS * 24
    candles = some_candles(hours, Timeframe.H1, start_ms=until_ms - hours * Timeframe.H1.ms)
    try:
        await store.upsert(a_series("BTCUSDT", Timeframe.H1), candles)
    finally:
        await store.close()


@pytest.mark.timeout(600)
async def test_cancelled_interrupted_and_done(sandbox: Sandbox) -> None:
    """What is said of a job at once has its button: how far it comes before the tap does not matter."""
    await fill(sandbox)
    async with desk_process(sandbox) as desk:
        cancelled = await sandbox.ask(VERA, "/backtest sma 3m btc")
        await sandbox.tap(VERA, cancelled, "Cancel")
        await sandbox.edited(cancelled, "Cancelled.")

        dying = await sandbox.ask(VERA, "бэктест sma 3m btc")
        await sandbox.ask(VERA, "/status")  # an answer later: the desk knows where it told of the job
        await desk.kill()
        await desk.start()
        await sandbox.edited(dying, "Interrupted")

        for _ in range(2):  # what came while it was down is late, and never acted on
            await sandbox.ask(VERA, "/status")
        await sandbox.tap(VERA, dying, "Run again")
        chat = dying["chat"]
        result = await sandbox.next_from_bot(chat, after=dying["id"], having="BACKTEST", within_s=PATIENCE_S)
        assert "SMA cross · BTC · 3 months" in result["text"]
        assert result["photo"]
        page = await sandbox.next_from_bot(chat, after=result["id"])
        assert page["document_name"].endswith(".html")
        assert page["document_size"] > 100_000
        assert (await sandbox.message(dying) or {})["text"].startswith("✓")
        details = await _tapped(sandbox, result, "Details")
        assert "Beside holding" in details["text"]
        files = await _tapped(sandbox, result, "Files")
        assert files["document_name"].endswith(".zip")


async def _tapped(sandbox: Sandbox, message: Message, button: str) -> Message:
    last = (await sandbox.messages(message["chat"]))[-1]["id"]
    await sandbox.tap(VERA, message, button)
    return await sandbox.next_from_bot(message["chat"], after=last)
