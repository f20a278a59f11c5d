"""New histories out of blocks of a recorded one: the stationary bootstrap.

Blocks begin anywhere and have random lengths, geometric with a given mean; the recording is a ring (Politis
and Romano, The Stationary Bootstrap, JASA 89, 1994). Several markets take the same blocks, so that what moved
together still does. A bar is kept whole, relative to the close before it, and its settlement of funding goes
with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.paths.gbm import Path, on_grid

_LEAST_BARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """The bars of one market relative to the close before: `moves` has rows of open, high, low, close as
    factors of it. `rate` is the funding settled at the close of the bar, NaN for none. `price` is the last
    close."""

    instrument: Instrument
    price: float
    moves: FloatArray
    volume: FloatArray
    rate: FloatArray | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """What paths are cut from: markets bar by bar at the same times. Bars whose neighbour before is missing
    in any market are left out."""

    tapes: tuple[Tape, ...]
    length_ms: int

    @property
    def bars(self) -> int:
        """How many there are to draw from."""
        return len(self.tapes[0].moves)


def reel(markets: Sequence[RecordedMarket], timeframe: Timeframe) -> Reel:
    """`markets` made ready to be cut. Raises `ValueError` when fewer than 30 bars are common to all."""
    times = markets[0].series[timeframe].time_ms
    for market in markets[1:]:
        times = np.intersect1d(times, market.series[timeframe].time_ms, assume_unique=True)
    closes = times[1:][np.diff(times) == timeframe.ms]
    if len(closes) < _LEAST_BARS:
        symbols = ", ".join(market.instrument.symbol for market in markets)
        raise ValueError(f"{symbols}: {len(closes)} bars in common are too few to draw from")
    return Reel(tapes=tuple(_tape(market, timeframe, closes) for market in markets), length_ms=timeframe.ms)


def drawn(bars: int, count: int, mean_block: float, rng: np.random.Generator) -> IntArray:
    """Places of `count` bars out of `bars`, in blocks of `mean_block` bars on average."""
    if mean_block < 1:
        raise ValueError(f"a block has at least one bar: {mean_block:g}")
    begins = rng.random(count) < 1 / mean_block
    begins[:1] = True
    starts = rng.integers(0, bars, count)
    first = np.maximum.accumulate(np.where(begins, np.arange(count), 0))
    return np.asarray((starts[first] + np.arange(count) - first) % bars, np.int64)


def bootstrap_paths(
    source: Reel, rng: np.random.Generator, *, start_ms: int, bars: int, mean_block: float
) -> tuple[Path, ...]:
    """One path of each market, `bars` bars from `start_ms`, going on from where its market stood last."""
    places = drawn(source.bars, bars, mean_block, rng)
    times = start_ms + np.arange(bars, dtype=np.int64) * source.length_ms
    return tuple(_path(tape, places, times, source.length_ms) for tape in source.tapes)


def _tape(market: RecordedMarket, timeframe: Timeframe, times: IntArray) -> Tape:
    bars = market.series[timeframe]
    at = np.searchsorted(bars.time_ms, times)
    before = bars.close[at - 1]
    columns = (bars.open, bars.high, bars.low, bars.close)
    return Tape(
        instrument=market.instrument,
        price=float(bars.close[-1]),
        moves=np.stack([column[at] / before for column in columns], axis=1),
        volume=bars.volume[at],
        rate=None if market.fundings is None else _rates(market.fundings, times, timeframe.ms),
    )


def _rates(fundings: Fundings, times: IntArray, length_ms: int) -> FloatArray:
    """What was settled after the open of each bar and up to its close, added up; NaN where nothing was."""
    bar = np.searchsorted(times, fundings.time_ms, side="left") - 1
    is_inside = bar >= 0
    is_inside[is_inside] &= fundings.time_ms[is_inside] <= times[bar[is_inside]] + length_ms
    rates = np.full(len(times), np.nan)
    rates[bar[is_inside]] = 0.0
    np.add.at(rates, bar[is_inside], fundings.rate[is_inside])
    return rates


def _path(tape: Tape, places: IntArray, times: IntArray, length_ms: int) -> Path:
    moves = tape.moves[places]
    closes = tape.price * np.cumprod(moves[:, 3])
    before = np.concatenate(([tape.price], closes[:-1]))
    opens, highs, lows, ends = (on_grid(before * moves[:, column], tape.instrument) for column in range(4))
    candles = Candles(
        time_ms=times,
        open=opens,
        high=np.maximum(highs, np.maximum(opens, ends)),
        low=np.minimum(lows, np.minimum(opens, ends)),
        close=ends,
        volume=tape.volume[places],
    )
    return Path(candles=candles, fundings=_drawn_fundings(tape.rate, places, times + length_ms))


def _drawn_fundings(rate: FloatArray | None, places: IntArray, closes: IntArray) -> Fundings | None:
    if rate is None:
        return None
    rates = rate[places]
    is_settled = np.isfinite(rates)
    return Fundings(time_ms=closes[is_settled], rate=rates[is_settled])
