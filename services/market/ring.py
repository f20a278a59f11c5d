"""The latest candles of a series in memory: arrays that grow at one end and forget at the other."""

import numpy as np

from engines.core.candle import Bar, Candles
from engines.market.aggregation import chain, overlay
from ports.candles import Series

_SMALLEST_ROOM = 64


class Ring:
    """The last `capacity` closed candles of one series, and the one that is forming.

    Appending is O(1) amortised. What was handed out never changes: new rows are written behind it, and
    whatever has to be replaced or thrown away is so in new arrays.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._columns = _columns(0)
        self._start = self._stop = 0
        self.forming: Bar | None = None

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def last_ms(self) -> int | None:
        """Open time of the last closed candle."""
        return int(self._columns.time_ms[self._stop - 1]) if len(self) else None

    def closed(self, count: int | None = None) -> Candles:
        """The last `count` closed candles, or all, as views."""
        start = self._start if count is None else max(self._start, self._stop - count)
        return self._columns.rows(start, self._stop)

    def take(self, candles: Candles) -> None:
        """Add closed candles; one that is there is replaced."""
        if not len(candles):
            return
        last_ms = self.last_ms
        if last_ms is None or int(candles.time_ms[0]) > last_ms:
            self._append(candles)
        else:
            self._replace(overlay(candles, self.closed()))
        if self.forming is not None and self.forming.time_ms <= int(candles.time_ms[-1]):
            self.forming = None

    def form(self, bar: Bar) -> None:
        """Take the state of the forming candle, unless a later one is known."""
        is_over = self.last_ms is not None and bar.time_ms <= self.last_ms
        is_older = self.forming is not None and (bar.time_ms, bar.at_ms) < (
            self.forming.time_ms,
            self.forming.at_ms,
        )
        if not is_over and not is_older:
            self.forming = bar

    def whole(self) -> Candles:
        """Closed candles and the forming one."""
        if self.forming is None:
            return self.closed()
        return chain([self.closed(), candle_of(self.forming)])

    def _append(self, candles: Candles) -> None:
        count = len(candles)
        if count >= self._capacity:
            self._replace(candles)
            return
        if self._stop + count > len(self._columns):
            kept = self.closed(self._capacity - count)
            self._place(kept, min(2 * (len(kept) + count), self._capacity + self._capacity // 4))
        _write(self._columns, self._stop, candles)
        self._stop += count
        self._start = max(self._start, self._stop - self._capacity)

    def _replace(self, candles: Candles) -> None:
        self._place(candles.rows(max(len(candles) - self._capacity, 0)), 0)

    def _place(self, candles: Candles, room: int) -> None:
        """Begin new arrays with these candles."""
        self._columns = _columns(max(room, len(candles), min(_SMALLEST_ROOM, self._capacity)))
        _write(self._columns, 0, candles)
        self._start, self._stop = 0, len(candles)


class Rings:
    """Rings by series."""

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._rings: dict[Series, Ring] = {}

    def __len__(self) -> int:
        return len(self._rings)

    def get(self, series: Series) -> Ring | None:
        """The ring of a series, where one is kept."""
        return self._rings.get(series)

    def open(self, series: Series) -> Ring:
        """The ring of a series, which is kept from now on."""
        return self._rings.setdefault(series, Ring(self._capacity))

    def drop(self, series: Series) -> None:
        """Keep it no longer."""
        self._rings.pop(series, None)


def candle_of(bar: Bar) -> Candles:
    """A bar as one row."""
    return Candles(
        time_ms=np.array([bar.time_ms], dtype=np.int64),
        open=np.array([bar.open]),
        high=np.array([bar.high]),
        low=np.array([bar.low]),
        close=np.array([bar.close]),
        volume=np.array([bar.volume]),
    )


def _columns(room: int) -> Candles:
    prices = np.zeros((5, room))
    return Candles(
        time_ms=np.zeros(room, dtype=np.int64),
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=prices[4],
    )


def _write(columns: Candles, start: int, candles: Candles) -> None:
    place = slice(start, start + len(candles))
    columns.time_ms[place] = candles.time_ms
    columns.open[place] = candles.open
    columns.high[place] = candles.high
    columns.low[place] = candles.low
    columns.close[place] = candles.close
    columns.volume[place] = candles.volume
