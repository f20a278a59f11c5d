"""All looks at the history of a market in one compiled walk.

What `engines.signals.study.looks` does with frames and decisions, done with cells: the same steps of
indicators, the same rules, weighing, gates and levels, so the same proposals to the last bit, without their
words. For sweeps, and to know beforehand which closes are worth a decision.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.indicators import cells as at
from engines.indicators import hot
from engines.indicators.kernel import bare, kernel, rare
from engines.signals import entry_rules, trend_rules
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES
from engines.signals.evidence import GateName
from engines.signals.gates import PARAMS, Params
from engines.signals.grid import Grid, grid_of
from engines.signals.judging import COOL_DOWN, GATES, Bounds, Judged, Moment, judged, masked
from engines.signals.rules import EXPIRES_BARS
from engines.signals.weighing import Weighed, weighing

FRAMES: Final = (*ENTRY_FRAMES, *TREND_FRAMES)
_ENTRIES: Final = len(ENTRY_FRAMES)
_FOUR_HOURS, _DAY = _ENTRIES, _ENTRIES + 1
_LENGTHS_MS: Final = np.array([each.ms for each in FRAMES])
_EXACT_TICKS: Final = 1e13
"""Prices of more ticks than this lie too close together for the arithmetic of `engines.signals.grid`."""
_NEVER_MS: Final = 2**62
_ANY_GRID: Final = Grid(step=1.0, scale=1.0, tick=1.0)
_WITHOUT_GRID: Final = tuple(name for name in GateName if name not in (GateName.REWARD, GateName.COOL_DOWN))

TIME, TIMEFRAME, ENDED = range(3)
_LOOK: Final = 3
LOOK, DIRECTION, MIDDLE, HALF, STOP, FIRST, SECOND, THIRD = range(8)
_CALL: Final = 8
CONFIDENCE, SIZE = range(2)
_FIGURES: Final = 2

Bars = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Looks and the signals made of them, each in order of time.

    One entry a look: when (`looked_ms`), the length of its bars in ms (`looked_at`), and the place of the
    gate that it `ended` at (`engines.signals.judging`), `GATES` for a signal. One entry a signal, of which
    there is one a close at most: when, the length of its bars, +1 for long or -1 for short, confidence,
    levels in whole ticks, size as a part of the capital, and when it is not entered any more. `targets` has
    three a row, the nearest first. Times are UTC ms.
    """

    looked_ms: IntArray
    looked_at: IntArray
    ended: IntArray
    close_ms: IntArray
    length_ms: IntArray
    direction: IntArray
    confidence: FloatArray
    entry_low: IntArray
    entry_high: IntArray
    stop: IntArray
    targets: IntArray
    size: FloatArray
    expires_ms: IntArray

    def __len__(self) -> int:
        return len(self.close_ms)


def calls(
    series: Mapping[Timeframe, Candles],
    instrument: Instrument,
    params: Params = PARAMS,
    *,
    start_ms: int | None = None,
    stop_ms: int | None = None,
) -> Calls:
    """Every look from `start_ms` until before `stop_ms`; what came before warms up. A timeframe that is not
    in `series` is missing.

    Raises `ValueError` where the price grid is so fine that prices cannot be told in ticks exactly.
    """
    grid = grid_of(instrument)
    for candles in series.values():
        if len(candles) and candles.high.max() / grid.tick > _EXACT_TICKS:
            raise ValueError(f"{instrument.symbol}: a tick of {instrument.tick} is too fine for its prices")
    seen, made, figures = _walked(series, params, grid, tuple(GateName), start_ms, stop_ms)
    looks, sign = seen[made[:, LOOK]], made[:, DIRECTION]
    edges = sign * (made[:, MIDDLE] - made[:, HALF]), sign * (made[:, MIDDLE] + made[:, HALF])
    return Calls(
        looked_ms=seen[:, TIME],
        looked_at=_LENGTHS_MS[seen[:, TIMEFRAME]],
        ended=seen[:, ENDED],
        close_ms=looks[:, TIME],
        length_ms=_LENGTHS_MS[looks[:, TIMEFRAME]],
        direction=sign,
        confidence=figures[:, CONFIDENCE],
        entry_low=np.minimum(*edges),
        entry_high=np.maximum(*edges),
        stop=sign * made[:, STOP],
        targets=sign[:, None] * made[:, FIRST : THIRD + 1],
        size=figures[:, SIZE],
        expires_ms=looks[:, TIME] + EXPIRES_BARS * _LENGTHS_MS[looks[:, TIMEFRAME]],
    )


def promising(series: Mapping[Timeframe, Candles], params: Params = PARAMS) -> IntArray:
    """Closes (UTC ms, rising) at which every gate opens that needs neither the instrument nor what was before
    it: at no other close there is a signal."""
    seen, _, _ = _walked(series, params, _ANY_GRID, _WITHOUT_GRID, None, None)
    return np.unique(seen[seen[:, ENDED] >= COOL_DOWN, TIME])


