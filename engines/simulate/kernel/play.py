"""The loop of a kernel run: from one thing that happens to the next.

Order of events at one moment, as in `engines.simulate.replay`: the bar that ended has met protection and
resting limits; funding is settled; the call is heard; it is acted on at the next open.
"""

from engines.indicators.kernel import bare, kernel, rare
from engines.simulate.kernel import book as account
from engines.simulate.kernel import orders, record, table
from engines.simulate.kernel.table import Table


@rare
def play(of: Table, first: int, stop: int) -> None:
    """Play bars `first` until before `stop`; what is held then is written down as it is. The caller keeps the
    arrays alive."""
    it = Table(
        bare(of.book),
        bare(of.terms),
        bare(of.bars),
        bare(of.calls),
        bare(of.fundings),
        bare(of.orders),
        bare(of.fills),
        bare(of.rounds),
        bare(of.changes),
    )
    _play(it, first, stop)


@kernel
def _play(it: Table, first: int, stop: int) -> None:
    """All of it, from one thing that happens to the next."""
    book = it.book
    row, call, funding = first, 0, 0
    record.changed(it, first - 1)
    while row <= stop and book[account.PROBLEM] == 0:
        funding = _settle(it, row, funding, table.AT_CLOSE)
        if book[account.RESTING] > 0:
            orders.expire(it, row)
        while call < it.terms[account.CALLS] and record.asked(it, call, table.NEXT) <= row:
            if record.asked(it, call, table.NEXT) == row:
                orders.hear(it, call)
            call += 1
        funding = _settle(it, row, funding, table.BETWEEN)
        if row == stop:
            break
        if book[account.CALL] > 0:
            orders.meet_open(it, row)
        funding = _settle(it, row, funding, table.INSIDE)
        horizon = _horizon(it, row, stop, call, funding)
        row = _played(it, row, horizon)
    if book[account.LOTS] > 0 and it.terms[account.IS_DELISTED] == 1:
        price = record.price(it, table.CLOSE, stop - 1)
        record.exit_all(it, stop - 1, 0, table.MANUAL, price, it.terms[account.TAKER], price)
    if book[account.LOTS] > 0:
        _value(it, stop - 1)


@kernel
def _settle(it: Table, row: int, funding: int, when: int) -> int:
    """Fundings up to that time before the open of `row` or inside it; the next one after them."""
    while funding < it.terms[account.FUNDINGS] and (
        _settled(it, funding, table.F_NEXT) < row
        or (_settled(it, funding, table.F_NEXT) == row and _settled(it, funding, table.F_WHEN) <= when)
    ):
        is_now = _settled(it, funding, table.F_NEXT) == row
        if is_now and it.book[account.LOTS] > 0:
            mark, rate = _settled(it, funding, table.F_MARK), _settled(it, funding, table.F_RATE)
            account.fund(it.book, it.terms, mark, rate)
            is_late = _settled(it, funding, table.F_WHEN) > table.AT_CLOSE
            record.changed(it, row if is_late else row - 1)
        funding += 1
    return funding


@kernel
def _settled(it: Table, funding: int, which: int) -> int:
    """One of the numbers of a settlement."""
    value: int = it.fundings[funding * table.FUNDING_SIZE + which]
    return value


@kernel
def _horizon(it: Table, row: int, stop: int, call: int, funding: int) -> int:
    """The bar before whose open something may happen next."""
    horizon = stop
    if call < it.terms[account.CALLS]:
        horizon = min(horizon, record.asked(it, call, table.NEXT))
    if funding < it.terms[account.FUNDINGS] and (it.book[account.LOTS] > 0 or it.book[account.RESTING] > 0):
        horizon = min(horizon, _settled(it, funding, table.F_NEXT))
    for place in range(it.book[account.RESTING]):
        horizon = min(horizon, it.orders[place * table.ORDER_SIZE + table.O_UNTIL])
    return max(horizon, row + 1)


@kernel
def _played(it: Table, row: int, horizon: int) -> int:
    """Play bars until before `horizon`; the next one."""
    book = it.book
    while row < horizon:
        if book[account.LOTS] == 0 and book[account.RESTING] == 0:
            return horizon
        touched = _touched(it, row, horizon)
        if touched == horizon:
            return horizon
        orders.meet_bar(it, touched)
        row = touched + 1
    return row


@kernel
def _touched(it: Table, row: int, horizon: int) -> int:
    """The first bar that may change something, else `horizon`."""
    book = it.book
    if book[account.RESTING] > 0 or book[account.TRAIL] > 0:
        return row
    liquidation, stop = account.liquidation(book, it.terms), book[account.STOP]
    target = 0
    if book[account.HIT] < book[account.TARGETS]:
        target = book[account.PRICES + book[account.HIT]]
    if book[account.SIGN] > 0:
        horizon = first_below(it, table.LOW, max(stop, liquidation), row, horizon)
        if it.terms[account.HAS_MARKS] == 1:
            horizon = first_below(it, table.MARK_LOW, liquidation, row, horizon)
        return first_above(it, table.HIGH, target, row, horizon) if target > 0 else horizon
    nearest = stop if liquidation == 0 else liquidation if stop == 0 else min(stop, liquidation)
    if nearest > 0:
        horizon = first_above(it, table.HIGH, nearest, row, horizon)
    if liquidation > 0 and it.terms[account.HAS_MARKS] == 1:
        horizon = first_above(it, table.MARK_HIGH, liquidation, row, horizon)
    return first_below(it, table.LOW, target, row, horizon) if target > 0 else horizon


@kernel
def first_below(it: Table, which: int, level: int, row: int, horizon: int) -> int:
    """The first row at which the column is at or below a level, else `horizon`."""
    at = which * it.terms[account.BARS]
    while row < horizon and it.bars[at + row] > level:
        row += 1
    return row


@kernel
def first_above(it: Table, which: int, level: int, row: int, horizon: int) -> int:
    """The first row at which the column is at or above a level, else `horizon`."""
    at = which * it.terms[account.BARS]
    while row < horizon and it.bars[at + row] < level:
        row += 1
    return row


@rare
def _value(it: Table, row: int) -> None:
    """Write down what is still held, at the last close."""
    book = it.book
    at = book[account.ROUNDS] * table.ROUND_SIZE
    value = record.price(it, table.CLOSE, row) * book[account.LOTS] * it.terms[account.UNIT]
    unrealised = (value - account.held_cost(book)) * book[account.SIGN]
    record.finish(it, row, 0, 0, 1)
    if book[account.PROBLEM] == 0:
        it.rounds[at + table.R_GROSS] += unrealised
