"""Charts through worker processes."""

import subprocess
import sys

import pytest

from adapters.charts.candle_chart import draw_candle_chart
from adapters.charts.pooled import WARM, PooledCharts
from adapters.workers import JobFailed, Workers
from ports.charts import Charts
from tests.adapters.charts.builders import a_chart, some_candles


async def test_the_same_picture_comes_out_of_a_worker() -> None:
    charts: Charts = PooledCharts(Workers(warm=WARM))
    try:
        assert await charts.candles(a_chart()) == draw_candle_chart(a_chart())
        with pytest.raises(JobFailed, match="at least one candle"):
            await charts.candles(a_chart(some_candles().rows(0, 0)))
    finally:
        await charts.close()


async def test_a_drawing_worker_stays_lean() -> None:
    workers = Workers(warm=WARM)
    try:
        loaded = set((await workers.run("tests.adapters.worker_jobs:modules")).decode().split())
    finally:
        await workers.close()
    assert "matplotlib.figure" in loaded
    assert not loaded & {"matplotlib.pyplot", "aiogram", "ccxt", "sqlalchemy", "aiohttp", "pandas"}


def test_asking_for_charts_does_not_load_the_drawing_library() -> None:
    program = "import sys, adapters.charts.pooled; raise SystemExit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
