"""Where a signal enters, where it is wrong and where it takes profit, on the instrument's grid.

The arithmetic is done in whole ticks: the zone is as many ticks above its middle as below, the stop is a tick
like any other, so that targets of one, two and three times the risk lie on the grid exactly and a risk to
reward of 2 is 2. Only a target that is pulled in front of a level is rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from engines.core.instrument import Instrument, Toward
from engines.core.side import Direction
from engines.indicators.frame import Frame

STOP_ATR: Final = 1.5
NEAREST_STOP_ATR: Final = 0.5
BACK_ATR: Final = 0.1
"""How far behind the close the middle of the entry zone lies."""
HALF_ZONE_ATR: Final = 0.15
MARGIN_ATR: Final = 0.1
"""How far in front of a strong level a target is pulled, at most."""
TARGETS_R: Final = (1, 2, 3)
RISK: Final = 0.01
"""The part of the capital that a stop may cost."""
MOST_SIZE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Prices on the grid. `risk_reward` is that of the second target from the middle of the zone; `size` and
    `risk` are parts of the capital. `obstacle` is the strong level that pulled a target in, if one did."""

    entry_low: Decimal
    entry_high: Decimal
    stop: Decimal
    targets: tuple[Decimal, Decimal, Decimal]
    risk_reward: float
    size: float
    risk: float
    obstacle: float | None


def plan(
    instrument: Instrument, direction: Direction, frame: Frame, strong: Sequence[float] = ()
) -> Levels | None:
    """The levels of a signal at the close of `frame`; `strong` are prices that hold a market up.

    `None` where the grid is so coarse that levels would coincide, or one would not be a price. The ATR of the
    frame must be known.
    """
    grid = _Grid(instrument, direction)
    atr = frame.value("atr14")
    middle = grid.level(frame.close) - max(1, grid.count(BACK_ATR * atr))
    half = max(1, grid.count(HALF_ZONE_ATR * atr))
    stop = grid.level(grid.price_at(middle) - grid.sign * stop_distance(direction, frame), is_outward=True)
    targets = [middle + multiple * (middle - stop) for multiple in TARGETS_R]
    ladder = (stop, middle - half, middle + half, *targets)
    if (
        any(upper <= lower for lower, upper in pairwise(ladder))
        or min(grid.sign * each for each in ladder) <= 0
    ):
        return None
    ahead = [price for price in strong if grid.sign * price > grid.sign * frame.close]
    obstacle = min(ahead, key=lambda price: grid.sign * price, default=None)
    if obstacle is None or grid.level(obstacle, is_outward=True) >= targets[-1]:
        return _levels(grid, middle, half, stop, targets, None)
    pulled = _pulled(grid, middle + half, targets, obstacle, MARGIN_ATR * atr)
    return _levels(grid, middle, half, stop, pulled, obstacle)


def stop_distance(direction: Direction, frame: Frame) -> float:
    """From the middle of the zone: the nearer of 1.5 ATR and the last swing, never inside 0.5 ATR."""
    atr = frame.value("atr14")
    middle = frame.close - direction.sign * BACK_ATR * atr
    behind = frame.swings[frame.swings[:, 2] == -direction.sign, 0]
    swing = direction.sign * (middle - float(behind[-1])) if len(behind) else STOP_ATR * atr
    nearer = min(STOP_ATR * atr, swing) if swing > 0 else STOP_ATR * atr  # a swing passed already is none
    return max(nearer, NEAREST_STOP_ATR * atr)


class _Grid:
    """Prices as whole ticks times the direction: higher is better, a stop is below, targets are above."""

    def __init__(self, instrument: Instrument, direction: Direction) -> None:
        self.instrument = instrument
        self.sign = direction.sign
        self._tick = float(instrument.tick)

    def level(self, price: float, *, is_outward: bool = False) -> int:
        """The nearest tick, or the next worse one."""
        toward = Toward.NEAREST
        if is_outward:
            toward = Toward.DOWN if self.sign > 0 else Toward.UP
        return self.sign * self.instrument.ticks(Decimal(repr(price)), toward)

    def count(self, distance: float) -> int:
        return round(distance / self._tick)

    def price_at(self, level: int) -> float:
        return float(self.price(level))

    def price(self, level: int) -> Decimal:
        return self.instrument.price_of(self.sign * level)


def _pulled(grid: _Grid, start: int, targets: Sequence[int], obstacle: float, margin: float) -> list[int]:
    """The targets, those beyond the obstacle in front of it, each still beyond the one before."""
    pulled, before = [], start
    for target in targets:
        if grid.level(obstacle, is_outward=True) < target:
            room = grid.sign * (obstacle - grid.price_at(before))
            target = grid.level(obstacle - grid.sign * min(margin, room / 2), is_outward=True)
        before = max(target, before + 1)
        pulled.append(before)
    return pulled


def _levels(
    grid: _Grid, middle: int, half: int, stop: int, targets: Sequence[int], obstacle: float | None
) -> Levels:
    edges = grid.price(middle - half), grid.price(middle + half)
    entry = grid.price(middle)
    distance = entry - grid.price(stop)
    fraction = abs(float(distance / entry))
    size = min(MOST_SIZE, RISK / fraction)
    first, second, third = (grid.price(target) for target in targets)
    return Levels(
        entry_low=min(edges),
        entry_high=max(edges),
        stop=grid.price(stop),
        targets=(first, second, third),
        risk_reward=float((second - entry) / distance),
        size=size,
        risk=size * fraction,
        obstacle=obstacle,
    )
