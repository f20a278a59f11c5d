"""An order book around a price: deterministic, and calm enough that most levels stay from tick to tick."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_SPREAD = 0.0001  # of the price, at least one tick
_GAP = 0.00005  # between levels, at least one tick
_REFILL_MS = 5_000  # how long a level keeps its size
_SECONDS_OF_VOLUME = 4.0  # what an average level holds, in seconds of the day's volume
_DAY_S = 86_400

Level = tuple[int, float]
"""Price in ticks, size in base coin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Bids and asks, best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def depth_around(
    last: float, *, at_ms: int, levels: int, price_decimals: int, volume_decimals: int, day_volume: float
) -> Depth:
    """The book when `last` was just traded, `levels` deep on each side."""
    tick = 10.0**-price_decimals
    ticks = round(last / tick)
    spread = max(1, round(ticks * _SPREAD))
    bid = max(ticks - spread // 2, 1)
    gap = max(1, round(ticks * _GAP))
    usual = max(day_volume * _SECONDS_OF_VOLUME / _DAY_S, 10.0**-volume_decimals)
    salt = at_ms // _REFILL_MS

    def side(best: int, step: int) -> tuple[Level, ...]:
        # below the best, levels lie on a fixed grid, so that they outlive small moves
        first = (best // gap + (step > 0)) * gap if best % gap else best + step * gap
        prices = np.concatenate(([best], first + step * gap * np.arange(levels - 1)))
        prices = prices[prices > 0]
        deeper = 1 + 0.1 * np.arange(len(prices))
        sizes = np.round(usual * deeper * (0.2 + 1.6 * _chance(prices, salt)), volume_decimals)
        sizes = np.maximum(sizes, 10.0**-volume_decimals)
        return tuple(zip(prices.tolist(), sizes.tolist(), strict=True))

    return Depth(bids=side(bid, -1), asks=side(bid + spread, 1))


def _chance(prices: npt.NDArray[np.int64], salt: int) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each price, by a 64-bit mix (splitmix64): no generator is set up for a level."""
    mixed = prices.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) / 2.0**64, dtype=np.float64)
