"""The account of a kernel run: one row of whole numbers, and what fills and funding do to it.

Prices are ticks, sizes lots, money 1e-8 of the quote currency. It is the arithmetic of
`engines.orders.position` to the last digit; products that would not fit are divided first.
"""

from typing import Final

from engines.core.candle import IntArray
from engines.indicators.kernel import kernel, rare

SCALE: Final = 100_000_000
"""Parts of one: of the quote currency, and of rates and shares."""
FUNDING_SCALE: Final = 10_000_000_000
"""Parts of one that funding rates are counted in."""
MOST: Final = 2**53
"""The most money that is reckoned with, 90 million: up to here a float64 holds every unit."""
MOST_LOTS: Final = 2**31
MOST_TARGETS: Final = 3

CASH, SIGN, LOTS, ENTERED, COST, PROCEEDS, REALISED, MARGIN, FEES, FUNDING, RISK, SLIPPAGE = range(12)
OPENED, STOP, HAS_RISK, BEST, TRAIL, TARGETS, HIT, RESTING, PROBLEM, FILLS, ROUNDS, CHANGES = range(12, 24)
CALL, CLOSING, WANTED, PRICES = range(24, 28)
SHARES: Final = PRICES + MOST_TARGETS
SIZE: Final = SHARES + MOST_TARGETS
"""What can be spent, then the position as `engines.orders.trade.Trade` has it: `OPENED` is the moment of its
first entry, `HAS_RISK` whether it had a stop then, `HIT` how many of its targets were hit. `RESTING` counts
limits in the book, `FILLS`, `ROUNDS` and `CHANGES` what was written down. `CALL` is one more than the call
that waits for the next open, `CLOSING` whether that closes the position first, `WANTED` the lots it opens."""

UNIT, LEVERAGE, MAKER, TAKER, SLIP, UPKEEP, UPKEEP_OF, LEAST, HIGHEST, HAS_MARKS, IS_DELISTED = range(11)
BARS, CALLS, FUNDINGS, MOST_FILLS, MOST_ROUNDS, MOST_CHANGES = range(11, 17)
TERMS: Final = 17
"""What a run trades under: the money of one lot at one tick, leverage (0 on spot), fee rates, slippage, the
maintenance margin as a ratio of two numbers, the least notional, the highest price of all, whether the mark
price is another than the traded one, and whether the market is gone at the end. Then how many bars, calls and
settlements there are, and how much there is room to write for."""


@kernel
def part(amount: int, rate: int, scale: int) -> int:
    """`amount` times `rate` / `scale`, cut toward zero; neither is negative."""
    return amount // scale * rate + amount % scale * rate // scale


@kernel
def share(amount: int, lots: int, of: int) -> int:
    """`amount` times `lots` / `of`, cut toward zero; none is negative."""
    return amount // of * lots + amount % of * lots // of


@kernel
def held_cost(book: IntArray) -> int:
    """What is still held, at its average cost."""
    cost: int = book[COST] - book[PROCEEDS] + book[REALISED] * book[SIGN]
    return cost


@kernel
def worth(book: IntArray, terms: IntArray, ticks: int) -> int:
    """What the account is worth at a price."""
    value: int = ticks * book[LOTS] * terms[UNIT]
    if terms[LEVERAGE] > 0:
        value = book[MARGIN] + (value - held_cost(book)) * book[SIGN]
    cash: int = book[CASH]
    return cash + value


@rare
def enter(
    book: IntArray, terms: IntArray, moment: int, sign: int, ticks: int, lots: int, rate: int, decided: int
) -> int:
    """Open a position, or add to it; the fee. Its stop is set before. `decided` is the price it was decided
    on."""
    unit = terms[UNIT]
    if book[LOTS] == 0:
        book[SIGN], book[BEST], book[OPENED] = sign, ticks, moment
    cost = ticks * lots * unit
    fee = part(cost, rate, SCALE)
    margin = cost // terms[LEVERAGE] if terms[LEVERAGE] > 0 else 0
    book[CASH] -= (margin if terms[LEVERAGE] > 0 else cost) + fee
    book[LOTS] += lots
    book[ENTERED] += lots
    book[COST] += cost
    book[MARGIN] += margin
    book[FEES] += fee
    book[SLIPPAGE] += (ticks - decided) * sign * lots * unit
    if book[STOP] > 0:
        book[RISK] += max((ticks - book[STOP]) * sign, 0) * lots * unit
        book[HAS_RISK] = 1
    if (ticks - book[BEST]) * sign > 0:
        book[BEST] = ticks
    return fee


