"""Backtests in a process of their own: one for each, which ends with it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import orjson
import structlog

from adapters.backtests.shelf import Shelf
from adapters.workers import JobFailed, TookTooLong, Workers
from ports.backtests import BacktestReport, BacktestTask, Progress, Stage
from ports.errors import Refused, Transient
from ports.messages import Document

log = structlog.get_logger()
T = TypeVar("T")

# By name, because this process must not load what the work needs.
_WARM: Final = "adapters.backtests.playing:warm"
_PLAY: Final = "adapters.backtests.playing:play"
_NO_MEMORY: Final = "MemoryError"


class ProcessBacktester:
    """`Backtester` that keeps its reports below `folder`. `limit_s` is for one backtest, from its start in
    the process to its report."""

    def __init__(self, folder: Path, *, limit_s: float = 600.0, play: str = _PLAY, warm: str = _WARM) -> None:
        self._shelf = Shelf(folder)
        self._limit_s = limit_s
        self._play, self._warm = play, warm

    async def play(self, task: BacktestTask, hear: Callable[[Progress], None]) -> BacktestReport:
        place = await self._on_disk(lambda: self._shelf.new(task.id))
        is_done = False
        workers = Workers(warm=self._warm, limit_s=self._limit_s, start_limit_s=120.0, grace_s=1.0, tries=1)
        try:
            await workers.run(self._play, task, place, hear=lambda told: hear(_progress(told)))
            report = await self.report(task.id)
            is_done = report is not None
        except TookTooLong as error:
            raise Refused("backtest_too_long") from error
        except (JobFailed, Transient) as error:
            log.error("backtest_failed", id=task.id, wish=task.wish, error=str(error))
            raise Refused("backtest_too_big" if _NO_MEMORY in str(error) else "backtest_failed") from error
        finally:  # also when whoever asked has left
            await workers.close()
            if not is_done:
                await asyncio.to_thread(self._shelf.drop, task.id)
        if report is None:
            raise Refused("backtest_failed")
        return report

    async def report(self, report_id: str) -> BacktestReport | None:
        return await self._on_disk(lambda: self._shelf.report(report_id))

    async def curve_page(self, report_id: str) -> Document | None:
        return await self._on_disk(lambda: self._shelf.page(report_id))

    async def everything(self, report_id: str) -> Document | None:
        return await self._on_disk(lambda: self._shelf.archive(report_id))

    async def _on_disk(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (OSError, ValueError) as error:
            raise Transient(f"reports of backtests: {error}", kind="database") from error


def _progress(told: bytes) -> Progress:
    stage, done, total = orjson.loads(told)
    return Progress(Stage(stage), done, total)
