"""Where the next bar is in which anything can happen to a position or to orders that rest.

Whole ticks; a level of 0 is none. It says no more than `engines.orders.protection` would: a bar that is
passed over changes nothing but the trailing stop, which is carried along.
"""

from engines.core.candle import IntArray
from engines.indicators.kernel import kernel


@kernel
def next_touch(
    open_: IntArray,
    high: IntArray,
    low: IntArray,
    close: IntArray,
    mark_high: IntArray,
    mark_low: IntArray,
    row: int,
    end: int,
    sign: int,
    stop: int,
    trail: int,
    best: int,
    target: int,
    liquidation: int,
    buy_limit: int,
    sell_limit: int,
) -> tuple[int, int, int]:
    """The first row from `row` until before `end` that touches something, else `end`; with the best price and
    the stop as they were before it.

    `sign` is that of the position (0: none), `trail` the distance of its trailing stop (0: none). The limits
    are the highest that buys and the lowest that sells.
    """
    while row < end:
        if buy_limit and low[row] < buy_limit:
            return row, best, stop
        if sell_limit and high[row] > sell_limit:
            return row, best, stop
        if sign > 0:
            if (stop and low[row] <= stop) or (target and high[row] >= target):
                return row, best, stop
            if liquidation and mark_low[row] <= liquidation:
                return row, best, stop
            if trail:
                risen = max(best, open_[row])
                if low[row] <= max(stop, risen - trail):
                    return row, best, stop
                risen = max(risen, high[row])
                raised = max(stop, risen - trail)
                if close[row] <= raised:
                    return row, best, stop
                best, stop = risen, raised
        elif sign < 0:
            if (stop and high[row] >= stop) or (target and low[row] <= target):
                return row, best, stop
            if liquidation and mark_high[row] >= liquidation:
                return row, best, stop
            if trail:
                fallen = min(best, open_[row])
                lowered = fallen + trail if stop == 0 else min(stop, fallen + trail)
                if high[row] >= lowered:
                    return row, best, stop
                fallen = min(fallen, low[row])
                lowered = min(lowered, fallen + trail)
                if close[row] >= lowered:
                    return row, best, stop
                best, stop = fallen, lowered
        row += 1
    return row, best, stop
