"""What a strategy calls for over a whole history, as rows that kernels act on."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.kernel import kernel, plain
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
        self._kept_spans: dict[Timeframe, IntArray] = {}

    def leverage(self, params: SmaCrossParams) -> int:
        """Of its positions."""
        return params.leverage

    def rows(self, params: SmaCrossParams) -> IntArray:
        """Everything it calls for, in order of time."""
        prepared, (candles, columns) = self._prepared, self._of(params)
        length = params.timeframe.ms
        first, stop = candles.time_ms.searchsorted((prepared.start_ms - length, prepared.stop_ms - length))
        bars, codes, ranges = (
            _by_columns(columns, params, int(first)) if self._is_shared else called_alone(candles, params)
        )
        played = slice(*bars.searchsorted((first, stop)))
        return self._laid_out(params, candles, bars[played], codes[played], ranges[played])

    def _spans(self, timeframe: Timeframe, candles: Candles, bars: IntArray) -> IntArray:
        """The bars at whose open calls are acted on, and from which on they are not any more."""
        ends_ms, length = self._prepared.closes_ms, timeframe.ms
        if not self._is_shared:
            times_ms = candles.time_ms[bars] + length
            counts = self._prepared.rows_by(times_ms), self._prepared.rows_by(times_ms + length)
            return np.stack(counts, axis=1)
        if timeframe not in self._kept_spans:
            self._kept_spans[timeframe] = spans(ends_ms, candles.time_ms + length, length)
        return self._kept_spans[timeframe].take(bars, axis=0)

    def _of(self, params: SmaCrossParams) -> tuple[Candles, Columns]:
        if params.timeframe not in self._series:
            candles = self._prepared.series(params.timeframe)
            self._series[params.timeframe] = candles, Columns(candles)
        return self._series[params.timeframe]

    def _laid_out(
        self, params: SmaCrossParams, candles: Candles, bars: IntArray, codes: IntArray, ranges: FloatArray
    ) -> IntArray:
        prepared = self._prepared
        rows, tick = np.zeros((len(bars), table.CALL_SIZE), np.int64), float(prepared.instrument.tick)
        count = lay_out(
            rows,
            self._spans(params.timeframe, candles, bars),
            codes,
            plain(candles.close[bars]),
            rule.stop_distances(ranges, params.stop_atrs, tick),
            tick,
            prepared.instrument.kind is MarketKind.SPOT,
            max(prepared.first, 1),
            prepared.stop,
            (
                counted("slippage", ENTRY_SLIPPAGE),
                counted("slippage", EXIT_SLIPPAGE),
                counted("notional", params.notional),
                counted("risk", params.risk),
                counted("most", params.most),
            ),
        )
        return rows[:count]


@kernel
def spans(ends_ms: IntArray, closes_ms: IntArray, length: int) -> IntArray:
    """How many bars had ended (`ends_ms`) at each close, and `length` later; both are in order of time, so
    it takes one pass."""
    counts = np.empty((len(closes_ms), 2), np.int64)
    now = then = 0
    for place in range(len(closes_ms)):
        while now < len(ends_ms) and ends_ms[now] <= closes_ms[place]:
            now += 1
        while then < len(ends_ms) and ends_ms[then] <= closes_ms[place] + length:
            then += 1
        counts[place, 0], counts[place, 1] = now, then
    return counts


@kernel
def lay_out(
    rows: IntArray,
    ended: IntArray,
    codes: IntArray,
    closes: FloatArray,
    distances: IntArray,
    tick: float,
    is_spot: bool,
    first: int,
    stop: int,
    same: tuple[int, int, int, int, int],
) -> int:
    """Write down calls that are acted on from bar `first` to `stop`; how many these are. Of each there is
    what `spans` has of its bars, what `rule.call` said, the close there and the ticks from it to the stop;
    `same` are the bounds and sizes of all. `rows` are zero."""
    count = 0
    for place in range(len(codes)):
        following, code, distance = ended[place, 0], codes[place], distances[place]
        if not first <= following <= stop:
            continue
        sign = 1 if code > 0 else -1
        level = int(np.rint(closes[place] / tick)) - sign * distance
        is_opening = abs(code) == rule.OPEN and level > 0 and (sign > 0 or not is_spot)
        row = rows[count]
        row[table.NEXT], row[table.UNTIL] = following, ended[place, 1]
        row[table.CODE] = (table.TURN if is_opening else table.CLOSE_ONLY) * sign
        row[table.STOP], row[table.DISTANCE] = level, distance
        row[table.ENTRY_WORST], row[table.EXIT_WORST] = same[0], same[1]
        row[table.NOTIONAL], row[table.RISK], row[table.SHARE] = same[2], same[3], same[4]
        count += 1
    return count


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
