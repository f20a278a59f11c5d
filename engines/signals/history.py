"""Recorded candles of a market, played as the desk would have heard them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import floor, log10
from typing import Final

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.indicators.hot import HotState
from engines.market.aggregation import between, empty
from engines.market.derive import completed

LONGEST_HOLE_MS: Final = 2 * 86_400_000
"""A longer hole ends a series: indicators that look across it would be of two markets."""
_DIGITS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One market without long holes. `hours` is all of it, `fives` the five-minute candles there are of that
    time; other timeframes are added up from them."""

    instrument: Instrument
    hours: Candles
    fives: Candles

    def series(self) -> Mapping[Timeframe, Candles]:
        """Candles of every timeframe that signals look at; coarser ones only where every part is there."""
        return {
            Timeframe.M15: completed(self.fives, Timeframe.M5, Timeframe.M15),
            Timeframe.H1: self.hours,
            Timeframe.H4: completed(self.hours, Timeframe.H1, Timeframe.H4),
            Timeframe.D1: completed(self.hours, Timeframe.H1, Timeframe.D1),
        }


def histories(symbol: str, hours: Candles, fives: Candles | None = None) -> Iterator[History]:
    """The stretches between long holes, each a market of its own.

    The price grid is five digits of the first price of the stretch: that of the venue is not recorded.
    """
    fine = empty() if fives is None else fives
    starts = np.flatnonzero(np.diff(hours.time_ms) > LONGEST_HOLE_MS) + 1
    edges = [0, *starts.tolist(), len(hours)]
    for first, stop in pairwise(edges):
        if first == stop:
            continue
        stretch = hours.rows(first, stop)
        end_ms = int(stretch.time_ms[-1]) + Timeframe.H1.ms
        yield History(
            instrument=_instrument(symbol, float(stretch.open[0])),
            hours=stretch,
            fives=between(fine, int(stretch.time_ms[0]), end_ms),
        )


def _instrument(symbol: str, price: float) -> Instrument:
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        kind=MarketKind.SPOT,
        tick=Decimal(1).scaleb(floor(log10(price)) - _DIGITS + 1),
        lot=Decimal("0.00000001"),
        min_notional=Decimal(5),
    )


class Feed:
    """Candles of one timeframe that close one after the other, and the indicators that follow them."""

    def __init__(self, timeframe: Timeframe, candles: Candles) -> None:
        self._timeframe = timeframe
        self._candles = candles
        self._closes = (candles.time_ms + timeframe.ms).tolist()
        self._next = 0
        self._state = HotState()
        self._frame: Frame | None = None

    def hear(self, now_ms: int) -> Frame | None:
        """Take in, bar by bar, what has closed by `now_ms`; the frame then, `None` before the first bar."""
        while self._next < len(self._closes) and self._closes[self._next] <= now_ms:
            self._state.push(self._candles.rows(self._next, self._next + 1))
            self._next += 1
            self._frame = None
        if self._frame is None and self._next:
            self._frame = self._state.frame(self._timeframe)
        return self._frame
