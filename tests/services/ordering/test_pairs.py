"""Two legs that belong together end even, whatever becomes of either."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from engines.core.side import Direction
from engines.orders.execution import CALLED_BACK, Cancel, Done, Place
from engines.orders.lifecycle import child_id
from engines.orders.naming import first_order, intent_name
from engines.orders.order import ExecutionStyle, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.pair import Even, OnFailure, PairStep, StopLeg, UnwindLeg, Waiting
from ports.books import Conflict
from tests.build.fake_venue import Trouble
from tests.build.live_desk import LiveDesk, a_live_desk

NAME = intent_name("funding", "pair 1")


async def placed(desk: LiveDesk, *, on_failure: OnFailure = OnFailure.UNWIND, **changes: Any) -> None:
    long, short = await desk.trade(Direction.LONG), await desk.trade(Direction.SHORT)
    legs = [(trade, desk.intent(trade, "2", **changes)) for trade in (long, short)]
    await desk.orders.place_pair(NAME, legs, on_failure=on_failure)
    await desk.hear()


async def driven(desk: LiveDesk, rounds: int = 8) -> PairStep:
    """Look at the pair again and again, as time passes."""
    step: PairStep = Waiting()
    for _ in range(rounds):
        step = await desk.orders.pairs.step(NAME)
        await desk.hear()
        await desk.look_up(after_s=2)
    return step


async def net(desk: LiveDesk) -> Decimal:
    """What the desk holds of both legs together."""
    trades = [held.trade for held in desk.orders.register.live()]
    return sum((trade.quantity * trade.direction.sign for trade in trades), Decimal(0))


async def test_both_legs_are_filled() -> None:
    desk = await a_live_desk()
    await placed(desk)
    assert await driven(desk, 1) == Even()
    assert [held.trade.quantity for held in desk.orders.register.live()] == [2, 2]
    assert not desk.findings


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.LOST_BEFORE])
async def test_a_leg_that_fails_takes_the_other_back(trouble: Trouble) -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(trouble)
    await placed(desk)
    desk.clock.move(9)
    with capture_logs() as logs:
        assert await driven(desk) == Even()
    assert await net(desk) == 0
    assert [finding.code for finding in desk.findings] == ["unhedged"]
    told = [line for line in logs if line["event"] == "pair_even"]
    assert told[0]["pair"] == NAME
    assert told[0]["unhedged_s"] >= 9


async def test_a_leg_that_fails_is_completed_where_that_is_wished() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.REFUSED)
    await placed(desk, on_failure=OnFailure.COMPLETE)
    assert await driven(desk) == Even()
    assert sorted(held.trade.quantity for held in desk.orders.register.live()) == [2, 2]


async def test_a_leg_that_is_filled_in_part_is_evened_out() -> None:
    desk = await a_live_desk()
    desk.venue.partial.append(Decimal("0.25"))
    await placed(desk)
    await desk.look_up()
    assert await driven(desk) == Even()
    assert await net(desk) == 0
    assert [held.trade.quantity for held in desk.orders.register.live()] == [Decimal("0.5")] * 2


async def test_an_order_that_is_filled_before_it_is_cancelled_is_a_conflict() -> None:
    desk = await a_live_desk()
    await placed(desk)
    held = desk.orders.register.live()[0]
    seen = replace(held.orders[0], state=OrderState.OPEN)
    with pytest.raises(Conflict):
        await desk.orders.sending.cancel(seen)
    assert desk.orders.register.find(seen.id) == held.orders[0]


async def test_nothing_is_decided_while_nobody_knows() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.LOST_AFTER)
    desk.venue.on_read.extend([Trouble.BUSY] * 3)
    await placed(desk)
    desk.venue.stream.clear()
    assert len(desk.venue.submits) == 2
    await driven(desk)
    assert len(desk.venue.submits) == 2
    assert await net(desk) == 0


async def test_a_desk_killed_between_the_legs_takes_the_first_back() -> None:
    desk = await a_live_desk()
    trade = await desk.trade()
    await desk.orders.place(trade, [desk.intent(trade, "2", id=NAME + "a")])
    desk = await a_live_desk(books=desk.books, venue=desk.venue)
    await desk.orders.returning.recover("bybit")
    await driven(desk)
    assert await net(desk) == 0
    assert [one.state for one in await desk.all_orders(trade)] == [OrderState.FILLED] * 2


async def test_what_others_have_closed_is_not_taken_back() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.REFUSED)
    await placed(desk)
    [held] = [held for held in desk.orders.register.live() if held.trade.quantity]
    await desk.orders.place(held.trade, [desk.intent(held.trade, "2", is_exit=True)])
    await desk.hear()
    sent = len(desk.venue.submits)
    await driven(desk, 3)
    assert await net(desk) == 0
    assert len(desk.venue.submits) == sent
    assert await desk.orders.pairs.step(NAME) == Even()


async def test_a_venue_that_takes_nothing_back_is_asked_less_and_less() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.REFUSED)
    await placed(desk)
    desk.venue.on_submit.extend([Trouble.REFUSED] * 50)
    for _ in range(30):
        await desk.orders.pairs.step(NAME)
        await desk.hear()
        desk.clock.move(1)
    assert 3 <= 50 - len(desk.venue.on_submit) <= 5


async def with_one_maker(desk: LiveDesk) -> Order:
    """The first leg is filled, the maker of the second still rests."""
    await placed(desk, style=ExecutionStyle.MAKER_THEN_MARKET)
    desk.venue.fill(first_order(NAME + "a"))
    await desk.hear()
    return maker_of(desk)


def maker_of(desk: LiveDesk) -> Order:
    maker = desk.orders.register.find(first_order(NAME + "b"))
    assert maker is not None
    return maker


async def with_a_gap(desk: LiveDesk) -> Order:
    """The maker of the second leg was cancelled; what it left over is about to go to the market."""
    maker = await with_one_maker(desk)
    desk.clock.move(6)
    assert isinstance(await desk.orders.runner.step(maker.intent.trade_id, maker.intent.id), Cancel)
    await desk.hear()
    await desk.look_up(2)
    return maker_of(desk)


async def test_a_leg_between_its_maker_and_the_market_is_not_over() -> None:
    desk = await a_live_desk()
    maker = await with_a_gap(desk)
    assert maker.state is OrderState.CANCELED
    assert await desk.orders.pairs.step(NAME) == Waiting()
    desk.clock.move(1)
    assert isinstance(await desk.orders.runner.step(maker.intent.trade_id, maker.intent.id), Place)
    await desk.hear()
    assert await desk.orders.pairs.step(NAME) == Even()
    assert [held.trade.quantity for held in desk.orders.register.live()] == [2, 2]


async def test_a_leg_that_is_stopped_between_its_orders_sends_nothing_more() -> None:
    desk = await a_live_desk()
    maker = await with_a_gap(desk)
    desk.clock.move(9)
    assert await desk.orders.pairs.step(NAME) == StopLeg(intent_id=f"{NAME}b")
    assert maker_of(desk).reason == CALLED_BACK
    assert isinstance(await desk.orders.runner.step(maker.intent.trade_id, maker.intent.id), Done)
    assert await desk.orders.pairs.step(NAME) == UnwindLeg(intent_id=f"{NAME}a", quantity=Decimal(2))
    await desk.hear()
    assert await net(desk) == 0
    assert len(desk.venue.submits) == 3


async def test_an_order_that_is_being_written_down_as_its_leg_is_stopped_never_leaves() -> None:
    desk = await a_live_desk()
    maker = await with_a_gap(desk)
    desk.clock.move(9)
    held = desk.orders.register.get(maker.intent.trade_id)
    assert held is not None
    assert await desk.orders.pairs.step(NAME) == StopLeg(intent_id=f"{NAME}b")
    await desk.orders.placing.child(held.trade, maker.intent, Terms.of(maker.intent))
    last = (await desk.books.orders(maker.intent.trade_id))[-1]
    assert (last.id, last.state, last.reason) == (child_id(NAME + "b", 2), OrderState.CANCELED, CALLED_BACK)
    assert len(desk.venue.submits) == 2


async def test_a_resting_leg_that_is_stopped_late_sends_nothing_more() -> None:
    desk = await a_live_desk()
    maker = await with_one_maker(desk)
    await desk.orders.pairs.step(NAME)
    desk.clock.move(11)
    assert await desk.orders.pairs.step(NAME) == StopLeg(intent_id=f"{NAME}b")
    await desk.hear()
    await desk.look_up(2)
    assert isinstance(await desk.orders.runner.step(maker.intent.trade_id, maker.intent.id), Done)
    assert await driven(desk) == Even()
    assert await net(desk) == 0
    assert len(desk.venue.submits) == 3


async def test_a_leg_that_is_about_to_be_sent_again_is_not_taken_for_over() -> None:
    desk = await a_live_desk()
    desk.venue.on_submit.append(Trouble.BUSY)
    await placed(desk)
    first = desk.orders.register.find(first_order(NAME + "a"))
    assert first is not None
    assert first.state is OrderState.ABSENT
    assert await desk.orders.pairs.step(NAME) == Waiting()
    desk.clock.move(2)
    assert isinstance(await desk.orders.runner.step(first.intent.trade_id, first.intent.id), Place)
    await desk.hear()
    assert await desk.orders.pairs.step(NAME) == Even()
    assert [held.trade.quantity for held in desk.orders.register.live()] == [2, 2]


async def test_an_exit_that_the_market_calls_for_leaves_though_one_was_called_back() -> None:
    desk = await a_live_desk()
    trade = await desk.place("2")
    terms = {"kind": OrderKind.LIMIT, "limit_price": Decimal(105)}
    stop = desk.intent(trade, "2", is_exit=True, **terms)
    stop = replace(stop, purpose=Purpose.STOP)
    await desk.orders.place(trade, [stop])
    await desk.hear()
    await desk.orders.cancel(first_order(stop.id))
    await desk.hear()
    await desk.look_up(2)
    trade = await desk.see(trade)
    await desk.orders.placing.child(trade, stop, Terms(quantity=Decimal(2), kind=OrderKind.MARKET))
    await desk.hear()
    assert (await desk.see(trade)).quantity == 0
