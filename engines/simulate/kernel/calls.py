"""What a strategy calls for over a whole history, as rows that kernels act on."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.indicators.kernel import plain
from engines.simulate.kernel import table
from engines.simulate.kernel.prepare import Prepared, counted
from engines.simulate.kernel.technical_calls import TechnicalCalls
from engines.strategies import sma_cross_rule as rule
from engines.strategies.sma_cross import ENTRY_SLIPPAGE, EXIT_SLIPPAGE, SmaCrossParams, called

MOST_COLUMNS: Final = 48
"""How many columns of indicators are kept; the one that was not asked for longest goes first."""


class Columns:
    """Indicators of one series, each reckoned once for all points that share it. Has one owner."""

    def __init__(self, candles: Candles) -> None:
        self._high, self._low, self._close = plain(candles.high), plain(candles.low), plain(candles.close)
        self._kept: OrderedDict[tuple[str, int], FloatArray] = OrderedDict()

    def average(self, length: int) -> FloatArray:
        """Closes, averaged."""
        return self._column("average", length, lambda: rule.averages(self._close, length))

    def strength(self, length: int) -> FloatArray:
        """The ADX."""
        return self._column(
            "strength", length, lambda: rule.strengths(self._high, self._low, self._close, length)
        )

    def range(self, length: int) -> FloatArray:
        """The ATR."""
        return self._column("range", length, lambda: rule.ranges(self._high, self._low, self._close, length))

    def _column(self, name: str, length: int, reckon: Callable[[], FloatArray]) -> FloatArray:
        key = name, length
        if key not in self._kept:
            self._kept[key] = reckon()
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_COLUMNS:
            self._kept.popitem(last=False)
        return self._kept[key]


class SmaCrossCalls:
    """Calls of `sma_cross`, point by point."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._series: dict[str, tuple[Candles, Columns]] = {}

    def leverage(self, params: SmaCrossParams) -> int:
        """Of its positions."""
        return params.leverage

    def rows(self, params: SmaCrossParams) -> IntArray:
        """Everything it calls for, in order of time."""
        candles, columns = self._of(params)
        ranges = columns.range(params.atr_length)
        bars, codes = called(
            columns.average(params.fast),
            columns.average(params.slow),
            columns.strength(params.adx_length),
            ranges,
            params,
        )
        times = candles.time_ms[bars] + params.timeframe.ms
        first, stop = np.searchsorted(times, (self._prepared.start_ms, self._prepared.stop_ms))
        bars, codes, times = bars[first:stop], codes[first:stop], times[first:stop]
        distances = rule.stop_distances(ranges, bars, params.stop_atrs, float(self._prepared.instrument.tick))
        return self._laid_out(params, times, candles.close[bars], codes, distances)

    def _of(self, params: SmaCrossParams) -> tuple[Candles, Columns]:
        if params.timeframe not in self._series:
            candles = self._prepared.series(params.timeframe)
            self._series[params.timeframe] = candles, Columns(candles)
        return self._series[params.timeframe]

    def _laid_out(
        self, params: SmaCrossParams, times: IntArray, close: FloatArray, codes: IntArray, distances: IntArray
    ) -> IntArray:
        prepared = self._prepared
        rows = np.zeros((len(times), table.CALL_SIZE), np.int64)
        sign = np.sign(codes)
        stops = np.rint(close / float(prepared.instrument.tick)).astype(np.int64) - sign * distances
        is_spot = prepared.instrument.kind is MarketKind.SPOT
        is_opening = (np.abs(codes) == rule.OPEN) & (stops > 0) & ((sign > 0) | (not is_spot))
        rows[:, table.NEXT] = prepared.rows_by(times)
        rows[:, table.CODE] = np.where(is_opening, table.TURN, table.CLOSE_ONLY) * sign
        rows[:, table.STOP] = stops
        rows[:, table.DISTANCE] = distances
        rows[:, table.UNTIL] = prepared.rows_by(times + params.timeframe.ms)
        rows[:, table.ENTRY_WORST] = counted("slippage", ENTRY_SLIPPAGE)
        rows[:, table.EXIT_WORST] = counted("slippage", EXIT_SLIPPAGE)
        rows[:, table.NOTIONAL] = counted("notional", params.notional)
        rows[:, table.RISK] = counted("risk", params.risk)
        rows[:, table.SHARE] = counted("most", params.most)
        is_played = (rows[:, table.NEXT] >= max(prepared.first, 1)) & (rows[:, table.NEXT] <= prepared.stop)
        return rows[is_played]


CALLS: Final[Mapping[str, Callable[[Prepared], Any]]] = {
    "sma_cross": SmaCrossCalls,
    "technical": TechnicalCalls,
}
"""Strategies that have kernels, by name."""
