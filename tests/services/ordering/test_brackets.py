"""Stops and targets of the desk rest at the venue, for exactly what is held."""

from dataclasses import replace
from decimal import Decimal

from engines.orders.order import Order, OrderKind, OrderState, Purpose
from engines.orders.trade import Target, Trade
from ports.venue_books import VenueOrderState
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LiveDesk, a_live_desk


async def protected(desk: LiveDesk, quantity: str = "1", **levels: object) -> Trade:
    """A filled long with a stop at 95, unless told otherwise."""
    usual: dict[str, object] = {"stop": Decimal(95)}
    trade = replace(await desk.trade(), **(usual | levels))  # type: ignore[arg-type]  # fields of a trade
    await desk.orders.place(trade, [desk.intent(trade, quantity)])
    await desk.hear()
    await tended(desk, trade)
    return await desk.see(trade)


async def tended(desk: LiveDesk, trade: Trade) -> None:
    for _ in range(3):
        await desk.orders.brackets.tend(trade.id)
        await desk.hear()


async def resting(desk: LiveDesk, purpose: Purpose = Purpose.STOP) -> list[Order]:
    trade = desk.orders.register.live()[0].trade
    orders = await desk.all_orders(trade)
    return [one for one in orders if one.intent.purpose is purpose and one.state is OrderState.OPEN]


async def test_a_stop_sleeps_at_the_venue_after_the_fill() -> None:
    desk = await a_live_desk()
    await protected(desk)
    [stop] = await resting(desk)
    there = desk.venue.orders[stop.id]
    assert (there.trigger_price, there.quantity, there.is_reduce_only) == (Decimal(95), Decimal(1), True)


async def test_more_of_the_position_is_protected_too_and_less_of_it_less() -> None:
    desk = await a_live_desk()
    trade = await protected(desk)
    await desk.orders.place(trade, [desk.intent(trade, "2")])
    await desk.hear()
    await tended(desk, trade)
    assert sum(one.left for one in await resting(desk)) == 3
    await desk.orders.place(trade, [desk.intent(trade, "2.5", is_exit=True)])
    await desk.hear()
    await tended(desk, trade)
    assert sum(one.left for one in await resting(desk)) == Decimal("0.5")
    assert len(desk.orders.register.live()) == 1


async def test_a_stop_that_is_moved_moves_at_the_venue() -> None:
    desk = await a_live_desk()
    trade = await protected(desk)
    await desk.orders.place(replace(trade, stop=Decimal(98)), [], is_exact=True)
    await tended(desk, trade)
    [stop] = await resting(desk)
    assert desk.venue.orders[stop.id].trigger_price == 98


async def test_targets_rest_as_limits_and_take_their_part_of_the_stop_with_them() -> None:
    desk = await a_live_desk()
    aims = (
        Target(price=Decimal(110), share=Decimal("0.5")),
        Target(price=Decimal(120), share=Decimal("0.5")),
    )
    trade = await protected(desk, "2", targets=aims)
    first, second = await resting(desk, Purpose.TARGET)
    assert [(one.terms.limit_price, one.left) for one in (first, second)] == [
        (Decimal(110), Decimal(1)),
        (Decimal(120), Decimal(1)),
    ]
    desk.venue.fill(first.id)
    await desk.hear()
    await tended(desk, trade)
    [stop] = await resting(desk)
    assert stop.left == 1
    assert [one.id for one in await resting(desk, Purpose.TARGET)] == [second.id]


async def test_when_the_position_is_gone_nothing_is_left_there() -> None:
    desk = await a_live_desk()
    trade = await protected(desk, targets=(Target(price=Decimal(110), share=Decimal(1)),))
    await desk.orders.place(trade, [desk.intent(trade, is_exit=True)])
    await desk.hear()
    await tended(desk, trade)
    await desk.look_up(3)
    left = [one for one in desk.venue.orders.values() if one.state is VenueOrderState.OPEN]
    assert left == []


async def test_a_stop_that_the_venue_refuses_is_told_and_tried_again() -> None:
    desk = await a_live_desk()
    trade = replace(await desk.trade(), stop=Decimal(95))
    await desk.orders.place(trade, [desk.intent(trade)])
    await desk.hear()
    desk.venue.on_submit.append(Trouble.REFUSED)
    assert not await desk.orders.brackets.tend(trade.id)
    assert [finding.code for finding in desk.findings] == ["unprotected"]
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert not desk.orders.is_seen_to(held, Purpose.STOP)
    desk.clock.move(6)
    await tended(desk, trade)
    assert len(await resting(desk)) == 1


async def test_a_protection_whose_answer_is_lost_is_not_doubled() -> None:
    desk = await a_live_desk()
    trade = replace(await desk.trade(), stop=Decimal(95))
    await desk.orders.place(trade, [desk.intent(trade)])
    await desk.hear()
    desk.venue.on_submit.append(Trouble.LOST_AFTER)
    await desk.orders.brackets.tend(trade.id)
    desk.venue.stream.clear()
    await desk.orders.brackets.tend(trade.id)
    await desk.look_up()
    await tended(desk, trade)
    stops = [one for one in desk.venue.orders.values() if one.kind is OrderKind.MARKET and one.trigger_price]
    assert len(stops) == 1


async def test_a_stop_that_trails_follows_at_the_venue_and_is_the_desks_own_until_then() -> None:
    desk = await a_live_desk()
    trade = await protected(desk, trail_distance=Decimal(5))
    held = desk.orders.register.get(trade.id)
    assert held is not None
    assert desk.orders.is_seen_to(held, Purpose.TRAIL)
    desk.orders.register.see(replace(held.trade, stop=Decimal(99)))
    trailed = desk.orders.register.get(trade.id)
    assert trailed is not None
    assert not desk.orders.is_seen_to(trailed, Purpose.TRAIL)
    await tended(desk, trade)
    [stop] = await resting(desk)
    assert desk.venue.orders[stop.id].trigger_price == 99
