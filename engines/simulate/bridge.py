"""What may have happened inside a bar: a random path from its open to its close that touches high and low.

A recorded bar says four prices and a volume. Between them a seeded bridge fills in finer bars and moments,
so that adding the finer bars up again gives exactly the bar that was recorded.
"""

from dataclasses import dataclass

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray

_POINTS_PER_PART = 4
_ROUGHNESS = 0.35  # spread of the noise around the straight lines, in bar ranges
_STRAIGHT_LOW_FIRST = 0.7  # how often a rising bar sees its low before its high


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Randomness for a number of bars, one row a bar: drawn apart so that a missing bar moves no other."""

    steps: FloatArray
    choices: FloatArray
    weights: FloatArray

    def rows(self, index: IntArray) -> "Noise":
        """The noise of the bars at `index`."""
        return Noise(steps=self.steps[index], choices=self.choices[index], weights=self.weights[index])


def draw_path_noise(rng: np.random.Generator, bars: int, steps: int) -> Noise:
    """Noise for `paths` of `steps` steps in each of `bars` bars."""
    return Noise(
        steps=rng.standard_normal((bars, steps)),
        choices=rng.random((bars, 3)),
        weights=np.empty((bars, 0)),
    )


def draw_split_noise(rng: np.random.Generator, bars: int, parts: int) -> Noise:
    """Noise for `split` of each of `bars` bars into `parts`."""
    path = draw_path_noise(rng, bars, parts * _POINTS_PER_PART)
    return Noise(steps=path.steps, choices=path.choices, weights=rng.lognormal(0.0, 0.5, (bars, parts)))


def paths(bars: Candles, noise: Noise, *, price_decimals: int) -> FloatArray:
    """Prices inside each bar, shape (bars, steps + 1), rounded to `price_decimals`.

    A row starts at the bar's open, ends at its close, reaches its high and its low and leaves neither.
    The number of steps (at least 3) is the noise's.
    """
    steps = noise.steps.shape[1]
    if steps < 3:
        raise ValueError(f"a path needs at least 3 steps to touch high and low: {steps}")
    at, level = _waypoints(bars, noise.choices, steps)
    straight, wander = _between(at, level, _walk(noise.steps))
    spread = (bars.high - bars.low)[:, None]
    raw = straight + wander * spread * _ROUGHNESS / np.sqrt(steps)
    rounded = np.round(_fold(raw, bars.low[:, None], bars.high[:, None]), price_decimals)
    path = np.clip(rounded, bars.low[:, None], bars.high[:, None])
    # rounding and folding may miss a waypoint by one unit in the last place
    np.put_along_axis(path, at, level, axis=1)
    return path


def split(
    bars: Candles, noise: Noise, *, length_ms: int, price_decimals: int, volume_decimals: int
) -> Candles:
    """Each bar of `length_ms` cut into equal finer bars whose sum is that bar again, to the last digit.

    The number of parts is the noise's (see `draw_split_noise`).
    """
    parts = noise.weights.shape[1]
    path = paths(bars, noise, price_decimals=price_decimals)
    ends = path[:, ::_POINTS_PER_PART]
    inside = path[:, :-1].reshape(len(bars), parts, _POINTS_PER_PART)
    opens, closes = ends[:, :-1], ends[:, 1:]
    starts = bars.time_ms[:, None] + np.arange(parts, dtype=np.int64) * (length_ms // parts)
    return Candles(
        time_ms=starts.ravel(),
        open=opens.ravel(),
        high=np.maximum(inside.max(axis=2), closes).ravel(),
        low=np.minimum(inside.min(axis=2), closes).ravel(),
        close=closes.ravel(),
        volume=_shares(bars.volume, noise.weights, volume_decimals).ravel(),
    )


def _waypoints(bars: Candles, choices: FloatArray, steps: int) -> tuple[IntArray, FloatArray]:
    """Step numbers and prices of open, first extreme, second extreme, close: both shaped (bars, 4)."""
    first = 1 + (choices[:, 0] * (steps - 2)).astype(np.int64)
    second = first + 1 + (choices[:, 1] * (steps - 1 - first)).astype(np.int64)
    zero = np.zeros_like(first)
    at = np.stack([zero, first, second, zero + steps], axis=1)
    is_low_first = (choices[:, 2] < _STRAIGHT_LOW_FIRST) == (bars.close >= bars.open)
    early = np.where(is_low_first, bars.low, bars.high)
    late = np.where(is_low_first, bars.high, bars.low)
    return at, np.stack([bars.open, early, late, bars.close], axis=1)


def _walk(steps: FloatArray) -> FloatArray:
    """A random walk from 0, one row a bar."""
    return np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))


def _between(at: IntArray, level: FloatArray, walk: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Straight lines through the waypoints, and the walk pinned to 0 at each of them."""
    step = np.arange(walk.shape[1])[None, :]
    leg = (step >= at[:, 1:2]).astype(np.int64) + (step >= at[:, 2:3])
    left, right = np.take_along_axis(at, leg, axis=1), np.take_along_axis(at, leg + 1, axis=1)
    part = (step - left) / (right - left)
    pins = np.take_along_axis(walk, at, axis=1)

    def line(knots: FloatArray) -> FloatArray:
        start = np.take_along_axis(knots, leg, axis=1)
        along: FloatArray = start + (np.take_along_axis(knots, leg + 1, axis=1) - start) * part
        return along

    return line(level), walk - line(pins)


def _fold(price: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """`price` mirrored at `low` and `high` until it lies between them."""
    spread = high - low
    safe = np.where(spread > 0, spread, 1.0)
    phase = np.mod(price - low, 2 * safe)
    return np.where(spread > 0, low + np.minimum(phase, 2 * safe - phase), low)


def _shares(volume: FloatArray, weights: FloatArray, decimals: int) -> FloatArray:
    """Each volume dealt out by weight in whole lots, none lost and none made."""
    lots = np.rint(volume * 10.0**decimals)
    share = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    dealt = np.floor(share * lots[:, None])
    dealt[:, -1] = lots
    return np.asarray(np.diff(dealt, axis=1, prepend=0.0) / 10.0**decimals, dtype=np.float64)
