"""What a kernel run reads and writes: arrays of whole numbers, and the places in their rows."""

from typing import Final, NamedTuple

from engines.core.candle import IntArray

OPEN, HIGH, LOW, CLOSE, MARK_HIGH, MARK_LOW = range(6)
"""Rows of `Table.bars`."""

NEXT, CODE, LIMIT, STOP, DISTANCE, TRAIL, UNTIL, ENTRY_WORST, EXIT_WORST = range(9)
NOTIONAL, RISK, SHARE, TARGETS, PRICES = range(9, 14)
SHARES: Final = PRICES + 3
CALL_SIZE: Final = SHARES + 3
"""A row of calls. `NEXT` is the bar at whose open it is acted on, `CODE` what is wanted with its sign;
`LIMIT`, `STOP`, `TRAIL` and targets are ticks (0: none), `DISTANCE` the ticks that a size by risk is reckoned
with. From bar `UNTIL` on the entry is not acted on any more. `ENTRY_WORST` and `EXIT_WORST` are the slippages
that are taken at most. The size is `NOTIONAL` in money, else `RISK` of the capital over the distance (0: any)
and no more than `SHARE` of the capital."""

CLOSE_ONLY: Final = 1
TURN: Final = 2
ADD: Final = 3
"""Codes: end what lies the other way; that, and open unless something is held or under way; open or add, but
nothing while the other way is held or under way."""

F_NEXT, F_WHEN, F_MARK, F_RATE = range(4)
FUNDING_SIZE: Final = 4
"""A row of settlements: bars that had ended, when it came after that, mark and rate."""

AT_CLOSE, BETWEEN, INSIDE = range(3)
"""When: as the last of those bars ended, before the next one opened, or inside that."""

FILL_AT, FILL_SIDE, FILL_PURPOSE, FILL_TICKS, FILL_LOTS, FILL_FEE, FILL_ROUND = range(7)
FILL_SIZE: Final = 7
"""A row of fills: when, +1 for a purchase, why. A moment is twice the row of a bar at its open, and one more
at its end."""

ENTRY, EXIT, STOPPED, TARGET, TRAILED, LIQUIDATED, MANUAL = range(7)
"""Purposes, as `engines.orders.order.Purpose` has them in order."""

R_OPENED, R_CLOSED, R_SIGN, R_ENTERED, R_COST, R_PROCEEDS, R_GROSS, R_FEES, R_FUNDING = range(9)
R_SLIPPAGE, R_RISK, R_HAS_RISK, R_PURPOSE, R_IS_OPEN = range(9, 14)
ROUND_SIZE: Final = 14
"""A row of positions, from the first entry to the last exit. `R_GROSS` of one that is open at the end counts
what is left at its last close."""

C_ROW, C_MONEY, C_STAKE, C_OFFSET = range(4)
CHANGE_SIZE: Final = 4
"""A row of changes: from the close of that bar on there is so much money, and so many lots with their sign
that cost so much of it which is not in the money."""

O_SIGN, O_LIMIT, O_LOTS, O_UNTIL, O_DECIDED = range(5)
ORDER_SIZE: Final = 5
MOST_RESTING: Final = 16
"""A row of orders that rest in the book."""

OUTGREW, CROWDED, FULL = 1, 2, 3
"""Problems: more money than is reckoned with, too many orders at once, no room to write."""


class Table(NamedTuple):
    """One run: `book` and `terms` as `engines.simulate.kernel.book` lays them out, prices as six rows of
    ticks, calls and settlements in order of time; then what is written. All rows lie one behind the other: a
    kernel takes bare memory, for counting who refers to arrays takes longer than the arithmetic."""

    book: IntArray
    terms: IntArray
    bars: IntArray
    calls: IntArray
    fundings: IntArray
    orders: IntArray
    fills: IntArray
    rounds: IntArray
    changes: IntArray
