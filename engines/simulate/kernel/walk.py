"""What a bar does to a position: the path of `engines.orders.protection` over whole ticks.

Levels are prices times the sign of the position: higher is better.
"""

from engines.indicators.kernel import kernel, rare
from engines.simulate.kernel import book as account
from engines.simulate.kernel import record, table
from engines.simulate.kernel.table import Table


@rare
def walk(it: Table, row: int, opened: int, high: int, low: int) -> None:
    """Walk the bar of `row` from `opened`: adverse extreme, favourable extreme, close."""
    book, sign = it.book, it.book[account.SIGN]
    liquidation = account.liquidation(book, it.terms)
    even = account.break_even(book, it.terms)
    close = record.price(it, table.CLOSE, row)
    worst = record.price(it, table.MARK_LOW, row) if sign > 0 else record.price(it, table.MARK_HIGH, row)
    first, second = (low, high) if sign > 0 else (high, low)
    _tighten(it, _trailing(it, book[account.BEST]))
    if not _is_beyond_stop(it, opened):
        _rise(it, row, opened, opened, even)
    _leg(it, row, opened, first, worst, liquidation, even)
    _leg(it, row, first, second, close, liquidation, even)
    _leg(it, row, second, close, close, liquidation, even)


@rare
def _leg(it: Table, row: int, start: int, end: int, mark: int, liquidation: int, even: int) -> None:
    """Walk straight to `end`; `mark` is met on the way."""
    if it.book[account.LOTS] > 0:
        _fall(it, row, start, end, mark, liquidation)
    if it.book[account.LOTS] > 0:
        _rise(it, row, start, end, even)


@kernel
def _fall(it: Table, row: int, start: int, end: int, mark: int, liquidation: int) -> None:
    """Stop or liquidation, the nearer first."""
    book, sign = it.book, it.book[account.SIGN]
    stop = book[account.STOP]
    is_stopped = _is_beyond_stop(it, end)
    is_liquidated = liquidation > 0 and mark * sign <= liquidation * sign
    if is_stopped and (not is_liquidated or stop * sign >= liquidation * sign):
        price = stop if stop * sign <= start * sign else start
        is_trailing = stop == _trailing(it, book[account.BEST])
        purpose = table.TRAILED if is_trailing else table.STOPPED
        filled = record.slipped(it, row, price, -sign)
        record.exit_all(it, row, 0, purpose, filled, it.terms[account.TAKER], price)
    elif is_liquidated:
        price = account.bankruptcy(book, it.terms)
        record.exit_all(it, row, 0, table.LIQUIDATED, price, it.terms[account.TAKER], liquidation)


@kernel
def _rise(it: Table, row: int, start: int, end: int, even: int) -> None:
    """Targets in the order they are met; then the best price, and the trailing stop behind it."""
    book, sign = it.book, it.book[account.SIGN]
    while book[account.LOTS] > 0 and book[account.HIT] < book[account.TARGETS]:
        price = book[account.PRICES + book[account.HIT]]
        if end * sign < price * sign:
            break
        _hit(it, row, price if price * sign >= start * sign else start, even)
    if book[account.LOTS] > 0 and end * sign > book[account.BEST] * sign:
        book[account.BEST] = end
        _tighten(it, _trailing(it, end))


@kernel
def _hit(it: Table, row: int, price: int, even: int) -> None:
    """The next target: its part, all of what is left at the last; the stop goes to the entry."""
    book, sign = it.book, it.book[account.SIGN]
    of = account.part(book[account.ENTERED], book[account.SHARES + book[account.HIT]], account.SCALE)
    book[account.HIT] += 1
    if book[account.HIT] == book[account.TARGETS]:
        record.exit_all(it, row, 0, table.TARGET, price, it.terms[account.MAKER], price)
        return
    lots = min(of, book[account.LOTS])
    if lots > 0:
        record.exit_some(it, row, 0, table.TARGET, price, lots, it.terms[account.MAKER], price)
    if book[account.LOTS] > 0 and even * sign < price * sign:
        _tighten(it, even)


@kernel
def _trailing(it: Table, best: int) -> int:
    """Where the trailing stop stands once `best` was seen; 0 without one."""
    distance: int = it.book[account.TRAIL]
    sign: int = it.book[account.SIGN]
    return max(best - distance * sign, 0) if distance > 0 else 0


@kernel
def _tighten(it: Table, stop: int) -> None:
    """Move the stop there if that is nearer; it never widens by itself."""
    book, sign = it.book, it.book[account.SIGN]
    if stop > 0 and (book[account.STOP] == 0 or stop * sign > book[account.STOP] * sign):
        book[account.STOP] = stop


@kernel
def _is_beyond_stop(it: Table, price: int) -> bool:
    stop: int = it.book[account.STOP]
    sign: int = it.book[account.SIGN]
    return stop > 0 and price * sign <= stop * sign
