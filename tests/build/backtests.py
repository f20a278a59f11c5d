"""Backtests that play nothing: a player that waits until it is told what came of it, and reports."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.simulate.assessment import Standing
from handlers.ui.backtest_view import Row, details_values, result_values
from ports.backtests import (
    BacktestReport,
    BacktestTask,
    Estimate,
    Progress,
    ReportCurve,
    Stage,
)
from ports.errors import Transient
from ports.messages import Document
from ports.reports import BacktestCard
from services.backtesting.wish import Strategies, Wish
from services.speech import Speech
from tests.build.candles import MemoryCandles, a_series, some_candles
from tests.build.clock import NOON
from tests.build.telegram import PNG

DAY_MS = Timeframe.D1.ms


def the_strategies() -> Strategies:
    """Those of the desk."""
    from bot.container import strategies

    return strategies()


@dataclass(slots=True)
class FakeBacktester:
    """`Backtester` whose work is done when a test says so: `tell` progress, then `finish` or `fail`. Without
    `is_slow` it is done at once. `played` are the tasks, `left` those whose caller left."""

    is_slow: bool = False
    has_files: bool = True
    played: list[BacktestTask] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    kept: dict[str, BacktestReport] = field(default_factory=dict)
    failure: Exception | None = None
    report_of: Callable[[BacktestTask], BacktestReport] | None = None
    _hear: Callable[[Progress], None] | None = None
    _going_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, task: BacktestTask, hear: Callable[[Progress], None]) -> BacktestReport:
        self.played.append(task)
        self._hear = hear
        try:
            if self.is_slow:
                self._going_on.clear()
                await self._going_on.wait()
        except asyncio.CancelledError:
            self.left.append(task.id)
            raise
        if self.failure is not None:
            raise self.failure
        made = a_report(id=task.id, wish=task.wish) if self.report_of is None else self.report_of(task)
        self.kept[task.id] = made
        return made

    def tell(self, stage: Stage, done: int, total: int) -> None:
        """It has come so far."""
        assert self._hear is not None, "nothing is played"
        self._hear(Progress(stage, done, total))

    def finish(self) -> None:
        """What is played comes to its end."""
        self._going_on.set()

    async def report(self, report_id: str) -> BacktestReport | None:
        return self.kept.get(report_id)

    async def curve_page(self, report_id: str) -> Document | None:
        return self._file(report_id, "html")

    async def everything(self, report_id: str) -> Document | None:
        return self._file(report_id, "zip")

    def _file(self, report_id: str, ending: str) -> Document | None:
        if report_id not in self.kept or not self.has_files:
            return None
        return Document(name=f"sma_cross-BTC.{ending}", content=report_id.encode())


@dataclass(slots=True)
class FakePainter:
    """`CardPainter` whose pictures are all the same."""

    drawn: list[BacktestCard] = field(default_factory=list)
    is_broken: bool = False

    async def draw(self, card: BacktestCard) -> bytes:
        if self.is_broken:
            raise Transient("no pictures today")
        self.drawn.append(card)
        return PNG


FIGURES: Mapping[str, Estimate] = {
    "roi": Estimate(value=0.123, low=-0.21, high=0.55),
    "cagr": Estimate(value=0.0597, low=-0.11, high=0.25),
    "sharpe": Estimate(value=0.41, low=-0.9, high=1.7),
    "max_drawdown": Estimate(value=0.182, low=0.12, high=0.35),
    "longest_drawdown_ms": Estimate(value=200 * DAY_MS),
    "closed": Estimate(value=42),
    "still_open": Estimate(value=1),
    "win_rate": Estimate(value=0.381),
    "profit_factor": Estimate(value=1.21),
    "expectancy": Estimate(value=29.3),
    "held_ms": Estimate(value=3.4 * DAY_MS),
    "fees": Estimate(value=211.4),
    "funding": Estimate(value=-48.1),
    "exposure_time": Estimate(value=0.44),
    "hold_roi": Estimate(value=0.841),
    "hold_cagr": Estimate(value=0.357),
    "hold_drawdown": Estimate(value=0.381),
    "excess": Estimate(value=-0.29, low=-0.8, high=0.1),
}


def a_report(**fields: Any) -> BacktestReport:
    """Two years of SMA cross on Bitcoin: earned a little, less than holding."""
    start = NOON - timedelta(days=730)
    usual: dict[str, Any] = {
        "id": "ab12cd34",
        "wish": "sma_cross 2y BTCUSDT",
        "strategy": "sma_cross",
        "params": {},
        "symbols": ("BTCUSDT",),
        "start": start,
        "stop": NOON,
        "opening": 10_000.0,
        "bars": 17_520,
        "figures": FIGURES,
        "profit": Standing.UNCLEAR,
        "lead": Standing.UNCLEAR,
        "curve": ReportCurve(
            time_ms=np.array([1, 2, 3], np.int64),
            equity=np.array([10_000.0, 9_800.0, 11_230.0]),
            holding=None,
        ),
        "blocked": {"per_asset": 3, "daily_loss": 1},
        "notes": ("spot_prices",),
        "digest": "0123456789abcdef0123",
        "played_s": 0.42,
    }
    return BacktestReport(**usual | fields)


async def fill(
    store: MemoryCandles,
    symbol: str,
    days: int,
    *,
    until_ms: int,
    frame: Timeframe = Timeframe.H1,
    seed: int = 1,
) -> Candles:
    """Candles of so many days up to `until_ms`, in `frame` and what is added up from it."""
    until_ms = frame.floor(until_ms)
    count = days * DAY_MS // frame.ms
    candles = some_candles(count, frame, start_ms=until_ms - count * frame.ms, seed=seed)
    await store.upsert(a_series(symbol, frame, kind=MarketKind.SPOT), candles)
    for coarse in (Timeframe.H4, Timeframe.D1):
        if coarse.ms > frame.ms:
            await store.upsert(a_series(symbol, coarse), resample(candles, coarse.ms))
    return candles


def backtest_values(say: Speech, hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """What templates of backtests show; a bad one has failed, and its report knows little."""
    figures = {"roi": Estimate(value=-0.5)} if is_bad else FIGURES
    report = a_report(
        params={"fast": hostile},
        symbols=(hostile,),
        figures=figures,
        blocked={} if is_bad else {hostile: 3},
        notes=() if is_bad else ("spot_prices", "no_funding", "some_funding", "shorter"),
    )
    wish = Wish(strategy="sma_cross", symbols=(hostile,), days=None if is_bad else 730)
    shown = {**result_values(say, report), **details_values(say, report)}
    shown |= {"title": hostile, "rows": [Row("roi", "+12,3 %", "−21 … +55 %")]}
    return {
        **shown,
        "wish": wish,
        "state": "failed" if is_bad else "running",
        "ahead": 2,
        "stage": "filling",
        "progress": Progress(Stage.FILLING, 3, 40),
        "bar": "▰▱",
        "share": None,
        "left": None if is_bad else hostile,
        "took": None,
        "why": "",
        "what": "strategy" if is_bad else "period",
        "has_card": not is_bad,
        "is_page": is_bad,
        "names": [hostile],
        "days": 3,
        "bars": 5,
    }
