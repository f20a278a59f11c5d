"""Changes of one trade, one after the other: what waits while one is being stored is stored together next.

A change of a trade is guarded by its version, so that only one can be under way. Reports of many orders of
one trade would wait in line for the disk; folded into one change they share one commit.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from ports.books import Change, Conflict
from ports.errors import DeskError, Transient
from services.trading.register import RETRY_S, Held, Register

log = structlog.get_logger()

Step = Callable[[Held | None], Change | None]
"""From the trade as it stands (`None`: not there yet) to its change, whose version is the next one; `None`
when there is nothing to change. It may be asked again. What it raises is its caller's alone."""

_OF_A_STEP = (DeskError, ArithmeticError, LookupError, ValueError)

TRIES = 5
"""Times that a change is made anew because the trade was changed behind our back; what has happened already
is never given up."""


@dataclass(slots=True, eq=False)
class _Entry:
    step: Step
    is_sure: bool
    done: asyncio.Future[Held | None]

    def succeed(self, held: Held | None) -> None:
        if not self.done.done():
            self.done.set_result(held)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(slots=True, repr=False)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[_Entry] = field(default_factory=list)


@dataclass(slots=True, repr=False)
class Journal:
    """Writes to trades through the register, in the order asked for."""

    register: Register
    _lines: dict[int, _Line] = field(default_factory=dict)

    async def write(self, trade_id: int, step: Step, *, is_sure: bool = False) -> Held | None:
        """Make and store a change of a trade; the trade then.

        `is_sure`: it has happened already; a database in trouble is asked until it takes it. Else raises
        `Transient`, `Conflict` and what the step raises: nothing has changed then.
        """
        entry = _Entry(step, is_sure, asyncio.get_running_loop().create_future())
        line = self._lines.setdefault(trade_id, _Line())
        line.waiting.append(entry)
        try:
            async with line.lock:
                if not entry.done.done():
                    await self._write_waiting(trade_id, line)
        finally:
            if entry in line.waiting and not is_sure:  # we were cancelled: nobody wants it any more
                line.waiting.remove(entry)
        is_ours = self._lines.get(trade_id) is line  # we may be the last of a line that was given up already
        if is_ours and not line.waiting and not line.lock.locked():
            del self._lines[trade_id]
        return entry.done.result()

    async def _write_waiting(self, trade_id: int, line: _Line) -> None:
        entries, line.waiting = line.waiting, []
        try:
            await self._write(trade_id, entries)
        finally:  # cancelled: the others go on, one of them in our place
            line.waiting = [one for one in entries if not one.done.done()] + line.waiting

    async def _write(self, trade_id: int, entries: Sequence[_Entry]) -> None:
        try:
            await self._write_together(trade_id, entries)
        except Transient as error:
            for entry in entries:
                if not entry.is_sure:
                    entry.fail(error)
            await self._write_each(trade_id, entries)
        except Conflict:
            await self._write_each(trade_id, entries)

    async def _write_each(self, trade_id: int, entries: Sequence[_Entry]) -> None:
        for entry in entries:
            if not entry.done.done():
                await self._write_one(trade_id, entry)

    async def _write_one(self, trade_id: int, entry: _Entry) -> None:
        tries = 0
        while not entry.done.done():
            tries += 1
            try:
                await self._write_together(trade_id, [entry])
            except Conflict as error:
                if not entry.is_sure and tries >= TRIES:
                    entry.fail(error)
                await asyncio.sleep(0)
            except Transient as error:
                if not entry.is_sure:
                    entry.fail(error)
                    return
                log.error("trade_unread", trade=trade_id, error=str(error))
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S)) - 1])

    async def _write_together(self, trade_id: int, entries: Sequence[_Entry]) -> None:
        """Fold the steps into one change and store it."""
        is_sure = all(one.is_sure for one in entries)
        recalled = None
        before = held = self.register.get(trade_id)
        if held is None and any(one.is_sure for one in entries):
            before = held = recalled = await self.register.recall(trade_id)
        folded: Change | None = None
        for entry in entries:
            try:
                change = entry.step(held)
            except _OF_A_STEP as error:
                entry.fail(error)
                continue
            if change is not None:
                held = held if entry is entries[-1] else _after(held, change)
                folded = change if folded is None else _joined(folded, change)
        after = before
        if folded is not None:
            store = self.register.commit_surely if is_sure else self.register.commit
            after = await store(folded, recalled)
        for entry in entries:
            entry.succeed(after)


def _after(held: Held | None, change: Change) -> Held:
    """The trade after a change that is not stored: its version is still the stored one, for the next step."""
    trade = replace(change.trade, version=change.trade.version - 1)
    return (held or Held(trade=trade)).after(trade, change.orders)


def _joined(first: Change, second: Change) -> Change:
    orders = {order.id: order for order in (*first.orders, *second.orders)}
    tickets = {ticket.id: ticket for ticket in (*first.tickets, *second.tickets)}
    return Change(
        trade=second.trade,
        key=first.key or second.key,
        orders=tuple(orders.values()),
        fills=(*first.fills, *second.fills),
        entries=(*first.entries, *second.entries),
        pushes=(*first.pushes, *second.pushes),
        tickets=tuple(tickets.values()),
    )
