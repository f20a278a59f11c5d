"""Pictures of backtests, drawn in the process that draws charts."""

from typing import Final

from adapters.workers import JobFailed, Workers
from ports.errors import Transient
from ports.reports import BacktestCard

# By name, because this process must not load the drawing library.
_DRAW: Final = "adapters.charts.backtest_card:draw_backtest_card"


class PooledCards:
    """`CardPainter` through workers that belong to somebody else."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def draw(self, card: BacktestCard) -> bytes:
        try:
            return await self._workers.run(_DRAW, card)
        except JobFailed as error:
            raise Transient(f"the picture cannot be drawn: {error}", kind="nonsense") from error
