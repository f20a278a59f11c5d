"""Bars of one symbol at every timeframe, from one day down to one second.

Levels that were recorded are served as recorded. Coarser ones are added up from them; finer ones, which
nobody recorded, come from seeded bridges inside the finest bar there is. A ladder knows the whole series:
whoever asks must not ask beyond the present.
"""

import zlib
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, chain, empty, overlay, pick, resample
from engines.simulate.bridge import draw_path_noise, draw_split_noise, paths, split
from sandbox.market.candle import Candle, summed
from sandbox.market.source import DAY_MS, BarSource, Dice

LEVELS = tuple(Timeframe)
MINUTE_MS = Timeframe.M1.ms
SECOND_MS = 1000

# how many days are bridged at once: about as many bars at every level
_CHUNK_DAYS = {
    Timeframe.M1: 1,
    Timeframe.M5: 2,
    Timeframe.M15: 4,
    Timeframe.H1: 16,
    Timeframe.H4: 64,
}
_CHUNKS_KEPT = 24
_MINUTES_KEPT = 8  # now, an hour and a day ago, for several readers
_SECONDS = MINUTE_MS // SECOND_MS


class Ladder:
    """Every timeframe of one source. `dice` decides all that the source leaves open."""

    def __init__(self, source: BarSource, dice: Dice) -> None:
        self.source = source
        self._dice = dice
        self._key = zlib.crc32(source.symbol.encode())
        self._frames: Mapping[Timeframe, Candles] = {}
        self._solid: dict[Timeframe, Candles] = {}
        self._chunks: OrderedDict[tuple[Timeframe, int], Candles] = OrderedDict()
        self._minutes: OrderedDict[int, tuple[FloatArray, float]] = OrderedDict()

    def bars(self, level: Timeframe, start_ms: int, stop_ms: int) -> Candles:
        """Whole bars of `level` that open in `[start_ms, stop_ms)`, both multiples of its length."""
        self._learn(stop_ms)
        start_ms = max(start_ms, level.floor(self.source.first_ms))
        solid = between(self._solid_at(level), start_ms, stop_ms)
        if level is LEVELS[-1] or len(solid) >= (stop_ms - start_ms) // level.ms:
            return solid
        return overlay(solid, self._bridged(level, start_ms, stop_ms))

    def price(self, at_ms: int) -> float:
        """The price at a moment; in a hole the last one before, 0.0 before the first bar."""
        minute = self._path(at_ms - at_ms % MINUTE_MS)
        if minute is not None:
            return float(minute[0][at_ms % MINUTE_MS // SECOND_MS])
        return self._last_before(at_ms)

    def moment(self, at_ms: int) -> Candle | None:
        """The price at a moment as a candle of no length; `None` when nothing trades then."""
        if self._path(at_ms - at_ms % MINUTE_MS) is None:
            return None
        return Candle.at(at_ms, self.price(at_ms))

    def trades(self, start_ms: int, stop_ms: int) -> list[tuple[int, float, float]]:
        """One trade for each second in `[start_ms, stop_ms)`: time, price, size."""
        dealt = []
        for at_ms in range(-(-start_ms // SECOND_MS) * SECOND_MS, stop_ms, SECOND_MS):
            second = at_ms % MINUTE_MS // SECOND_MS
            minute = self._path(at_ms - second * SECOND_MS)
            if minute is not None:
                dealt.append((at_ms, float(minute[0][second]), minute[1] / _SECONDS))
        return dealt

    def stretch(self, start_ms: int, stop_ms: int) -> Candle | None:
        """Everything from `start_ms` to `stop_ms` as one candle; `None` when nothing happened in between."""
        whole: Candle | None = None
        cursor = start_ms
        while cursor < stop_ms:
            piece, cursor = self._piece(cursor, stop_ms)
            if piece is not None:
                whole = piece if whole is None else whole.then(piece)
        return whole

    def finest(self, at_ms: int) -> Timeframe | None:
        """The finest timeframe in the source whose bars cover `at_ms`, or the last one before it."""
        self._learn(at_ms)
        ends = {
            level: between(rows, at_ms - DAY_MS, at_ms + 1)
            for level, rows in self._frames.items()
            if len(rows)
        }
        covering = [
            level for level, rows in ends.items() if len(rows) and rows.time_ms[-1] + level.ms > at_ms
        ]
        return min(covering or self._frames, key=lambda level: level.ms, default=None)

    def _learn(self, until_ms: int) -> None:
        frames = self.source.frames(until_ms)
        if frames is not self._frames:
            self._frames = frames
            self._solid.clear()
            self._chunks.clear()
            self._minutes.clear()

    def _solid_at(self, level: Timeframe) -> Candles:
        """Bars of `level` that were recorded, or add up from finer ones that were."""
        known = self._solid.get(level)
        if known is None:
            own = self._frames.get(level, empty())
            finer = LEVELS[: LEVELS.index(level)]
            below = self._solid_at(finer[-1]) if finer else empty()
            known = self._solid[level] = overlay(own, resample(below, level.ms)) if len(below) else own
        return known

    def _bridged(self, level: Timeframe, start_ms: int, stop_ms: int) -> Candles:
        """Bars of `level` from inside those coarser bars of which no part was recorded."""
        length_ms = _CHUNK_DAYS[level] * DAY_MS
        starts = range(start_ms // length_ms * length_ms, stop_ms, length_ms)
        return between(chain([self._bridged_chunk(level, at_ms) for at_ms in starts]), start_ms, stop_ms)

    def _orphans(self, level: Timeframe, upper: Timeframe, start_ms: int, stop_ms: int) -> Candles:
        parents = self.bars(upper, start_ms, stop_ms)
        children = between(self._solid_at(level), start_ms, stop_ms).time_ms
        if not len(children):
            return parents
        return pick(parents, np.flatnonzero(~np.isin(parents.time_ms, children - children % upper.ms)))

    def _bridged_chunk(self, level: Timeframe, start_ms: int) -> Candles:
        """The bridged bars of some days, decided by the chunk's own generator and remembered."""
        known = self._chunks.get((level, start_ms))
        if known is not None:
            self._chunks.move_to_end((level, start_ms))
            return known
        upper = LEVELS[LEVELS.index(level) + 1]
        length_ms = _CHUNK_DAYS[level] * DAY_MS
        parents = self._orphans(level, upper, start_ms, start_ms + length_ms)
        rng = self._dice(self._key, LEVELS.index(level), start_ms // DAY_MS)
        noise = draw_split_noise(rng, length_ms // upper.ms, upper.ms // level.ms)
        bridged = split(
            parents,
            noise.rows((parents.time_ms - start_ms) // upper.ms),
            length_ms=upper.ms,
            price_decimals=self.source.price_decimals,
            volume_decimals=self.source.volume_decimals,
        )
        self._chunks[level, start_ms] = bridged
        if len(self._chunks) > _CHUNKS_KEPT:
            self._chunks.popitem(last=False)
        return bridged

    def _path(self, minute_ms: int) -> tuple[FloatArray, float] | None:
        """Prices at the seconds of a minute (61 of them, first is the open) and its volume."""
        self._learn(minute_ms)
        known = self._minutes.get(minute_ms)
        if known is not None:
            return known
        bar = self.bars(Timeframe.M1, minute_ms, minute_ms + MINUTE_MS)
        if not len(bar):
            return None
        rng = self._dice(self._key, len(LEVELS), minute_ms // MINUTE_MS)
        noise = draw_path_noise(rng, 1, _SECONDS)
        path = paths(bar, noise, price_decimals=self.source.price_decimals)[0]
        self._minutes[minute_ms] = (path, float(bar.volume[0]))
        if len(self._minutes) > _MINUTES_KEPT:
            self._minutes.popitem(last=False)
        return self._minutes[minute_ms]

    def _last_before(self, at_ms: int) -> float:
        latest: tuple[int, float] = (0, 0.0)
        for level, rows in self._frames.items():
            closed = rows.closed_before(at_ms, level.ms)
            if len(closed):
                latest = max(latest, (int(closed.time_ms[-1]) + level.ms, float(closed.close[-1])))
        return latest[1]

    def _piece(self, start_ms: int, stop_ms: int) -> tuple[Candle | None, int]:
        """The longest run of equal bars, or part of a minute, from `start_ms`; and where it ends."""
        for level in reversed(LEVELS):
            if start_ms % level.ms == 0 and start_ms + level.ms <= stop_ms:
                last = self._run_end(level, start_ms, stop_ms)
                return summed(self.bars(level, start_ms, last)), last
        minute_ms = start_ms - start_ms % MINUTE_MS
        last = min(stop_ms, minute_ms + MINUTE_MS)
        return self._part_of_minute(minute_ms, start_ms, last), last

    def _run_end(self, level: Timeframe, start_ms: int, stop_ms: int) -> int:
        upper = LEVELS[min(LEVELS.index(level) + 1, len(LEVELS) - 1)]
        last = level.floor(stop_ms)
        # stop where a coarser bar can take over
        next_upper = upper.floor(start_ms) + upper.ms
        return min(last, next_upper) if upper is not level and next_upper + upper.ms <= stop_ms else last

    def _part_of_minute(self, minute_ms: int, start_ms: int, stop_ms: int) -> Candle | None:
        minute = self._path(minute_ms)
        if minute is None:
            return None
        path, volume = minute
        first, last = (start_ms - minute_ms) // SECOND_MS, (stop_ms - minute_ms) // SECOND_MS
        seen = path[first : last + 1]
        lots = volume * 10.0**self.source.volume_decimals
        dealt = round(lots * last / _SECONDS) - round(lots * first / _SECONDS)
        return Candle(
            time_ms=start_ms,
            open=float(seen[0]),
            high=float(seen.max()),
            low=float(seen.min()),
            close=float(seen[-1]),
            volume=dealt / 10.0**self.source.volume_decimals,
        )
