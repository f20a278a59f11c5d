"""All looks at the history of a market in two compiled walks.

What `engines.signals.study.looks` does with frames and decisions, done with cells: the same steps of
indicators, the same rules, weighing, gates and levels, so the same proposals to the last bit, without their
words. For sweeps, and to know beforehand which closes are worth a decision.

The first walk hears the bars and asks the rules, which know no parameters; the second weighs what they said
and asks the gates. A sweep takes the first once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

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
from engines.signals.judging import COOL_DOWN, GATES, Bounds, Judged, Moment, judged, lacking, masked
from engines.signals.rule import SignArray
from engines.signals.rules import EXPIRES_BARS
from engines.signals.weighing import Evidence, Weighed, evidence_of, way_of, weighing

FRAMES: Final = (*ENTRY_FRAMES, *TREND_FRAMES)
_ENTRIES: Final = len(ENTRY_FRAMES)
_FOUR_HOURS, _DAY = _ENTRIES, _ENTRIES + 1
_LENGTHS_MS: Final = np.array([each.ms for each in FRAMES])
_EXACT_TICKS: Final = 1e13
"""Prices of more ticks than this lie too close together for the arithmetic of `engines.signals.grid`."""
_NEVER_MS: Final = 2**62
_ANY_GRID: Final = Grid(step=1.0, scale=1.0, tick=1.0)
_WITHOUT_GRID: Final = tuple(each for each in GateName if each not in (GateName.REWARD, GateName.COOL_DOWN))

LOOK, DIRECTION, MIDDLE, HALF, STOP, FIRST, SECOND, THIRD = range(8)
"""Columns of `made`."""
CONFIDENCE, SIZE = range(2)
"""Columns of `figures`."""

Bars = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
PlaceArray = npt.NDArray[np.int32]


class Sights(NamedTuple):
    """What looks see, whatever the parameters: one entry a look, in order of time.

    `time_ms`, the place of the timeframe in `ENTRY_FRAMES`, whether no frame lacks anything, and a row of the
    numbers of `Evidence`. `entry_at` and `trend_at` are rows of `entries` and `trends`, the cells of the
    entry and of four hours. They are kept of looks that lack nothing and have `least` points of triggers or
    more in the direction of the trend; of others it is row 0, which is empty.
    """

    time_ms: IntArray
    frame: SignArray
    is_known: SignArray
    evidence: FloatArray
    entry_at: PlaceArray
    trend_at: PlaceArray
    entries: FloatArray
    trends: FloatArray
    least: float


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


def sights_of(series: Mapping[Timeframe, Candles], least_triggers: float = PARAMS.least_triggers) -> Sights:
    """What every look at a history sees. A timeframe that is not in `series` is missing. It serves parameters
    with no less than `least_triggers`."""
    fifteens, hours, four_hours, days = (bars_of(series.get(each)) for each in FRAMES)
    sights = room(len(fifteens) + len(hours), len(four_hours), float(least_triggers))
    looks, kept, trends = hear((fifteens, hours, four_hours, days), sights)
    entries, trends_kept = sights.entries[: kept + 1], sights.trends[: trends + 1]
    return _part(sights, slice(looks))._replace(entries=entries, trends=trends_kept)


def calls(
    sights: Sights,
    instrument: Instrument,
    params: Params = PARAMS,
    *,
    start_ms: int | None = None,
    stop_ms: int | None = None,
) -> Calls:
    """Every look from `start_ms` until before `stop_ms`, as if nothing was before it.

    Raises `ValueError` for sights that do not serve the parameters, and where the price grid is so fine that
    prices cannot be told in ticks exactly.
    """
    grid = grid_of(instrument)
    if sights.entries[:, at.HIGH].max() / grid.tick > _EXACT_TICKS:
        raise ValueError(f"{instrument.symbol}: a tick of {instrument.tick} is too fine for its prices")
    bounds = (
        None if each is None else int(np.searchsorted(sights.time_ms, each)) for each in (start_ms, stop_ms)
    )
    part = slice(*bounds)
    ended, made, figures = _judged(sights, part, params, grid, tuple(GateName))
    looked_ms, looked_at = sights.time_ms[part], _LENGTHS_MS[sights.frame[part]]
    looks, sign = made[:, LOOK], made[:, DIRECTION]
    edges = sign * (made[:, MIDDLE] - made[:, HALF]), sign * (made[:, MIDDLE] + made[:, HALF])
    return Calls(
        looked_ms=looked_ms,
        looked_at=looked_at,
        ended=ended,
        close_ms=looked_ms[looks],
        length_ms=looked_at[looks],
        direction=sign,
        confidence=figures[:, CONFIDENCE],
        entry_low=np.minimum(*edges),
        entry_high=np.maximum(*edges),
        stop=sign * made[:, STOP],
        targets=sign[:, None] * made[:, FIRST : THIRD + 1],
        size=figures[:, SIZE],
        expires_ms=looked_ms[looks] + EXPIRES_BARS * looked_at[looks],
    )


def promising(sights: Sights, params: Params = PARAMS) -> IntArray:
    """Closes (UTC ms, rising) at which every gate opens that needs neither the instrument nor what was before
    it: at no other close there is a signal. Raises `ValueError` for sights that do not serve the parameters.
    """
    ended, _, _ = _judged(sights, slice(None), params, _ANY_GRID, _WITHOUT_GRID)
    return np.unique(sights.time_ms[ended >= COOL_DOWN])


def bars_of(candles: Candles | None) -> FloatArray:
    """A row a bar: open time (ms), open, high, low, close, volume."""
    if candles is None:
        return np.empty((0, 6))
    prices = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return np.column_stack([candles.time_ms.astype(np.float64), *prices])


def room(looks: int, trends: int, least: float) -> Sights:
    """Memory that is not written to is never taken."""
    return Sights(
        time_ms=np.empty(looks, np.int64),
        frame=np.empty(looks, np.int8),
        is_known=np.empty(looks, np.int8),
        evidence=np.empty((looks, len(Evidence._fields))),
        entry_at=np.zeros(looks, np.int32),
        trend_at=np.zeros(looks, np.int32),
        entries=np.zeros((looks + 1, at.SIZE)),
        trends=np.zeros((trends + 2, at.SIZE)),
        least=least,
    )


def _part(sights: Sights, part: slice) -> Sights:
    """Some of the looks."""
    return sights._replace(
        time_ms=sights.time_ms[part],
        frame=sights.frame[part],
        is_known=sights.is_known[part],
        evidence=sights.evidence[part],
        entry_at=sights.entry_at[part],
        trend_at=sights.trend_at[part],
    )


def _judged(
    sights: Sights, part: slice, params: Params, grid: Grid, asked: Collection[GateName]
) -> tuple[IntArray, IntArray, FloatArray]:
    """Where each look of a part ended, and a row of whole numbers and one of figures a signal."""
    if params.least_triggers < sights.least:
        raise ValueError(f"sights from {sights.least} points of triggers on do not serve fewer")
    here = _part(sights, part)
    most = len(here.time_ms)
    ended, made = np.empty(most, np.int64), np.empty((most, THIRD + 1), np.int64)
    figures = np.empty((most, SIZE + 1))
    count = judge(here, params.bounds, grid, masked(asked), ended, made, figures)
    return ended, made[:count].copy(), figures[:count].copy()


@kernel
def hear(bars: Bars, sights: Sights) -> tuple[int, int, int]:
    """Hear bars as they close and write down what is seen at each close of an entry. How many looks, and rows
    of cells of entries and of four hours there are."""
    states, cells = np.zeros((len(_LENGTHS_MS), hot.SIZE)), np.zeros((len(_LENGTHS_MS), at.SIZE))
    rows, signs = np.zeros(len(_LENGTHS_MS), np.int64), np.zeros((3, entry_rules.COUNT), np.int8)
    looks, kept, trends, trend_ms = 0, 0, 0, 0.0
    while True:
        now_ms = min(_closing(bars, rows, 0), _closing(bars, rows, 1))
        if now_ms == _NEVER_MS:
            return looks, kept, trends
        _catch_up(bars, rows, now_ms, states, cells, signs)
        for entry in range(_ENTRIES):
            if not _has_closed(cells[entry], entry, now_ms):
                continue
            if _see(sights, looks, entry, now_ms, cells, signs):
                if trends == 0 or cells[_FOUR_HOURS, at.TIME] != trend_ms:
                    trends, trend_ms = trends + 1, cells[_FOUR_HOURS, at.TIME]
                    sights.trends[trends] = cells[_FOUR_HOURS]
                kept += 1
                sights.entries[kept] = cells[entry]
                sights.entry_at[looks], sights.trend_at[looks] = kept, trends
            looks += 1


@kernel
def _closing(bars: Bars, rows: IntArray, feed: int) -> int:
    """When the next bar of a feed closes."""
    row = rows[feed]
    return int(bars[feed][row, 0]) + _LENGTHS_MS[feed] if row < len(bars[feed]) else _NEVER_MS


@kernel
def _has_closed(cells: FloatArray, entry: int, now_ms: int) -> bool:
    return bool(cells[at.KNOWN] > 0.0 and int(cells[at.TIME]) + _LENGTHS_MS[entry] == now_ms)


@kernel
def _catch_up(
    bars: Bars, rows: IntArray, now_ms: int, states: FloatArray, cells: FloatArray, signs: SignArray
) -> None:
    """Take in, bar by bar, what has closed by now, and ask the rules of the trend where there is news."""
    for feed in range(len(_LENGTHS_MS)):
        before = rows[feed]
        while _closing(bars, rows, feed) <= now_ms:
            _take(states[feed], bars[feed][rows[feed]])
            rows[feed] += 1
        if rows[feed] > before:
            at.read(bare(states[feed]), bare(cells[feed]))
            if feed >= _ENTRIES:
                trend_rules.ask(cells[feed], signs[feed - _ENTRIES])


@rare
def _take(state: FloatArray, bar: FloatArray) -> None:
    hot.step(bare(state), bar[0], bar[1], bar[2], bar[3], bar[4], bar[5])


@kernel
def _see(sights: Sights, look: int, entry: int, now_ms: int, cells: FloatArray, signs: SignArray) -> bool:
    """Write a look down; whether its cells are worth keeping."""
    lacks = lacking(cells[entry], cells[_FOUR_HOURS], cells[_DAY], _LENGTHS_MS[entry], now_ms)
    is_known = lacks[0] + lacks[1] + lacks[2] == 0
    sights.time_ms[look], sights.frame[look], sights.is_known[look] = now_ms, entry, is_known
    entry_rules.ask(cells[entry], signs[2])
    evidence, row = evidence_of(signs[0], signs[1], signs[2]), sights.evidence[look]
    row[0], row[1], row[2] = evidence.four_hours, evidence.day, evidence.triggers
    row[3], row[4], row[5] = evidence.entry, evidence.for_long, evidence.for_short
    return is_known and way_of(evidence) * evidence.triggers >= sights.least


@kernel
def judge(
    sights: Sights,
    bounds: Bounds,
    grid: Grid,
    asked: int,
    ended: IntArray,
    made: IntArray,
    figures: FloatArray,
) -> int:
    """Weigh what was seen and ask the gates. How many signals were written."""
    signals, has_signal, signal_ms, look = 0, False, 0, 0
    while look < len(sights.time_ms):
        now_ms, first, best = sights.time_ms[look], look, -1
        moment = Moment(now_ms, 0.0, has_signal, signal_ms)
        while look < len(sights.time_ms) and sights.time_ms[look] == now_ms:
            weighed, found = _weigh(sights, look, moment, bounds, grid, asked)
            ended[look] = found.blocked
            if found.blocked == GATES and (best < 0 or weighed.confidence > figures[signals, CONFIDENCE]):
                _write(made[signals], figures[signals], look, weighed, found)
                best = look
            look += 1
        if best >= 0:
            signals, has_signal, signal_ms = signals + 1, True, now_ms
            _rest(ended, first, look, best, bounds.cool_down_ms)
    return signals


@kernel
def _weigh(
    sights: Sights, look: int, moment: Moment, bounds: Bounds, grid: Grid, asked: int
) -> tuple[Weighed, Judged]:
    row = sights.evidence[look]
    evidence = Evidence(row[0], row[1], row[2], row[3], row[4], row[5])
    weighed = weighing(evidence, bounds.least_trend)
    found = judged(
        sights.entries[sights.entry_at[look]],
        sights.trends[sights.trend_at[look]],
        sights.is_known[look] == 1,
        moment,
        weighed.direction,
        evidence.triggers,
        weighed.confidence,
        bounds,
        grid,
        asked,
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
def _rest(ended: IntArray, first: int, stop: int, best: int, cool_down_ms: int) -> None:
    """What else was proposed at the close of a signal has to wait."""
    for look in range(first, stop):
        if look != best and ended[look] == GATES and cool_down_ms > 0:
            ended[look] = COOL_DOWN
