"""Prices and whole ticks inside compiled rules, exactly as `Instrument` moves the decimals.

A price is meant as the shortest decimal that reads back as the same float. Whether that lies on a tick, above
or below one is decided by comparing floats: a quotient of two whole numbers below 2^53 is the float nearest
to it, and no other decimal of up to 15 digits shares it. So this holds for prices of up to 10^14 ticks.
"""

from typing import NamedTuple

import numpy as np

from engines.core.instrument import Instrument
from engines.indicators.kernel import kernel


class Grid(NamedTuple):
    """A price grid: a tick is `step / scale`, two whole numbers; `tick` is that as a float."""

    step: float
    scale: float
    tick: float


def grid_of(instrument: Instrument) -> Grid:
    """The price grid of an instrument."""
    step, scale = instrument.tick.as_integer_ratio()
    return Grid(step=float(step), scale=float(scale), tick=float(instrument.tick))


@kernel
def price_of(ticks: int, grid: Grid) -> float:
    """The price of so many ticks."""
    return ticks * grid.step / grid.scale


@kernel
def tick_below(price: float, grid: Grid) -> int:
    """The last tick at or below a price."""
    ticks = int(np.rint(price / grid.tick))
    return ticks - 1 if price < price_of(ticks, grid) else ticks


@kernel
def nearest_tick(price: float, grid: Grid) -> int:
    """The nearest tick; of two, the even one."""
    below = tick_below(price, grid)
    half = (2 * below + 1) * grid.step / (2.0 * grid.scale)
    if price == half:
        return below + (below & 1)
    return below if price < half else below + 1


@kernel
def level_at(price: float, sign: int, grid: Grid) -> int:
    """The level, ticks times the direction, at a price or the next worse one."""
    below = tick_below(price, grid)
    if sign > 0:
        return below
    return -below if price == price_of(below, grid) else -(below + 1)
