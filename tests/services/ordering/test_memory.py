"""A position that lives for months has thousands of orders; few of them stay in memory."""

from dataclasses import replace
from decimal import Decimal

from engines.orders.memory import KEPT_FOR, KEPT_ORDERS
from engines.orders.order import OrderKind, OrderState
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LiveDesk, a_live_desk

MANY = 2 * KEPT_ORDERS + 10


async def a_long_life(desk: LiveDesk) -> list[str]:
    """A resting purchase, then more orders than are kept, filled one after the other; their names."""
    trade = await desk.place("0.5", kind=OrderKind.LIMIT, limit_price=Decimal(90))
    for _ in range(MANY):
        desk.clock.move(60)
        await desk.place("0.001")
    return [order.id for order in await desk.all_orders(trade)]


async def test_only_what_is_over_for_long_is_forgotten() -> None:
    desk = await a_live_desk()
    resting, first, *_, last = await a_long_life(desk)
    register = desk.orders.register
    [held] = register.live()
    assert len(held.by_id) <= 2 * KEPT_ORDERS
    assert (register.find(first), held.next_number) == (None, MANY + 2)
    assert [order.id for order in register.working("bybit")] == [resting]
    assert register.find(last) is not None
    assert held.trade.quantity == MANY * Decimal("0.001")


async def test_a_restart_remembers_as_much_and_counts_on() -> None:
    desk = await a_live_desk()
    resting, first, *_ = await a_long_life(desk)
    again = await a_live_desk(books=desk.books, venue=desk.venue)
    [held] = again.orders.register.live()
    assert (again.orders.register.find(first), held.next_number) == (None, MANY + 2)
    assert resting in held.by_id


async def test_what_is_told_late_of_a_forgotten_order_is_booked() -> None:
    desk = await a_live_desk()
    desk.venue.partial.append(Decimal("0.4"))
    trade = await desk.place("1")
    [short] = await desk.all_orders(trade)
    late = replace(desk.venue.executed[0], id="late", quantity=Decimal("0.2"))
    await a_long_life(desk)
    assert desk.orders.register.find(short.id) is None
    desk.orders.hearing.hear("bybit", late)
    await desk.orders.hearing.work_off()
    assert (await desk.see(trade)).quantity == Decimal("0.6") + MANY * Decimal("0.001")
    found = desk.orders.register.find(short.id)
    assert found is not None
    assert found.filled == Decimal("0.6")
    [held] = desk.orders.register.live()
    assert held.next_number == MANY + 3


async def test_an_intent_that_may_go_on_is_kept() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    trade = await desk.place("1", is_heard=False)
    await desk.look_up(9)
    [absent] = await desk.all_orders(trade)
    assert absent.state is OrderState.ABSENT
    await a_long_life(desk)
    assert desk.orders.register.find(absent.id) is not None
    assert desk.clock.now() - absent.updated_at > KEPT_FOR
