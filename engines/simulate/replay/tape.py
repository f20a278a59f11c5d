"""One recorded market as a replay reads it: prices in ticks, and every series that a strategy asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.timeframe import Timeframe
from engines.market.derive import completed
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.replay.instant import utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Bars on which orders are filled. Prices are in whole ticks: a recorded price that is off the grid
    counts as the nearest that is on it. `closes_ms` are when bars end; rows `first` until before `stop` are
    played. `mark_low` and `mark_high` are what the mark price did in each bar, the traded prices where no
    mark of that very length was recorded. `settled_ms` and `settled_mark` are ends and closes of all mark
    candles."""

    market: RecordedMarket
    opens_ms: IntArray
    closes_ms: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: FloatArray
    mark_high: IntArray
    mark_low: IntArray
    settled_ms: IntArray
    settled_mark: IntArray
    first: int
    stop: int

    @property
    def instrument(self) -> Instrument:
        """What is traded."""
        return self.market.instrument

    @property
    def fundings(self) -> Fundings | None:
        """Settlements, of a perpetual."""
        return self.market.fundings

    def price(self, ticks: int) -> Decimal:
        """The price of so many ticks."""
        return self.market.instrument.tick * int(ticks)

    def move(self, row: int) -> Move:
        """What the market did in a bar."""
        instrument = self.market.instrument
        close = self.price(self.close[row])
        return Move(
            symbol=instrument.symbol,
            kind=instrument.kind,
            since=utc(int(self.opens_ms[row])),
            at=utc(int(self.closes_ms[row])),
            open=self.price(self.open[row]),
            high=self.price(self.high[row]),
            low=self.price(self.low[row]),
            close=close,
            mark=close,
            mark_low=self.price(self.mark_low[row]),
            mark_high=self.price(self.mark_high[row]),
            is_bar=True,
        )

    def closed_at(self, time_ms: int) -> datetime:
        """The end of the last bar that had ended by then; there is one."""
        return utc(int(self.closes_ms[self.rows_by(time_ms) - 1]))

    def rows_by(self, time_ms: int) -> int:
        """How many bars had ended at a moment."""
        return int(self.closes_ms.searchsorted(time_ms, side="right"))

    def mark_at(self, time_ms: int) -> Decimal | None:
        """The mark price at a settlement: the close of the last mark candle that had ended, else the traded
        close; `None` before the first bar."""
        known = int(self.settled_ms.searchsorted(time_ms, side="right"))
        if known:
            return self.price(self.settled_mark[known - 1])
        rows = self.rows_by(time_ms)
        return self.price(self.close[rows - 1]) if rows else None


def taped(market: RecordedMarket, start_ms: int, stop_ms: int) -> Tape:
    """The tape of a market. Played are bars that open at `start_ms` or later and end at `stop_ms`, and at the
    end of the market, or before."""
    finest = market.finest
    candles = market.series[finest]
    tick = float(market.instrument.tick)
    closes_ms = candles.time_ms + finest.ms
    last_ms = stop_ms if market.delisted_ms is None else min(stop_ms, market.delisted_ms)
    first = int(candles.time_ms.searchsorted(start_ms))
    high, low = _ticks(candles.high, tick), _ticks(candles.low, tick)
    marks = market.marks
    mark_high, mark_low = high, low
    settled_ms = settled_mark = np.empty(0, np.int64)
    if marks is not None and len(marks):
        length_ms = length_of(marks)
        settled_ms, settled_mark = marks.time_ms + length_ms, _ticks(marks.close, tick)
        if length_ms == finest.ms:
            mark_high, mark_low = _laid_over(candles.time_ms, marks, tick, high, low)
    return Tape(
        market=market,
        opens_ms=candles.time_ms,
        closes_ms=closes_ms,
        open=_ticks(candles.open, tick),
        high=high,
        low=low,
        close=_ticks(candles.close, tick),
        volume=candles.volume,
        mark_high=mark_high,
        mark_low=mark_low,
        settled_ms=settled_ms,
        settled_mark=settled_mark,
        first=first,
        stop=max(first, int(closes_ms.searchsorted(last_ms, side="right"))),
    )


def series_of(market: RecordedMarket, wanted: Sequence[Timeframe]) -> Mapping[Timeframe, Candles]:
    """The candles of each timeframe: those recorded, or added up from the coarsest recorded that divides it,
    where every part is there. Raises `ValueError` for one that cannot be made."""
    return {timeframe: _series(market, timeframe) for timeframe in wanted}


def length_of(candles: Candles) -> int:
    """The length of the candles of a series in ms: the smallest distance; a minute of a single one."""
    return int(np.diff(candles.time_ms).min()) if len(candles) > 1 else Timeframe.M1.ms


def _series(market: RecordedMarket, timeframe: Timeframe) -> Candles:
    if timeframe in market.series:
        return market.series[timeframe]
    parts = [one for one in market.series if one.ms < timeframe.ms and timeframe.ms % one.ms == 0]
    if not parts:
        symbol = market.instrument.symbol
        raise ValueError(
            f"{symbol}: no {timeframe} candles, and none that add up to them: record {timeframe}"
        )
    part = max(parts, key=lambda one: one.ms)
    return completed(market.series[part], part, timeframe)


def _ticks(prices: FloatArray, tick: float) -> IntArray:
    return np.rint(prices / tick).astype(np.int64)


def _laid_over(
    time_ms: IntArray, marks: Candles, tick: float, high: IntArray, low: IntArray
) -> tuple[IntArray, IntArray]:
    """What the mark did in each bar, where that was recorded."""
    high, low = high.copy(), low.copy()
    _, bars, rows = np.intersect1d(time_ms, marks.time_ms, assume_unique=True, return_indices=True)
    high[bars], low[bars] = _ticks(marks.high[rows], tick), _ticks(marks.low[rows], tick)
    return high, low
