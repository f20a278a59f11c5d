"""A backtest in a process of its own: progress, cancel, limits, and a real one from bars to report."""

import asyncio
import os
from pathlib import Path

import pytest

from adapters.backtests.process import ProcessBacktester
from adapters.reports.folder import missing_artefacts
from engines.core.timeframe import Timeframe
from engines.simulate.history import History, RecordedMarket
from engines.simulate.terms import OPEN_LIMITS, Terms
from ports.backtests import BacktestTask, Progress, Stage
from ports.errors import Refused
from tests.build.candles import JANUARY_MS, some_candles
from tests.build.clock import NOON
from tests.build.markets import a_perp

PLAYER = "tests.adapters.backtests.player"
ID = "ab12cd34"


def a_task(bars: int = 400) -> BacktestTask:
    """So many hours of Bitcoin."""
    hours = Timeframe.H1.ms
    market = RecordedMarket(
        instrument=a_perp("BTC"), series={Timeframe.H1: some_candles(bars, Timeframe.H1, price=87_000.0)}
    )
    history = History(
        markets=(market,), start_ms=JANUARY_MS + bars // 8 * hours, stop_ms=JANUARY_MS + bars * hours
    )
    return BacktestTask(
        id=ID,
        wish="sma_cross 2y BTCUSDT fast=5 slow=20",
        strategy="sma_cross",
        params={"fast": "5", "slow": "20"},
        history=history,
        terms=Terms(limits=OPEN_LIMITS),
        made_at=NOON,
        notes=("spot_prices",),
    )


def backtester(folder: Path, job: str, limit_s: float = 60.0) -> ProcessBacktester:
    """One whose process does that."""
    return ProcessBacktester(folder, limit_s=limit_s, play=f"{PLAYER}:{job}", warm=f"{PLAYER}:warm")


async def test_progress_is_heard_and_the_report_is_kept(tmp_path: Path) -> None:
    heard: list[Progress] = []
    work = backtester(tmp_path, "play")
    report = await work.play(a_task(), heard.append)
    assert heard == [Progress(Stage.PLAYING, 1, 2)]
    assert report.id == ID
    kept = await work.report(ID)
    assert kept is not None
    assert kept.wish == a_task().wish


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ("fail", "backtest_failed"),
        ("exhaust", "backtest_too_big"),
        ("die", "backtest_failed"),
        ("forget", "backtest_failed"),
    ],
)
async def test_what_goes_wrong_has_a_name_and_leaves_nothing(tmp_path: Path, job: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await backtester(tmp_path, job).play(a_task(), lambda progress: None)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


async def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        await backtester(tmp_path, "sleep", limit_s=0.3).play(a_task(), lambda progress: None)
    assert refused.value.code == "backtest_too_long"
    assert list(tmp_path.iterdir()) == []


async def test_whoever_leaves_takes_the_process_along(tmp_path: Path) -> None:
    begun = asyncio.Event()
    work = backtester(tmp_path, "sleep")
    playing = asyncio.create_task(work.play(a_task(), lambda progress: begun.set()))
    await begun.wait()
    pid = int((tmp_path / ID / "half").read_text())
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(tmp_path.iterdir()) == []


async def test_a_real_one_from_bars_to_figures_and_files(tmp_path: Path) -> None:
    heard: list[Progress] = []
    work = ProcessBacktester(tmp_path)
    report = await work.play(a_task(2000), heard.append)
    assert all(name.endswith(".png") for name in missing_artefacts(tmp_path / ID))
    assert not list((tmp_path / ID).glob("*.png"))
    assert report.bars == 2000 - 250
    assert (report.value("closed") or 0) > 10
    assert report.params == {"fast": "5", "slow": "20"}
    assert report.value("hold_roi") is not None
    assert report.opening == 10_000.0
    assert {one.stage for one in heard} == {Stage.PLAYING, Stage.REPORTING}
    page = await work.curve_page(ID)
    assert page is not None
    assert page.content.startswith(b"<!DOCTYPE html>") or b"<html" in page.content[:200]
    again = await ProcessBacktester(tmp_path / "again").play(a_task(2000), heard.append)
    assert again.digest == report.digest
