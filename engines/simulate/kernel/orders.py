"""Orders of a kernel run: what a call asks for, the next open, and limits that rest."""

from engines.indicators.kernel import kernel, rare
from engines.simulate.kernel import book as account
from engines.simulate.kernel import record, table
from engines.simulate.kernel.record import asked, price
from engines.simulate.kernel.table import Table
from engines.simulate.kernel.walk import walk


@rare
def hear(it: Table, number: int) -> None:
    """A call, at the close before its bar: what it asks for waits for the open."""
    book, code, at = it.book, asked(it, number, table.CODE), _decided(it, number)
    sign, kind = (1, code) if code > 0 else (-1, -code)
    is_held, held = book[account.LOTS] > 0, book[account.SIGN]
    is_under_way = book[account.RESTING] > 0
    book[account.CLOSING] = 1 if kind != table.ADD and is_held and held != sign else 0
    is_wanted = kind == table.TURN and not is_under_way and (not is_held or held != sign)
    if kind == table.ADD:
        is_wanted = not (is_held or is_under_way) or held == sign
    lots = _sized(it, number, at) if is_wanted else 0
    lots = lots if lots > 0 and _is_sound(it, number, sign, at, lots) else 0
    # behind a way out it is paid with what that sets free
    book[account.WANTED] = lots if book[account.CLOSING] == 1 else _afforded(it, number, lots)
    book[account.CALL] = number + 1


@kernel
def _decided(it: Table, number: int) -> int:
    """The price that a call was decided on: the last close."""
    return price(it, table.CLOSE, asked(it, number, table.NEXT) - 1)


