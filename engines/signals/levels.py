"""Where a signal enters, where it is wrong and where it takes profit, on the instrument's grid.

The arithmetic is done in whole ticks: the zone is as many ticks above its middle as below, the stop is a tick
like any other, so that targets of one, two and three times the risk lie on the grid exactly and a risk to
reward of 2 is 2. Only a target that is pulled in front of a level is rounded.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from engines.core.candle import FloatArray
from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.indicators import cells as at
from engines.indicators.kernel import kernel, rare
from engines.signals.grid import Grid, level_at, nearest_tick, price_of

STOP_ATR: Final = 1.5
NEAREST_STOP_ATR: Final = 0.5
BACK_ATR: Final = 0.1
"""How far behind the close the middle of the entry zone lies."""
HALF_ZONE_ATR: Final = 0.15
MARGIN_ATR: Final = 0.1
"""How far in front of a strong level a target is pulled, at most."""
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


class Ladder(NamedTuple):
    """The same in whole ticks times the direction, so that higher is better: a stop is below, targets are
    above. `is_possible` is false where the grid is so coarse that levels would coincide, or where one would
    not be a price. `obstacle` counts only where `is_pulled`."""

    is_possible: bool
    middle: int
    half: int
    stop: int
    targets: tuple[int, int, int]
    risk_reward: float
    size: float
    risk: float
    is_pulled: bool
    obstacle: float


def levels_of(steps: Ladder, instrument: Instrument, direction: Direction) -> Levels | None:
    """A ladder as prices; `None` where it is not possible."""
    if not steps.is_possible:
        return None
    places = (steps.middle - steps.half, steps.middle + steps.half, steps.stop, *steps.targets)
    near, far, stop, first, second, third = (instrument.price_of(direction.sign * one) for one in places)
    return Levels(
        entry_low=min(near, far),
        entry_high=max(near, far),
        stop=stop,
        targets=(first, second, third),
        risk_reward=steps.risk_reward,
        size=steps.size,
        risk=steps.risk,
        obstacle=steps.obstacle if steps.is_pulled else None,
    )


@kernel
def no_ladder() -> Ladder:
    """Of a signal that was not reckoned."""
    return Ladder(False, 0, 0, 0, (0, 0, 0), 0.0, 0.0, 0.0, False, 0.0)


@rare
def ladder(cells: FloatArray, sign: int, strong: FloatArray, grid: Grid) -> Ladder:
    """The levels of a signal at the close of a bar, `sign` +1 for a long and -1 for a short."""
    close, atr = cells[at.CLOSE], cells[at.ATR14]
    middle = sign * nearest_tick(close, grid) - max(1, int(np.rint(BACK_ATR * atr / grid.tick)))
    half = max(1, int(np.rint(HALF_ZONE_ATR * atr / grid.tick)))
    worst = price_of(sign * middle, grid) - sign * distance_to_stop(cells, sign)
    stop = level_at(worst, sign, grid)
    risk = middle - stop
    first, second, third = middle + risk, middle + 2 * risk, middle + 3 * risk
    is_possible = stop < middle - half and middle + half < first and _has_prices(sign, stop, third)
    is_pulled, obstacle = _obstacle(strong, sign, close)
    if is_pulled:
        wall = level_at(obstacle, sign, grid)
        is_pulled = wall < third
        if is_pulled:
            margin, before = MARGIN_ATR * atr, middle + half
            first = _pulled(first, before, obstacle, margin, sign, grid)
            second = _pulled(second, first, obstacle, margin, sign, grid)
            third = _pulled(third, second, obstacle, margin, sign, grid)
    fraction = abs(risk / middle) if is_possible else 1.0
    size = min(MOST_SIZE, RISK / fraction)
    reward = (second - middle) / risk if is_possible else 0.0
    return Ladder(
        is_possible,
        middle,
        half,
        stop,
        (first, second, third),
        reward,
        size,
        size * fraction,
        is_pulled,
        obstacle,
    )


@kernel
def _has_prices(sign: int, stop: int, third: int) -> bool:
    """Whether the lowest of the levels is above 0."""
    return min(sign * stop, sign * third) > 0


@kernel
def distance_to_stop(cells: FloatArray, sign: int) -> float:
    """From the middle of the zone: the nearer of 1.5 ATR and the last swing, never inside 0.5 ATR."""
    atr: float = cells[at.ATR14]
    middle = cells[at.CLOSE] - sign * BACK_ATR * atr
    nearer = STOP_ATR * atr
    for level in range(int(cells[at.COUNT]) - 1, -1, -1):
        if cells[at.SIDE + level] == -sign:
            swing = sign * (middle - cells[at.PRICE + level])
            if swing > 0.0:  # a swing passed already is none
                nearer = min(nearer, swing)
            break
    return max(nearer, NEAREST_STOP_ATR * atr)


@kernel
def walls(entry: FloatArray, four_hours: FloatArray, touches: int) -> FloatArray:
    """Prices that were touched often, on the entry timeframe and on four hours."""
    found, count = np.empty(2 * (at.TOUCHES - at.PRICE)), 0
    for level in range(int(entry[at.COUNT])):
        if entry[at.TOUCHES + level] >= touches:
            found[count] = entry[at.PRICE + level]
            count += 1
    for level in range(int(four_hours[at.COUNT])):
        if four_hours[at.TOUCHES + level] >= touches:
            found[count] = four_hours[at.PRICE + level]
            count += 1
    return found[:count]


@kernel
def _obstacle(strong: FloatArray, sign: int, close: float) -> tuple[bool, float]:
    """Whether there is a strong level ahead of the close, and the nearest."""
    is_there, nearest = False, close
    for price in strong:
        if sign * price > sign * close and (not is_there or sign * price < sign * nearest):
            is_there, nearest = True, price
    return is_there, nearest


@kernel
def _pulled(target: int, before: int, obstacle: float, margin: float, sign: int, grid: Grid) -> int:
    """The target, in front of the obstacle if it is beyond it, and beyond the level before it."""
    if level_at(obstacle, sign, grid) < target:
        room = sign * (obstacle - price_of(sign * before, grid))
        target = level_at(obstacle - sign * min(margin, room / 2.0), sign, grid)
    return max(target, before + 1)
