"""What the venue tells, what it forgot to tell, and what is not ours."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engines.orders.execution import Wait
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Order, OrderKind, OrderState
from engines.orders.trade import TradeState
from engines.risk.latch import Cause
from ports.errors import Rejected, Transient
from ports.venue_books import StreamState, VenueOrder, VenueOrderState, VenueReport
from tests.build.books import MemoryBooks
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.live_desk import LiveDesk, a_live_desk

LIMIT: dict[str, Any] = {"kind": OrderKind.LIMIT, "limit_price": Decimal(99)}


async def resting(desk: LiveDesk, quantity: str = "1") -> str:
    """A bid below the market; its id."""
    trade = await desk.place(quantity, **LIMIT)
    orders = await desk.all_orders(trade)
    return orders[-1].id


async def test_what_the_stream_missed_is_read_again() -> None:
    desk = await a_live_desk()
    order_id = await resting(desk)
    desk.venue.fill(order_id, "0.4")
    desk.venue.stream.clear()
    desk.orders.hearing.hear("bybit", StreamState.UP)
    await desk.orders.hearing.repair("bybit")
    assert desk.orders.register.live()[0].trade.quantity == Decimal("0.4")


async def test_it_is_told_how_each_account_is_heard_and_what_waits_there() -> None:
    desk = await a_live_desk()
    hearing = desk.orders.hearing
    assert [(one.is_ok, one.code) for one in hearing.health()] == [(True, "waiting")]
    hearing.hear("bybit", StreamState.UP)
    desk.venue.queued = 3
    [told] = hearing.health()
    assert (told.name, told.is_ok, told.code, told.params) == (
        "bybit_account",
        True,
        "streaming",
        {"queued": 3},
    )
    hearing.hear("bybit", StreamState.DOWN)
    assert [(one.is_ok, one.code) for one in hearing.health()] == [(False, "failing")]


class Refusing(FakeVenue):
    """Its private stream does not take our key."""

    async def watch(self, tell: Callable[[VenueReport], None]) -> None:
        raise Rejected("bybit: the private stream refused the key")


async def test_a_stream_that_refuses_the_key_does_not_end_the_road_of_the_others() -> None:
    desk = await a_live_desk()
    hearing, is_down = desk.orders.hearing, asyncio.Event()
    hearing.books = {"bybit": Refusing(clock=desk.clock)}
    hearing.listeners.append(lambda account, report: is_down.set())
    following = asyncio.create_task(hearing.follow("bybit"))
    await is_down.wait()
    await asyncio.sleep(0)
    assert not following.done()
    assert hearing.up == {"bybit": False}
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_an_order_that_is_not_there_any_more_is_found_out_by_comparing() -> None:
    desk = await a_live_desk()
    order_id = await resting(desk)
    desk.venue.end(order_id, reason="by hand")
    desk.venue.stream.clear()
    desk.clock.move(1)
    await desk.orders.hearing.compare("bybit")
    await desk.look_up()
    order = await desk.books.order(order_id)
    assert order is not None
    assert (order.state, order.reason) == (OrderState.CANCELED, "by hand")


async def test_ours_by_name_but_not_in_the_books_is_canceled() -> None:
    desk = await a_live_desk()
    known = desk.venue.orders[await resting(desk)]
    lost = f"{intent_name('manual', 'of another life')}-1"
    desk.venue.orders[lost] = replace(known, client_id=lost, venue_id="v99")
    await desk.orders.hearing.compare("bybit")
    assert desk.venue.orders[lost].state is VenueOrderState.CANCELED
    assert desk.venue.orders[known.client_id].state is VenueOrderState.OPEN
    assert [finding.code for finding in desk.findings] == ["orphan_canceled"]


async def test_a_strangers_order_is_told_of_once_and_left_alone() -> None:
    desk = await a_live_desk()
    known = desk.venue.orders[await resting(desk)]
    desk.venue.orders["x"] = replace(known, client_id="", venue_id="v99")
    for _ in range(3):
        await desk.orders.hearing.compare("bybit")
    assert [finding.code for finding in desk.findings] == ["foreign_order"]
    assert desk.venue.orders["x"].state is VenueOrderState.OPEN


async def test_an_order_taken_for_absent_that_turns_up_is_called_off_and_its_fills_count() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place(is_heard=False, **LIMIT)
    await desk.look_up(9)
    [absent] = await desk.all_orders(trade)
    assert absent.state is OrderState.ABSENT
    await desk.venue.submit(absent, trade.direction)
    desk.venue.fill(absent.id, "0.3")
    await desk.hear()
    await desk.look_up(2)
    await desk.hear()
    [found] = await desk.all_orders(trade)
    assert (found.filled, found.has_late_fill) == (Decimal("0.3"), True)
    assert desk.venue.orders[absent.id].state is VenueOrderState.CANCELED
    assert (await desk.see(trade)).quantity == Decimal("0.3")


async def test_a_fill_that_is_told_after_the_trade_was_over_still_counts() -> None:
    desk = await a_live_desk()
    order_id = await resting(desk)
    desk.venue.stream.clear()
    desk.venue.end(order_id)
    await desk.orders.cancel(order_id)
    await desk.look_up(2)
    desk.venue.orders[order_id] = replace(desk.venue.orders[order_id], state=VenueOrderState.OPEN)
    assert not desk.orders.register.live()
    desk.venue.stream.clear()
    desk.venue.fill(order_id, "0.2")
    desk.orders.hearing.hear("bybit", desk.venue.executed[-1])
    await desk.orders.hearing.work_off()
    [held] = desk.orders.register.live()
    assert (held.trade.state, held.trade.quantity) == (TradeState.OPEN, Decimal("0.2"))


async def test_entries_are_latched_until_an_account_is_recovered() -> None:
    desk = await a_live_desk()
    assert desk.breakers.pulled["starting:bybit"].cause is Cause.STARTING
    desk.venue.on_read.append(Trouble.BUSY)
    assert not await desk.orders.returning.recover("bybit")
    assert await desk.orders.returning.recover("bybit")


async def test_too_much_doubt_for_too_long_stops_entries_until_it_is_over() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_AFTER)
    await desk.place(is_heard=False)
    desk.venue.on_read.extend([Trouble.BUSY] * 40)
    await desk.look_up(35)
    assert desk.breakers.pulled["unresolved:bybit"].cause is Cause.UNRESOLVED
    desk.venue.on_read.clear()
    await desk.look_up(2)
    assert "unresolved:bybit" not in desk.breakers.pulled


async def test_a_style_waits_for_the_recovery_and_then_goes_on() -> None:
    desk = await a_live_desk()
    trade = await desk.place(style=ExecutionStyle.MAKER_THEN_MARKET)
    [maker] = await desk.all_orders(trade)
    desk.venue.end(maker.id)
    desk.clock.move(8)
    desk.venue.on_read.append(Trouble.BUSY)
    desk = await a_live_desk(books=desk.books, venue=desk.venue)
    assert isinstance(await desk.orders.runner.step(trade.id, maker.intent.id), Wait)
    assert await desk.orders.returning.recover("bybit")
    desk.clock.move(1)
    await desk.orders.runner.step(trade.id, maker.intent.id)
    await desk.hear()
    assert (await desk.see(trade)).quantity == 1


class LockedBooks(MemoryBooks):
    """Books that answer no question about a single order while they are locked."""

    is_locked = False

    async def order(self, order_id: str) -> Order | None:
        if self.is_locked:
            raise Transient("locked", kind="database")
        return await MemoryBooks.order(self, order_id)


async def test_a_locked_database_ends_neither_hearing_nor_looking_up() -> None:
    books = LockedBooks()
    desk = await a_live_desk(books=books)
    mine = await resting(desk)
    known = desk.venue.orders[mine]
    stranger = replace(known, client_id="somebody-else", venue_id="foreign")
    books.is_locked = True
    hearing = asyncio.create_task(desk.orders.hearing.run())
    desk.orders.hearing.hear("bybit", stranger)
    for _ in range(10):
        await asyncio.sleep(0)
    desk.venue.fill(mine, "0.4")
    for report in desk.venue.stream:
        desk.orders.hearing.hear("bybit", report)
    for _ in range(50):
        await asyncio.sleep(0)

    assert not hearing.done()
    assert desk.orders.register.live()[0].trade.quantity == Decimal("0.4")
    hearing.cancel()

    [order] = desk.orders.register.working("bybit")
    desk.orders.resolver.doubt(replace(order, id="ppgone-1"))
    await desk.look_up()
    assert desk.orders.resolver.doubted("bybit") == 1
    books.is_locked = False
    await desk.look_up()
    assert desk.orders.resolver.doubted("bybit") == 0


async def test_what_a_long_outage_began_with_is_read_again_although_rest_answered_meanwhile() -> None:
    """A liquidation in the first minute, a fill of ours found by comparing in the twentieth."""
    desk = await a_live_desk()
    hearing, mine = desk.orders.hearing, await resting(desk)
    hearing.hear("bybit", StreamState.UP)
    await hearing.repair("bybit")
    hearing.hear("bybit", StreamState.DOWN)
    desk.clock.move(60)
    desk.venue.fill(mine, "0.1")
    foreign = replace(
        desk.venue.executed[-1], id="liq", client_id="", venue_order_id="v99", at=desk.clock.now()
    )
    desk.venue.executed.append(foreign)
    desk.clock.move(1200)
    desk.venue.fill(mine, "0.2")
    desk.venue.stream.clear()
    await hearing.compare("bybit")
    await desk.look_up()
    hearing.hear("bybit", StreamState.UP)
    await hearing.repair("bybit")
    assert [finding.code for finding in desk.findings] == ["foreign_fill"]


async def an_amended(desk: LiveDesk) -> tuple[str, VenueOrder]:
    """An order at 99 that was moved to 98 a second later, and how the venue told of it before."""
    order_id = await resting(desk)
    before, order = desk.venue.orders[order_id], await desk.books.order(order_id)
    assert order is not None
    desk.clock.move(1)
    await desk.orders.sending.amend(order, replace(order.terms, limit_price=Decimal(98)))
    return order_id, before


async def test_what_the_venue_said_before_our_own_change_does_not_undo_it() -> None:
    desk = await a_live_desk()
    order_id, before = await an_amended(desk)
    desk.venue.stream.clear()
    desk.orders.hearing.hear("bybit", before)
    await desk.orders.hearing.work_off()
    order = await desk.books.order(order_id)
    assert order is not None
    assert order.terms.limit_price == 98


async def test_what_the_venue_still_says_a_while_after_our_own_change_is_believed() -> None:
    desk = await a_live_desk()
    order_id, before = await an_amended(desk)
    desk.venue.orders[order_id] = before
    desk.clock.move(30)
    await desk.orders.hearing.compare("bybit")
    order = await desk.books.order(order_id)
    assert order is not None
    assert order.terms.limit_price == 99