@rare
def leave(
    book: IntArray, terms: IntArray, ticks: int, lots: int, rate: int, is_liquidation: bool, decided: int
) -> int:
    """Close `lots` of the position; the fee. Isolated margin is all that can be lost, fee included, and a
    liquidation takes all of it."""
    sign, before = book[SIGN], held_cost(book)
    is_over = lots == book[LOTS]
    cost = before if is_over else share(before, lots, book[LOTS])
    margin = book[MARGIN] if is_over else share(book[MARGIN], lots, book[LOTS])
    proceeds = ticks * lots * terms[UNIT]
    fee, realised = part(proceeds, rate, SCALE), (proceeds - cost) * sign
    book[SLIPPAGE] += (decided - ticks) * sign * lots * terms[UNIT]
    if terms[LEVERAGE] > 0:
        if realised < -margin:
            realised = -margin
            proceeds = cost + realised * sign
        left = margin + realised
        fee = left if is_liquidation else min(fee, left)
        book[CASH] += left - fee
    else:
        book[CASH] += proceeds - fee
    book[LOTS] -= lots
    book[MARGIN] -= margin
    book[PROCEEDS] += proceeds
    book[REALISED] += realised
    book[FEES] += fee
    return fee


@rare
def fund(book: IntArray, terms: IntArray, mark: int, rate: int) -> None:
    """Settle funding: what is paid comes out of cash first, then out of the margin."""
    amount = part(book[LOTS] * terms[UNIT] * mark, abs(rate), FUNDING_SCALE)
    if (rate > 0) == (book[SIGN] > 0):
        from_cash = min(amount, max(book[CASH], 0))
        from_margin = min(amount - from_cash, book[MARGIN])
        book[CASH] -= from_cash
        book[MARGIN] -= from_margin
        book[FUNDING] -= from_cash + from_margin
    else:
        book[CASH] += amount
        book[FUNDING] += amount


@kernel
def up(number: int, by: int) -> int:
    """`number` / `by`, up to the next whole one; `by` is positive."""
    return -(-number // by)


@kernel
def break_even(book: IntArray, terms: IntArray) -> int:
    """The average cost of what is held, in ticks at the better side."""
    whole = book[LOTS] * terms[UNIT]
    return up(held_cost(book), whole) if book[SIGN] > 0 else held_cost(book) // whole


@kernel
def liquidation(book: IntArray, terms: IntArray) -> int:
    """The mark price at which the venue takes the position over, 0 where none does it."""
    if terms[LEVERAGE] == 0:
        return 0
    sign = book[SIGN]
    backed = (held_cost(book) - book[MARGIN] * sign) * terms[UPKEEP_OF]
    whole = book[LOTS] * terms[UNIT] * (terms[UPKEEP_OF] - terms[UPKEEP] * sign)
    return max(up(backed, whole) if sign > 0 else backed // whole, 0)


@kernel
def bankruptcy(book: IntArray, terms: IntArray) -> int:
    """The price at which all the margin is lost, inside it and at least a tick."""
    sign = book[SIGN]
    backed, whole = held_cost(book) - book[MARGIN] * sign, book[LOTS] * terms[UNIT]
    return max(up(backed, whole) if sign > 0 else backed // whole, 1)


@kernel
def forget(book: IntArray) -> None:
    """Nothing is held any more, and nothing rests."""
    for place in range(SIGN, RESTING + 1):
        book[place] = 0
    for place in range(PRICES, SIZE):
        book[place] = 0
