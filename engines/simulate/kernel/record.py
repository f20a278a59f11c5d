"""Fills of a kernel run: booked, and written down."""

from engines.indicators.kernel import kernel, rare
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.kernel.table import Table


@kernel
def price(it: Table, which: int, row: int) -> int:
    """One of the prices of a bar, in ticks."""
    ticks: int = it.bars[which * it.terms[account.BARS] + row]
    return ticks


@kernel
def asked(it: Table, number: int, which: int) -> int:
    """One of the numbers of a call."""
    value: int = it.calls[number * table.CALL_SIZE + which]
    return value


@kernel
def slipped(it: Table, row: int, ticks: int, side: int) -> int:
    """A price moved against whoever trades at the market, never beyond the bar; `side` is +1 for a
    purchase."""
    away = account.up(ticks * it.terms[account.SLIP], account.SCALE)
    bound: int = price(it, table.HIGH if side > 0 else table.LOW, row)
    return min(ticks + away, bound) if side > 0 else max(ticks - away, bound)


@kernel
def moment(row: int, is_open: int) -> int:
    """The open of a bar or its end, as one number."""
    return 2 * row + 1 - is_open


@rare
def entry(
    it: Table, row: int, is_open: int, sign: int, ticks: int, lots: int, rate: int, decided: int
) -> None:
    """Open a position, or add to it."""
    fee = account.enter(it.book, it.terms, moment(row, is_open), sign, ticks, lots, rate, decided)
    _fill(it, row, is_open, sign, table.ENTRY, ticks, lots, fee)
    changed(it, row)


@kernel
def exit_all(it: Table, row: int, is_open: int, purpose: int, ticks: int, rate: int, decided: int) -> None:
    """Close the position."""
    exit_some(it, row, is_open, purpose, ticks, it.book[account.LOTS], rate, decided)


@rare
def exit_some(
    it: Table, row: int, is_open: int, purpose: int, ticks: int, lots: int, rate: int, decided: int
) -> None:
    """Close `lots` of the position. What rests is called back: what comes to its end is not added to. With
    the last of it ends the round."""
    book, sign = it.book, it.book[account.SIGN]
    book[account.RESTING] = 0
    is_liquidation = purpose == table.LIQUIDATED
    fee = account.leave(book, it.terms, ticks, lots, rate, is_liquidation, decided)
    _fill(it, row, is_open, -sign, purpose, ticks, lots, fee)
    if book[account.LOTS] == 0:
        finish(it, row, is_open, purpose, 0)
        account.forget(book)
    changed(it, row)


@rare
def finish(it: Table, row: int, is_open: int, purpose: int, is_held: int) -> None:
    """Write the position down."""
    book, number = it.book, it.book[account.ROUNDS]
    if number >= it.terms[account.MOST_ROUNDS]:
        book[account.PROBLEM] = table.FULL
        return
    at = number * table.ROUND_SIZE
    it.rounds[at + table.R_OPENED], it.rounds[at + table.R_CLOSED] = (
        book[account.OPENED],
        moment(row, is_open),
    )
    it.rounds[at + table.R_SIGN], it.rounds[at + table.R_ENTERED] = book[account.SIGN], book[account.ENTERED]
    it.rounds[at + table.R_COST], it.rounds[at + table.R_PROCEEDS] = (
        book[account.COST],
        book[account.PROCEEDS],
    )
    it.rounds[at + table.R_GROSS], it.rounds[at + table.R_FEES] = book[account.REALISED], book[account.FEES]
    it.rounds[at + table.R_FUNDING], it.rounds[at + table.R_SLIPPAGE] = (
        book[account.FUNDING],
        book[account.SLIPPAGE],
    )
    it.rounds[at + table.R_RISK], it.rounds[at + table.R_HAS_RISK] = (
        book[account.RISK],
        book[account.HAS_RISK],
    )
    it.rounds[at + table.R_PURPOSE], it.rounds[at + table.R_IS_OPEN] = purpose, is_held
    book[account.ROUNDS] += 1


@rare
def changed(it: Table, row: int) -> None:
    """From the close of that bar on, this is what there is."""
    book, last = it.book, it.book[account.CHANGES] - 1
    if last < 0 or it.changes[last * table.CHANGE_SIZE + table.C_ROW] < row:
        last += 1
        if last >= it.terms[account.MOST_CHANGES]:
            book[account.PROBLEM] = table.FULL
            return
        book[account.CHANGES] = last + 1
        it.changes[last * table.CHANGE_SIZE + table.C_ROW] = row
    at, sign = last * table.CHANGE_SIZE, book[account.SIGN]
    it.changes[at + table.C_MONEY] = book[account.CASH] + book[account.MARGIN]
    it.changes[at + table.C_STAKE] = book[account.LOTS] * sign
    is_spot = it.terms[account.LEVERAGE] == 0
    it.changes[at + table.C_OFFSET] = 0 if is_spot else account.held_cost(book) * sign


@kernel
def _fill(
    it: Table, row: int, is_open: int, side: int, purpose: int, ticks: int, lots: int, fee: int
) -> None:
    book, number = it.book, it.book[account.FILLS]
    if number >= it.terms[account.MOST_FILLS]:
        book[account.PROBLEM] = table.FULL
        return
    at = number * table.FILL_SIZE
    it.fills[at + table.FILL_AT], it.fills[at + table.FILL_SIDE] = moment(row, is_open), side
    it.fills[at + table.FILL_PURPOSE], it.fills[at + table.FILL_TICKS], it.fills[at + table.FILL_LOTS] = (
        purpose,
        ticks,
        lots,
    )
    it.fills[at + table.FILL_FEE], it.fills[at + table.FILL_ROUND] = fee, book[account.ROUNDS]
    book[account.FILLS] += 1