@rare
def _sized(it: Table, number: int, decided: int) -> int:
    """How many lots a call wants."""
    limit, risk = asked(it, number, table.LIMIT), asked(it, number, table.RISK)
    fixed = asked(it, number, table.NOTIONAL)
    each = (limit if limit > 0 else decided) * it.terms[account.UNIT]
    if fixed > 0:
        whole: int = fixed // each
        return whole
    capital = account.worth(it.book, it.terms, decided)
    if capital <= 0:
        return 0
    if capital > account.MOST:
        it.book[account.PROBLEM] = table.OUTGREW
        return 0
    lots: int = account.part(capital, asked(it, number, table.SHARE), account.SCALE) // each
    if risk > 0:
        risked = account.part(capital, risk, account.SCALE)
        lots = min(lots, risked // (asked(it, number, table.DISTANCE) * it.terms[account.UNIT]))
    return lots


@rare
def _is_sound(it: Table, number: int, sign: int, decided: int, lots: int) -> bool:
    """Whether the market takes that size, and stop and targets lie where they belong."""
    terms, limit, stop = it.terms, asked(it, number, table.LIMIT), asked(it, number, table.STOP)
    expected = decided + account.up(decided * terms[account.SLIP], account.SCALE) * sign
    if limit > 0:
        expected = min(decided, limit) if sign > 0 else max(decided, limit)
    if lots > account.MOST_LOTS or lots * terms[account.UNIT] > account.MOST // terms[account.HIGHEST]:
        it.book[account.PROBLEM] = table.OUTGREW
        return False
    if lots * min(expected, decided) * terms[account.UNIT] < terms[account.LEAST]:
        return False
    if stop > 0 and (expected - stop) * sign <= 0:
        return False
    is_sound = True
    for place in range(asked(it, number, table.TARGETS)):
        is_sound = is_sound and (asked(it, number, table.PRICES + place) - expected) * sign > 0
    return is_sound


@rare
def meet_open(it: Table, row: int) -> None:
    """What waited meets the first price of a bar: a way out first, then the way in."""
    book, number = it.book, it.book[account.CALL] - 1
    book[account.CALL] = 0
    if book[account.CLOSING] == 1 and not _is_out(it, number, row):
        return
    if book[account.WANTED] == 0 or row >= asked(it, number, table.UNTIL):
        return
    sign = 1 if asked(it, number, table.CODE) > 0 else -1
    opened, decided, limit = price(it, table.OPEN, row), _decided(it, number), asked(it, number, table.LIMIT)
    bound, lots = _worst(it, number), book[account.WANTED]
    if book[account.CLOSING] == 1:
        lots = _afforded(it, number, lots)
    is_new = book[account.LOTS] == 0 and book[account.RESTING] == 0
    if lots > 0 and not is_new:
        _arm(it, number)
        _catch_up(it, row)
    if lots == 0 or (limit == 0 and (opened - bound) * sign > 0):
        return
    if is_new:
        book[account.SIGN] = sign
        _arm(it, number)
    if limit > 0 and (opened - limit) * sign >= 0:
        _rest(it, number, sign, lots, decided)
        return
    taken = record.slipped(it, row, opened, sign)
    taken = min(taken, bound) if sign > 0 else max(taken, bound)
    record.entry(it, row, 1, sign, taken, lots, it.terms[account.TAKER], decided)


@kernel
def _worst(it: Table, number: int) -> int:
    """The worst price that the entry of a call may be filled at."""
    limit = asked(it, number, table.LIMIT)
    if limit > 0:
        return limit
    sign = 1 if asked(it, number, table.CODE) > 0 else -1
    return _bound(_decided(it, number), sign, asked(it, number, table.ENTRY_WORST))


@kernel
def _bound(decided: int, sign: int, slippage: int) -> int:
    """The worst price that an order may be filled at."""
    if sign > 0:
        return decided + decided * slippage // account.SCALE
    return max(decided - decided * slippage // account.SCALE, 1)


@rare
def _is_out(it: Table, number: int, row: int) -> bool:
    """Close the position at an open, unless that is worse than the call takes."""
    sign = -it.book[account.SIGN]
    opened, decided = price(it, table.OPEN, row), _decided(it, number)
    bound = _bound(decided, sign, asked(it, number, table.EXIT_WORST))
    if (opened - bound) * sign > 0:
        return False
    taken = record.slipped(it, row, opened, sign)
    taken = min(taken, bound) if sign > 0 else max(taken, bound)
    record.exit_all(it, row, 1, table.EXIT, taken, it.terms[account.TAKER], decided)
    return True


@rare
def _afforded(it: Table, number: int, wanted: int) -> int:
    """As many of the lots that a call wants as the cash pays for at the dearest price, fee included, beside
    what rests already: as the gate cuts them (`engines.risk.rules.too_much`)."""
    book, terms, decided = it.book, it.terms, _decided(it, number)
    dearest = max(decided, _worst(it, number))
    leverage = max(terms[account.LEVERAGE], 1)
    each = account.SCALE + leverage * terms[account.TAKER]
    most = account.share(max(book[account.CASH], 0) * leverage, account.SCALE, each)
    for place in range(book[account.RESTING]):
        most -= it.orders[place * table.ORDER_SIZE + table.O_LOTS] * decided * terms[account.UNIT]
    lots = max(min(wanted, most // (dearest * terms[account.UNIT])), 0)
    return lots if lots * dearest * terms[account.UNIT] >= terms[account.LEAST] else 0


@kernel
def _arm(it: Table, number: int) -> None:
    """Stop and targets of a call; a position that has any keeps them."""
    book = it.book
    if book[account.STOP] > 0 or book[account.TARGETS] > 0 or book[account.TRAIL] > 0:
        return
    book[account.STOP], book[account.TRAIL] = asked(it, number, table.STOP), asked(it, number, table.TRAIL)
    book[account.TARGETS] = asked(it, number, table.TARGETS)
    for place in range(account.MOST_TARGETS):
        book[account.PRICES + place] = asked(it, number, table.PRICES + place)
        book[account.SHARES + place] = asked(it, number, table.SHARES + place)


@rare
def _catch_up(it: Table, row: int) -> None:
    """The best price since the position is held: nobody followed it while nothing trailed."""
    book, sign = it.book, it.book[account.SIGN]
    if book[account.LOTS] == 0 or book[account.TRAIL] == 0:
        return
    column = table.HIGH if sign > 0 else table.LOW
    for played in range((book[account.OPENED] + 1) // 2, row):
        seen = price(it, column, played)
        if (seen - book[account.BEST]) * sign > 0:
            book[account.BEST] = seen


@kernel
def _rest(it: Table, number: int, sign: int, lots: int, decided: int) -> None:
    """Into the book."""
    place = it.book[account.RESTING]
    if place >= table.MOST_RESTING:
        it.book[account.PROBLEM] = table.CROWDED
        return
    at = place * table.ORDER_SIZE
    it.orders[at + table.O_SIGN], it.orders[at + table.O_LOTS] = sign, lots
    it.orders[at + table.O_LIMIT] = asked(it, number, table.LIMIT)
    it.orders[at + table.O_UNTIL] = asked(it, number, table.UNTIL)
    it.orders[at + table.O_DECIDED] = decided
    it.book[account.RESTING] = place + 1


@rare
def expire(it: Table, row: int) -> None:
    """Limits that the bar of `row` may not meet any more end, and with the last one what never was held."""
    book, kept = it.book, 0
    for place in range(book[account.RESTING]):
        if it.orders[place * table.ORDER_SIZE + table.O_UNTIL] > row:
            _move(it, place, kept)
            kept += 1
    if kept == 0 and book[account.RESTING] > 0 and book[account.LOTS] == 0:
        account.forget(book)
    book[account.RESTING] = kept


@rare
def meet_bar(it: Table, row: int) -> None:
    """A bar has ended: protection has met it, then limits; what one of them opens meets the rest of it."""
    book, high, low = it.book, price(it, table.HIGH, row), price(it, table.LOW, row)
    was_held = book[account.LOTS] > 0
    if was_held:
        walk(it, row, price(it, table.OPEN, row), high, low)
    place = 0
    while place < book[account.RESTING]:
        at = place * table.ORDER_SIZE
        sign, limit = it.orders[at + table.O_SIGN], it.orders[at + table.O_LIMIT]
        if (limit - (low if sign > 0 else high)) * sign <= 0:
            place += 1
            continue
        lots, decided = it.orders[at + table.O_LOTS], it.orders[at + table.O_DECIDED]
        _unrest(it, place)
        record.entry(it, row, 0, sign, limit, lots, it.terms[account.MAKER], decided)
        if not was_held:
            close = price(it, table.CLOSE, row)
            highest = max(limit, close) if sign > 0 else max(limit, close, high)
            lowest = min(limit, close, low) if sign > 0 else min(limit, close)
            walk(it, row, limit, highest, lowest)


@kernel
def _unrest(it: Table, place: int) -> None:
    """Out of the book; those behind move up."""
    it.book[account.RESTING] -= 1
    for behind in range(place, it.book[account.RESTING]):
        _move(it, behind + 1, behind)


@kernel
def _move(it: Table, place: int, to: int) -> None:
    for column in range(table.ORDER_SIZE):
        it.orders[to * table.ORDER_SIZE + column] = it.orders[place * table.ORDER_SIZE + column]
