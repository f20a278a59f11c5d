"""The paper venue: fills by the book as it is, what was taken stays taken, nothing without a fresh book."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.venue import PaperVenue
from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.move import Move
from engines.core.side import Direction, Side
from engines.orders.lifecycle import apply
from engines.orders.order import (
    Canceled,
    Expired,
    Fill,
    Filled,
    Liquidity,
    Opened,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    Purpose,
    QueueMoved,
    VenueRejected,
)
from engines.simulate.costs import Fees
from ports.errors import Stale, Transient
from tests.build.clock import NOON, HandClock
from tests.build.markets import FakeMarketSource, a_perp
from tests.build.trades import an_intent, an_order

BTC = a_perp(tick=Decimal("0.1"), lot=Decimal("0.001"))
FEES = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))


def levels(*pairs: tuple[str, str]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(size)) for price, size in pairs)


BOOK = Depth(
    symbol="BTCUSDT",
    bids=levels(("99.9", "1"), ("99", "2")),
    asks=levels(("100", "1"), ("101", "2")),
    at=NOON,
)


class Desk:
    """A venue over one book."""

    def __init__(self, book: Depth = BOOK, *, latency_s: float = 0.0) -> None:
        self.clock = HandClock()
        self.source = FakeMarketSource(perps=[BTC])
        self.source.books[MarketKind.PERP, "BTCUSDT"] = book
        self.venue = PaperVenue(self.source, self.clock, FEES, latency_s=latency_s, stale_after_s=30)

    async def fills(self, order: Order) -> list[tuple[Decimal, Decimal]]:
        return [
            (fill.price, fill.quantity) for fill in filled(await self.venue.submit(order, Direction.LONG))
        ]


def sent(quantity: str = "1", **fields: Any) -> Order:
    usual: dict[str, Any] = {"instrument": BTC, "quantity": Decimal(quantity), "expires_at": None}
    return an_order(an_intent(**usual | fields), state=OrderState.SENT)


def filled(events: Sequence[OrderEvent]) -> list[Fill]:
    return [event.fill for event in events if isinstance(event, Filled)]


async def test_a_market_order_takes_level_by_level_as_taker() -> None:
    first, second = filled(await Desk().venue.submit(sent("1.5"), Direction.LONG))
    assert (first.price, first.quantity, first.fee) == (Decimal(100), Decimal(1), Decimal("0.055"))
    assert (second.price, second.quantity) == (Decimal(101), Decimal("0.5"))
    assert {first.liquidity, second.liquidity} == {Liquidity.TAKER}
    assert first.id != second.id


async def test_what_one_has_taken_the_next_does_not_get() -> None:
    desk = Desk()
    assert await desk.fills(sent("1")) == [(Decimal(100), Decimal(1))]
    other = sent("1", intent_id="t2-e", owner=12, trade_id=2)
    assert await desk.fills(other) == [(Decimal(101), Decimal(1))]


async def test_the_rest_that_finds_no_depth_is_gone() -> None:
    events = await Desk().venue.submit(sent("9"), Direction.LONG)
    assert sum(fill.quantity for fill in filled(events)) == 3
    assert isinstance(events[-1], Canceled)
    assert events[-1].reason == "no_depth"


async def test_what_is_not_wanted_any_more_once_the_book_has_come_does_not_meet_it() -> None:
    desk, end = Desk(), Canceled(at=NOON)
    events = await desk.venue.submit(sent("1"), Direction.LONG, lambda: end if desk.source.asked else None)
    assert events == [end]
    assert await desk.fills(sent("1")) == [(Decimal(100), Decimal(1))]


async def test_no_fill_is_worse_than_the_worst_price() -> None:
    assert await Desk().fills(sent("2", worst_price=Decimal("100.5"))) == [(Decimal(100), Decimal(1))]


async def test_no_more_is_spent_than_was_found_free() -> None:
    """A short that is filled higher than expected would need more margin than there is."""
    desk = Desk()
    order = sent("2", side=Side.SELL, most_cost=Decimal(150))
    events = await desk.venue.submit(order, Direction.LONG)
    assert [(fill.price, fill.quantity) for fill in filled(events)] == [
        (Decimal("99.9"), Decimal(1)),
        (Decimal(99), Decimal("0.506")),
    ]
    assert sum(fill.price * fill.quantity for fill in filled(events)) <= 150
    assert isinstance(events[-1], Canceled)
    assert events[-1].reason == "too_dear"


async def test_a_triggered_exit_meets_the_book_moved_to_its_trigger() -> None:
    order = sent("1.5", side=Side.SELL, trigger_price=Decimal(90), reduce_only=True, purpose=Purpose.STOP)
    assert await Desk().fills(order) == [(Decimal(90), Decimal(1)), (Decimal("89.1"), Decimal("0.5"))]


async def test_an_exit_that_was_due_in_the_past_is_executed_then() -> None:
    desk = Desk(replace(BOOK, at=NOON + timedelta(hours=1)))
    desk.clock.move(3600)
    order = sent(
        "1",
        side=Side.SELL,
        trigger_price=Decimal(90),
        reduce_only=True,
        purpose=Purpose.STOP,
        created_at=NOON,
    )
    [fill] = filled(await desk.venue.submit(order, Direction.LONG))
    assert fill.at == NOON


@pytest.mark.parametrize("purpose", [Purpose.MANUAL, Purpose.LIQUIDATION])
async def test_some_orders_are_executed_at_the_price_they_name(purpose: Purpose) -> None:
    desk = Desk()
    desk.source.failure = Transient("not needed")
    order = sent("2", side=Side.SELL, limit_price=Decimal(95), reduce_only=True, purpose=purpose)
    assert await desk.fills(order) == [(Decimal(95), Decimal(2))]


async def test_an_old_book_executes_nothing() -> None:
    desk = Desk()
    desk.clock.move(31)
    with pytest.raises(Stale):
        await desk.venue.submit(sent(), Direction.LONG)


async def test_a_venue_out_of_reach_executes_nothing() -> None:
    desk = Desk()
    desk.source.failure = Transient("down")
    with pytest.raises(Transient):
        await desk.venue.submit(sent(), Direction.LONG)
    desk.source.failure = None
    desk.source.perps_listed = []
    with pytest.raises(Transient, match="does not trade"):
        await desk.venue.submit(sent(), Direction.LONG)


async def test_what_came_too_late_is_not_executed() -> None:
    desk = Desk()
    desk.clock.move(5)
    [event] = await desk.venue.submit(sent(expires_at=NOON + timedelta(seconds=4)), Direction.LONG)
    assert isinstance(event, Expired)


async def test_many_who_need_the_book_at_once_share_one_answer() -> None:
    desk = Desk()
    orders = [sent("0.1", intent_id=f"t{number}-e", trade_id=number) for number in range(1, 9)]
    await asyncio.gather(*(desk.venue.submit(order, Direction.LONG) for order in orders))
    assert len([request for request in desk.source.asked if request.startswith("depth")]) == 1


def limit(price: str, quantity: str = "1") -> Order:
    return sent(quantity, kind=OrderKind.LIMIT, limit_price=Decimal(price))


def a_move(low: str, *, volume: str | None = None) -> Move:
    return Move(
        symbol="BTCUSDT",
        kind=MarketKind.PERP,
        since=NOON,
        at=NOON + timedelta(minutes=1),
        open=Decimal(100),
        high=Decimal(100),
        low=Decimal(low),
        close=Decimal(low),
        mark=Decimal(low),
        mark_low=Decimal(low),
        mark_high=Decimal(100),
        volume=None if volume is None else Decimal(volume),
    )


async def resting(desk: Desk, price: str = "99") -> Order:
    order = limit(price)
    for event in await desk.venue.submit(order, Direction.LONG):
        order = apply(order, event)
    return order


async def test_a_limit_rests_behind_what_was_there_first() -> None:
    events = await Desk().venue.submit(limit("99"), Direction.LONG)
    assert isinstance(events[-1], Opened)
    assert events[-1].queue_ahead == 2


async def test_a_limit_beyond_the_market_takes_and_the_rest_of_it_rests() -> None:
    events = await Desk().venue.submit(limit("100.5", "1.5"), Direction.LONG)
    assert [(fill.price, fill.quantity) for fill in filled(events)] == [(Decimal(100), Decimal(1))]
    assert isinstance(events[-1], Opened)


async def test_traded_through_a_limit_is_filled_there_as_maker() -> None:
    desk = Desk()
    order = await resting(desk)
    [event] = desk.venue.moved(a_move("98"), [order])[order.id]
    assert isinstance(event, Filled)
    fill = event.fill
    assert (fill.price, fill.quantity, fill.liquidity) == (Decimal(99), Decimal(1), Liquidity.MAKER)
    assert fill.fee == Decimal("0.0198")


async def test_touched_only_the_queue_gets_shorter_by_what_was_traded() -> None:
    desk = Desk()
    order = await resting(desk)
    assert desk.venue.moved(a_move("99"), [order]) == {}
    [event] = desk.venue.moved(a_move("99", volume="1.5"), [order])[order.id]
    assert isinstance(event, QueueMoved)
    assert event.queue_ahead == Decimal("0.5")


async def test_a_cancel_is_certain_at_once() -> None:
    desk = Desk()
    [event] = await desk.venue.cancel(await resting(desk))
    assert isinstance(event, Canceled)
    assert desk.venue.name == "paper"


async def test_a_limit_that_was_cut_where_the_money_ends_does_not_rest() -> None:
    order = sent("2", kind=OrderKind.LIMIT, side=Side.SELL, limit_price=Decimal(98), most_cost=Decimal(150))
    events = await Desk().venue.submit(order, Direction.LONG)
    assert isinstance(events[-1], Canceled)
    assert events[-1].reason == "too_dear"


def with_terms(order: Order, **changes: Any) -> Order:
    return replace(order, terms=replace(order.terms, **changes))


async def test_post_only_that_would_take_is_refused_and_one_that_rests_is_not() -> None:
    refused = with_terms(limit("100"), is_post_only=True)
    [event] = await Desk().venue.submit(refused, Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == "post_only_would_take"
    rests = with_terms(limit("99.9"), is_post_only=True)
    assert isinstance((await Desk().venue.submit(rests, Direction.LONG))[-1], Opened)


async def amended(desk: Desk, order: Order, **changes: Any) -> list[OrderEvent]:
    return list(await desk.venue.amend(order, replace(order.terms, **changes)))


async def test_a_smaller_order_keeps_its_place_and_any_other_change_loses_it() -> None:
    desk = Desk()
    order = replace(await resting(desk), queue_ahead=Decimal("0.3"))
    smaller = await amended(desk, order, quantity=Decimal("0.5"))
    assert apply(order, smaller[0]).queue_ahead == Decimal("0.3")
    moved = await amended(desk, order, limit_price=Decimal("99.9"))
    assert apply(order, moved[0]).queue_ahead == 1
    assert apply(order, moved[0]).terms.limit_price == Decimal("99.9")


async def test_amended_beyond_the_market_it_is_filled_unless_it_is_post_only() -> None:
    desk = Desk()
    order = await resting(desk)
    events = await amended(desk, order, limit_price=Decimal(100))
    assert [(fill.price, fill.quantity) for fill in filled(events)] == [(Decimal(100), Decimal(1))]
    assert await amended(desk, with_terms(order, is_post_only=True), limit_price=Decimal(100)) == []


async def asleep(desk: Desk, **terms: Any) -> Order:
    order = with_terms(sent("2", side=Side.SELL, purpose=Purpose.STOP), trigger_price=Decimal(95), **terms)
    for event in await desk.venue.submit(order, Direction.LONG):
        order = apply(order, event)
    return order


async def test_a_stop_sleeps_until_its_price_is_touched() -> None:
    desk = Desk()
    order = await asleep(desk)
    assert order.state is OrderState.OPEN
    assert desk.venue.moved(a_move("96"), [order]) == {}
    [event] = desk.venue.moved(a_move("94"), [order])[order.id]
    assert isinstance(event, Filled)
    assert (event.fill.price, event.fill.liquidity) == (Decimal(95), Liquidity.TAKER)


async def test_a_stop_beyond_which_the_market_opens_is_filled_where_it_opened() -> None:
    desk = Desk()
    order = await asleep(desk)
    gap = replace(a_move("90"), open=Decimal(91), high=Decimal(92))
    [event] = desk.venue.moved(gap, [order])[order.id]
    assert isinstance(event, Filled)
    assert event.fill.price == 91


async def test_a_woken_stop_gets_what_was_traded_at_no_worse_than_its_guard() -> None:
    desk = Desk()
    order = await asleep(desk, worst_price=Decimal(94))
    some, rest = desk.venue.moved(a_move("94", volume="0.5"), [order])[order.id]
    assert isinstance(some, Filled)
    assert some.fill.quantity == Decimal("0.5")
    assert isinstance(rest, Canceled)
    gap = replace(a_move("90"), open=Decimal(91), high=Decimal(92))
    [end] = desk.venue.moved(gap, [order])[order.id]
    assert isinstance(end, Canceled)


async def test_a_target_wakes_at_a_better_price() -> None:
    desk = Desk()
    order = with_terms(sent("1", side=Side.SELL, purpose=Purpose.TARGET), trigger_price=Decimal(105))
    assert desk.venue.moved(a_move("94"), [order]) == {}
    [event] = desk.venue.moved(replace(a_move("100"), high=Decimal(106)), [order])[order.id]
    assert isinstance(event, Filled)
    assert event.fill.price == 105


async def test_a_limit_does_not_sleep_on_paper() -> None:
    order = with_terms(limit("94"), trigger_price=Decimal(95))
    [event] = await Desk().venue.submit(order, Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == "trigger_needs_market"