def _walked(
    series: Mapping[Timeframe, Candles],
    params: Params,
    grid: Grid,
    asked: Collection[GateName],
    start_ms: int | None,
    stop_ms: int | None,
) -> tuple[IntArray, IntArray, FloatArray]:
    """A row a look, and two a signal: whole numbers and figures."""
    fifteens, hours, four_hours, days = (bars_of(series.get(each)) for each in FRAMES)
    most = len(fifteens) + len(hours)
    seen, made = np.empty((most, _LOOK), np.int64), np.empty((most, _CALL), np.int64)
    figures = np.empty((most, _FIGURES))
    looks, signals = walk(
        (fifteens, hours, four_hours, days),
        0 if start_ms is None else start_ms,
        _NEVER_MS if stop_ms is None else stop_ms,
        params.bounds,
        grid,
        masked(asked),
        seen,
        made,
        figures,
    )
    return seen[:looks], made[:signals].copy(), figures[:signals].copy()


def bars_of(candles: Candles | None) -> FloatArray:
    """A row a bar: open time (ms), open, high, low, close, volume."""
    if candles is None:
        return np.empty((0, 6))
    prices = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return np.column_stack([candles.time_ms.astype(np.float64), *prices])


@kernel
def walk(
    bars: Bars,
    start_ms: int,
    stop_ms: int,
    bounds: Bounds,
    grid: Grid,
    asked: int,
    seen: IntArray,
    made: IntArray,
    figures: FloatArray,
) -> tuple[int, int]:
    """Hear bars as they close and look at each close of an entry. How many rows were written."""
    states, cells = np.zeros((len(_LENGTHS_MS), hot.SIZE)), np.zeros((len(_LENGTHS_MS), at.SIZE))
    rows = np.zeros(len(_LENGTHS_MS), np.int64)
    signs = np.zeros((2, trend_rules.COUNT), np.int64)
    looks, signals, has_signal, signal_ms = 0, 0, False, 0
    while True:
        now_ms = min(_closing(bars, rows, 0), _closing(bars, rows, 1))
        if now_ms >= stop_ms:
            return looks, signals
        _hear(bars, rows, now_ms, states, cells, signs)
        first, best = looks, -1
        for entry in range(_ENTRIES):
            if now_ms < start_ms or not _has_closed(cells[entry], entry, now_ms):
                continue
            moment = Moment(now_ms, 0.0, _LENGTHS_MS[entry], has_signal, signal_ms)
            weighed, found = _look(cells, entry, signs, moment, bounds, grid, asked)
            seen[looks, TIME], seen[looks, TIMEFRAME], seen[looks, ENDED] = now_ms, entry, found.blocked
            if found.blocked == GATES and (best < 0 or weighed.confidence > figures[signals, CONFIDENCE]):
                _write(made[signals], figures[signals], looks, weighed, found)
                best = looks
            looks += 1
        if best >= 0:
            has_signal, signal_ms = True, now_ms
            signals += 1
            _rest(seen, first, looks, best, bounds.cool_down_ms)


@kernel
def _closing(bars: Bars, rows: IntArray, feed: int) -> int:
    """When the next bar of a feed closes."""
    row = rows[feed]
    return int(bars[feed][row, 0]) + _LENGTHS_MS[feed] if row < len(bars[feed]) else _NEVER_MS


@kernel
def _has_closed(cells: FloatArray, entry: int, now_ms: int) -> bool:
    return bool(cells[at.KNOWN] > 0.0 and int(cells[at.TIME]) + _LENGTHS_MS[entry] == now_ms)


@kernel
def _hear(
    bars: Bars, rows: IntArray, now_ms: int, states: FloatArray, cells: FloatArray, signs: IntArray
) -> None:
    """Take in, bar by bar, what has closed by now, and ask the rules of the trend where there is news."""
    for feed in range(len(_LENGTHS_MS)):
        before = rows[feed]
        while _closing(bars, rows, feed) <= now_ms:
            _take(states[feed], bars[feed][rows[feed]])
            rows[feed] += 1
        if rows[feed] > before:
            at.read(states[feed], cells[feed])
            if feed >= _ENTRIES:
                signs[feed - _ENTRIES] = trend_rules.signs(cells[feed])


@rare
def _take(state: FloatArray, bar: FloatArray) -> None:
    hot.step(bare(state), bar[0], bar[1], bar[2], bar[3], bar[4], bar[5])


@kernel
def _look(
    cells: FloatArray,
    entry: int,
    signs: IntArray,
    moment: Moment,
    bounds: Bounds,
    grid: Grid,
    asked: int,
) -> tuple[Weighed, Judged]:
    weighed = weighing(signs[0], signs[1], entry_rules.signs(cells[entry]), bounds.least_trend)
    direction, triggers, confidence = weighed.direction, weighed.triggers, weighed.confidence
    four_hours, day = cells[_FOUR_HOURS], cells[_DAY]
    found = judged(
        cells[entry], four_hours, day, moment, direction, triggers, confidence, bounds, grid, asked
    )
    return weighed, found


@kernel
def _write(made: IntArray, figures: FloatArray, look: int, weighed: Weighed, found: Judged) -> None:
    steps = found.ladder
    made[LOOK], made[DIRECTION] = look, weighed.direction
    made[MIDDLE], made[HALF], made[STOP] = steps.middle, steps.half, steps.stop
    made[FIRST], made[SECOND], made[THIRD] = steps.targets
    figures[CONFIDENCE], figures[SIZE] = weighed.confidence, steps.size


@kernel
def _rest(seen: IntArray, first: int, stop: int, best: int, cool_down_ms: int) -> None:
    """What else was proposed at the close of a signal has to wait."""
    for look in range(first, stop):
        if look != best and seen[look, ENDED] == GATES and cool_down_ms > 0:
            seen[look, ENDED] = COOL_DOWN
