"""Charts drawn in a process of their own."""

from adapters.workers import Workers
from ports.charts import CandleChart, EquityChart

# By name, because this process must not load the drawing library.
WARM = "adapters.charts.candle_chart:warm"
_CANDLES = "adapters.charts.candle_chart:draw_candle_chart"
_EQUITY = "adapters.charts.equity_chart:draw_equity_chart"


class PooledCharts:
    """`Charts` through `workers`, which it owns from then on."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def candles(self, chart: CandleChart) -> bytes:
        """PNG bytes. Raises `JobFailed` for a chart that cannot be drawn, `Transient` when workers fail."""
        return await self._workers.run(_CANDLES, chart)

    async def equity(self, chart: EquityChart) -> bytes:
        """As `candles`."""
        return await self._workers.run(_EQUITY, chart)

    async def close(self) -> None:
        """End the processes."""
        await self._workers.close()
