"""The desk's orders at a venue where everything can go wrong: nothing is sent twice, lost or doubled."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.order import OrderKind, OrderState
from engines.orders.trade import Trade, TradeState
from engines.risk.latch import Cause
from ports.books import Change, Conflict
from tests.build.books import MemoryBooks
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LiveDesk, a_live_desk


async def states(desk: LiveDesk, trade: Trade) -> list[OrderState]:
    return [order.state for order in await desk.all_orders(trade)]


async def test_an_order_is_filled_and_booked() -> None:
    desk = await a_live_desk()
    trade = await desk.place("2")
    assert (trade.state, trade.quantity, trade.entry_price) == (
        TradeState.OPEN,
        Decimal(2),
        Decimal("100.1"),
    )
    assert trade.fees == Decimal("0.01")
    assert await states(desk, trade) == [OrderState.FILLED]


async def test_an_answer_that_was_lost_is_looked_up_and_never_sent_again() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_AFTER)
    trade = await desk.place(is_heard=False)
    assert await states(desk, trade) == [OrderState.UNKNOWN]
    await desk.look_up()
    assert await states(desk, trade) == [OrderState.FILLED]
    assert (await desk.see(trade)).quantity == 1
    assert len(desk.venue.submits) == 1


async def test_absent_takes_the_requests_expiry_and_two_empty_look_ups() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(is_heard=False)
    for _ in range(5):
        await desk.look_up()
        assert await states(desk, trade) == [OrderState.UNKNOWN]
    await desk.look_up(after_s=2)
    assert await states(desk, trade) == [OrderState.UNKNOWN]
    await desk.look_up()
    assert await states(desk, trade) == [OrderState.ABSENT]
    assert len(desk.venue.submits) == 1


async def test_what_the_venue_never_had_is_sent_again_as_another_child() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(is_heard=False)
    await desk.look_up(9)
    [absent] = await desk.all_orders(trade)
    desk.clock.move(2)
    await desk.orders.runner.step(trade.id, absent.intent.id)
    await desk.hear()
    assert await states(desk, trade) == [OrderState.ABSENT, OrderState.FILLED]
    assert len(set(desk.venue.submits)) == len(desk.venue.submits) == 2


async def test_a_refusal_is_final() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.REFUSED)
    trade = await desk.place()
    [order] = await desk.all_orders(trade)
    assert (order.state, order.reason) == (OrderState.REJECTED, "insufficient_funds")
    assert (await desk.see(trade)).state is TradeState.CANCELED


async def test_reports_that_come_twice_and_backwards_count_once() -> None:
    desk = await a_live_desk()
    trade = await desk.place("3", is_heard=False)
    told, desk.venue.stream = desk.venue.stream, []
    for report in [*reversed(told), *told]:
        desk.orders.hearing.hear("bybit", report)
        await desk.orders.hearing.work_off()
    after = await desk.see(trade)
    assert (after.quantity, after.fees) == (Decimal(3), Decimal("0.01"))
    assert len(await desk.books.fills(trade.owner)) == 1


async def test_a_cancel_with_nothing_filled_is_confirmed_before_it_is_believed() -> None:
    desk = await a_live_desk()
    trade = await desk.place(limit_price=Decimal(99), kind=OrderKind.LIMIT)
    [order] = await desk.all_orders(trade)
    desk.venue.fill(order.id, "0.4")
    late = desk.venue.stream.pop(0)
    desk.venue.stream.clear()
    await desk.orders.cancel(order.id)
    desk.venue.stream[-1] = replace(desk.venue.orders[order.id], filled=Decimal(0))  # which is not true
    await desk.hear()
    assert await states(desk, trade) == [OrderState.CANCEL_PENDING]
    await desk.look_up()
    assert await states(desk, trade) == [OrderState.CANCELED]
    assert (await desk.see(trade)).quantity == Decimal("0.4")
    desk.orders.hearing.hear("bybit", late)
    await desk.orders.hearing.work_off()
    assert (await desk.see(trade)).quantity == Decimal("0.4")


async def test_more_than_the_order_asked_for_is_refused_and_stops_the_engine() -> None:
    desk = await a_live_desk()
    trade = await desk.place()
    fill = desk.venue.executed[0]
    desk.orders.hearing.hear("bybit", replace(fill, id="again"))
    await desk.orders.hearing.work_off()
    assert (await desk.see(trade)).quantity == 1
    assert desk.breakers.pulled["invariant:manual:bybit"].cause is Cause.INVARIANT
    assert [finding.code for finding in desk.findings] == ["overfill"]


async def test_a_thousand_orders_are_in_flight_at_once() -> None:
    desk = await a_live_desk()
    desk.venue.slow = asyncio.Event()
    trade = await desk.trade()
    placed = [
        asyncio.create_task(desk.orders.place(trade, [desk.intent(trade, "0.001")])) for _ in range(1000)
    ]
    async with asyncio.timeout(20):
        while len(desk.venue.submits) < 1000:
            await asyncio.sleep(0.01)
    desk.venue.slow.set()
    await asyncio.gather(*placed)
    await desk.hear()
    assert (await desk.see(trade)).quantity == 1
    assert len(set(desk.venue.submits)) == 1000


async def test_a_request_that_waits_for_its_turn_is_not_absent_because_its_cancel_was_answered() -> None:
    desk = await a_live_desk()
    desk.venue.slow = asyncio.Event()
    trade = await desk.trade()
    intent = desk.intent(trade, kind=OrderKind.LIMIT, limit_price=Decimal(99))
    placing = asyncio.create_task(desk.orders.place(trade, [intent]))
    while not desk.venue.submits:
        await asyncio.sleep(0)
    await desk.orders.cancel(desk.venue.submits[0])

    await desk.look_up(9)

    assert await states(desk, trade) == [OrderState.CANCEL_PENDING]
    desk.venue.slow.set()
    await placing
    await desk.look_up(3)
    assert await states(desk, trade) == [OrderState.CANCELED]


class SlowBooks(MemoryBooks):
    """Books whose answer takes a while."""

    async def by_intent(self, intent_id: str) -> Trade | None:
        found = await MemoryBooks.by_intent(self, intent_id)
        await asyncio.sleep(0)
        return found


class StuckBooks(MemoryBooks):
    """Books that take a change only once they may."""

    may: asyncio.Event | None = None

    async def commit(self, change: Change) -> None:
        if self.may is not None:
            await self.may.wait()
        await MemoryBooks.commit(self, change)


async def test_an_order_that_is_still_being_written_down_is_not_absent() -> None:
    books = StuckBooks()
    desk = await a_live_desk(books=books)
    trade = await desk.trade()
    books.may = asyncio.Event()
    placing = asyncio.create_task(desk.orders.place(trade, [desk.intent(trade)]))
    while not desk.orders.register.working("bybit"):
        await asyncio.sleep(0)
    desk.orders.resolver.doubt(desk.orders.register.working("bybit")[0])
    for _ in range(9):
        desk.clock.move(1)
        looking = asyncio.create_task(desk.orders.resolver.round("bybit"))
        for _ in range(20):
            await asyncio.sleep(0)

    books.may.set()
    await asyncio.gather(placing, looking)
    await desk.hear()
    await desk.look_up(3)

    [order] = await desk.all_orders(trade)
    assert (order.state, order.has_late_fill) == (OrderState.FILLED, False)


async def test_two_who_place_the_same_intent_at_once_send_it_once() -> None:
    desk = await a_live_desk(books=SlowBooks())
    trade = await desk.trade()
    intent = desk.intent(trade)

    await asyncio.gather(*(desk.orders.place(trade, [intent]) for _ in range(2)))
    await desk.hear()

    assert len(desk.venue.submits) == 1
    assert (await desk.see(trade)).quantity == 1


class Interrupting(MemoryBooks):
    """Books over which others change the trade `times` before a change of ours comes through."""

    times = 0

    async def commit(self, change: Change) -> None:
        if self.times and any(one.state is OrderState.CANCEL_PENDING for one in change.orders):
            self.times -= 1
            raise Conflict("others were faster")
        await MemoryBooks.commit(self, change)


@pytest.mark.parametrize("times", [3, 7])
async def test_a_cancel_is_tried_again_while_the_trade_changes_under_it(times: int) -> None:
    books = Interrupting()
    desk = await a_live_desk(books=books)
    trade = await desk.place(kind=OrderKind.LIMIT, limit_price=Decimal(99))
    [order] = await desk.all_orders(trade)
    books.times = times
    await desk.orders.cancel(order.id)
    await desk.hear()
    await desk.look_up(2)
    assert await states(desk, trade) == [OrderState.CANCELED]
