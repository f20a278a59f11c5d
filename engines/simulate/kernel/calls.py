"""What a strategy calls for over a whole history, as rows that kernels act on."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.kernel import plain
from engines.simulate.kernel import table
from engines.simulate.kernel.prepare import Prepared, counted
from engines.simulate.kernel.technical_calls import TechnicalCalls
from engines.strategies import sma_cross_rule as rule
from engines.strategies.sma_cross import ENTRY_SLIPPAGE, EXIT_SLIPPAGE, SmaCrossParams, called, called_alone

MOST_BYTES: Final = 128 * 1024 * 1024
"""How much memory columns of indicators may take; the one that was not asked for longest goes first."""
FEWEST_COLUMNS: Final = 4
"""Kept however long they are: what one point asks for."""


class Columns:
    """Indicators of one series, each reckoned once for all points that share it. Has one owner."""

    def __init__(self, candles: Candles) -> None:
        self._high, self._low, self._close = plain(candles.high), plain(candles.low), plain(candles.close)
        self._kept: OrderedDict[tuple[str, int], FloatArray] = OrderedDict()
        self._most = max(MOST_BYTES // max(self._close.nbytes, 1), FEWEST_COLUMNS)

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
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return self._kept[key]


class SmaCrossCalls:
    """Calls of `sma_cross`, point by point. With `is_shared` indicators are kept for the next point; a point
    alone is quicker without columns."""

    def __init__(self, prepared: Prepared, *, is_shared: bool) -> None:
        self._prepared = prepared
        self._is_shared = is_shared
        self._series: dict[Timeframe, tuple[Candles, Columns]] = {}
        self._ended: dict[Timeframe, tuple[IntArray, IntArray]] = {}

    def leverage(self, params: SmaCrossParams) -> int:
        """Of its positions."""
        return params.leverage

    def rows(self, params: SmaCrossParams) -> IntArray:
        """Everything it calls for, in order of time."""
        candles, columns = self._of(params)
        first = int(candles.time_ms.searchsorted(self._prepared.start_ms - params.timeframe.ms))
        bars, codes, ranges = (
            _by_columns(columns, params, first) if self._is_shared else called_alone(candles, params)
        )
        times = candles.time_ms[bars] + params.timeframe.ms
        played = slice(*times.searchsorted((self._prepared.start_ms, self._prepared.stop_ms)))
        bars, codes, ranges, times = bars[played], codes[played], ranges[played], times[played]
        distances = rule.stop_distances(ranges, params.stop_atrs, float(self._prepared.instrument.tick))
        rows = self._laid_out(params, candles.close[bars], codes, distances)
        rows[:, table.NEXT], rows[:, table.UNTIL] = self._spans(params.timeframe, bars, times)
        is_played = (rows[:, table.NEXT] >= max(self._prepared.first, 1)) & (
            rows[:, table.NEXT] <= self._prepared.stop
        )
        return rows if is_played.all() else rows[is_played]

    def _spans(self, timeframe: Timeframe, bars: IntArray, times: IntArray) -> tuple[IntArray, IntArray]:
        """The bars at whose open calls are acted on, and from which on they are not any more."""
        if not self._is_shared:
            return self._prepared.rows_by(times), self._prepared.rows_by(times + timeframe.ms)
        if timeframe not in self._ended:
            closes_ms = self._series[timeframe][0].time_ms + timeframe.ms
            self._ended[timeframe] = (
                self._prepared.rows_by(closes_ms),
                self._prepared.rows_by(closes_ms + timeframe.ms),
            )
        ended, ended_next = self._ended[timeframe]
        return ended[bars], ended_next[bars]

    def _of(self, params: SmaCrossParams) -> tuple[Candles, Columns]:
        if params.timeframe not in self._series:
            candles = self._prepared.series(params.timeframe)
            self._series[params.timeframe] = candles, Columns(candles)
        return self._series[params.timeframe]

    def _laid_out(
        self, params: SmaCrossParams, close: FloatArray, codes: IntArray, distances: IntArray
    ) -> IntArray:
        prepared = self._prepared
        rows = np.zeros((len(codes), table.CALL_SIZE), np.int64)
        sign = np.sign(codes)
        stops = np.rint(close / float(prepared.instrument.tick)).astype(np.int64) - sign * distances
        is_spot = prepared.instrument.kind is MarketKind.SPOT
        is_opening = (np.abs(codes) == rule.OPEN) & (stops > 0) & ((sign > 0) | (not is_spot))
        rows[:, table.CODE] = np.where(is_opening, table.TURN, table.CLOSE_ONLY) * sign
        rows[:, table.STOP] = stops
        rows[:, table.DISTANCE] = distances
        rows[:, table.ENTRY_WORST] = counted("slippage", ENTRY_SLIPPAGE)
        rows[:, table.EXIT_WORST] = counted("slippage", EXIT_SLIPPAGE)
        rows[:, table.NOTIONAL] = counted("notional", params.notional)
        rows[:, table.RISK] = counted("risk", params.risk)
        rows[:, table.SHARE] = counted("most", params.most)
        return rows


def _by_columns(
    columns: Columns, params: SmaCrossParams, first: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows from `first` on that call for something, what, and the ATR there."""
    ranges = columns.range(params.atr_length)
    bars, codes = called(
        columns.average(params.fast),
        columns.average(params.slow),
        columns.strength(params.adx_length),
        ranges,
        params,
        first=first,
    )
    return bars, codes, ranges[bars]


CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    "sma_cross": SmaCrossCalls,
    "technical": TechnicalCalls,
}
"""Strategies that have kernels, by name."""
