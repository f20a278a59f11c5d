"""The contract of venues: what becomes of orders."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.core.side import Side
from engines.orders.lifecycle import apply
from engines.orders.order import Amended, Order, OrderState
from tests.build.venue_cases import case
from tests.build.venue_worlds import Drafts, WireWorld, World

D = Decimal
SPOT = MarketKind.SPOT

_KNOWN = "the desk knows its own paper orders and asks for nothing about one that is over"
_AT_ONCE = "on paper a cancel is certain at once: nothing can come between"
_OURS = "the desk keeps what rests on paper and cancels it order by order"


@case()
async def test_a_market_order_is_filled_at_once_as_taker(world: World) -> None:
    order = await world.send(Drafts(world)())
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.01"))
    assert order.average_price is not None
    assert abs(order.average_price / world.last() - 1) < D("0.01")
    assert order.fees > 0


@case()
async def test_a_market_sale_is_filled_at_once(world: World) -> None:
    order = await world.send(Drafts(world)(side=Side.SELL, kind=SPOT))
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.01"))


@case()
async def test_a_spot_purchase_at_the_market_buys_exactly_the_coin_asked_for(world: World) -> None:
    """Gate counts a market purchase by its cost, which could buy more."""
    order = await world.send(Drafts(world)(kind=SPOT, quantity="0.013"))
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.013"))


@case()
async def test_a_guarded_order_takes_nothing_beyond_its_guard_and_does_not_rest(world: World) -> None:
    drafts = Drafts(world)
    order = await world.send(drafts(worst_price=drafts.beside(D("-0.05"))))
    assert (order.state, order.filled) == (OrderState.CANCELED, D(0))


@case()
async def test_a_guarded_order_is_filled_within_its_guard(world: World) -> None:
    drafts = Drafts(world)
    worst_price = drafts.beside(D("0.01"))
    order = await world.send(drafts(worst_price=worst_price))
    assert order.state is OrderState.FILLED
    assert order.average_price is not None
    assert order.average_price <= worst_price


@case()
async def test_what_the_book_does_not_have_is_cancelled_of_a_market_order(world: World) -> None:
    drafts = Drafts(world)
    world.thin()
    order = await world.send(drafts(quantity="5", worst_price=drafts.beside(D("0.01"))))
    assert order.state is OrderState.CANCELED
    assert 0 < order.filled < 5


@case()
async def test_a_limit_away_from_the_market_rests(world: World) -> None:
    order = await world.send(Drafts(world).resting())
    assert (order.state, order.filled) == (OrderState.OPEN, D(0))


@case()
async def test_a_spot_limit_away_from_the_market_rests(world: World) -> None:
    order = await world.send(Drafts(world).resting(kind=SPOT))
    assert (order.state, order.filled) == (OrderState.OPEN, D(0))


@case()
async def test_a_limit_beyond_the_market_takes_at_the_books_prices(world: World) -> None:
    drafts = Drafts(world)
    order = await world.send(drafts.crossing())
    assert order.state is OrderState.FILLED
    assert order.average_price is not None
    assert order.average_price < drafts.beside(D("0.04"))


@case()
async def test_post_only_that_would_take_is_not_filled_and_says_why(world: World) -> None:
    order = await world.send(Drafts(world).crossing(is_post_only=True))
    assert order.state in (OrderState.REJECTED, OrderState.CANCELED)
    assert (order.filled, order.reason) == (D(0), "post_only_would_take")


@case()
async def test_post_only_on_spot_that_would_take_is_not_filled_and_says_why(world: World) -> None:
    order = await world.send(Drafts(world).crossing(kind=SPOT, is_post_only=True))
    assert order.state in (OrderState.REJECTED, OrderState.CANCELED)
    assert (order.filled, order.reason) == (D(0), "post_only_would_take")


@case()
async def test_post_only_away_from_the_market_rests(world: World) -> None:
    order = await world.send(Drafts(world).resting(is_post_only=True))
    assert order.state is OrderState.OPEN


@case()
async def test_a_resting_order_is_filled_at_its_limit_as_maker(world: World) -> None:
    order = await world.send(Drafts(world).resting())
    order = await world.serve(order, D("0.01"))
    assert (order.state, order.average_price) == (OrderState.FILLED, order.terms.limit_price)
    assert order.fees / order.cost <= D("0.0002")


@case()
async def test_a_part_is_counted_and_the_rest_rests(world: World) -> None:
    order = await world.send(Drafts(world).resting(quantity="0.1"))
    order = await world.serve(order, D("0.04"))
    assert (order.state, order.filled) == (OrderState.PARTIALLY_FILLED, D("0.04"))
    order = await world.serve(order, D("0.06"))
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.1"))
    assert len(order.fill_ids) == 2


@case()
async def test_an_order_whose_time_is_over_is_not_sent(world: World) -> None:
    expires_at = world.clock.now() - timedelta(seconds=1)
    order = await world.send(Drafts(world)(intent={"expires_at": expires_at}))
    assert (order.state, order.filled) == (OrderState.EXPIRED, D(0))


@case()
async def test_a_cancelled_order_is_out_of_the_book(world: World) -> None:
    order = await world.send(Drafts(world).resting())
    order = await _cancelled(world, order)
    assert (order.state, order.filled) == (OrderState.CANCELED, D(0))


@case()
async def test_a_cancelled_spot_order_is_out_of_the_book(world: World) -> None:
    order = await world.send(Drafts(world).resting(kind=SPOT))
    order = await _cancelled(world, order)
    assert (order.state, order.filled) == (OrderState.CANCELED, D(0))


@case()
async def test_a_cancel_tells_what_was_filled_before_it(world: World) -> None:
    order = await world.send(Drafts(world).resting(quantity="0.1"))
    order = await world.serve(order, D("0.04"))
    order = await _cancelled(world, order)
    assert (order.state, order.filled) == (OrderState.CANCELED, D("0.04"))


@case(paper=_AT_ONCE)
async def test_a_fill_that_overtakes_the_cancel_wins(world: WireWorld) -> None:
    sent = await world.send(Drafts(world).resting())
    await world.serve(sent, D("0.01"))
    assert await world.venue.cancel(sent) == []
    order = await world.seen(sent)
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.01"))


@case(paper=_AT_ONCE)
async def test_cancelling_again_is_harmless(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting())
    await world.venue.cancel(order)
    assert await world.venue.cancel(order) == []
    assert (await world.seen(order)).state is OrderState.CANCELED


@case(paper=_AT_ONCE)
async def test_a_cancel_that_the_venue_lost_leaves_the_order_open(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting())
    world.fault(lost_cancel=True)
    assert await world.venue.cancel(order) == []
    assert (await world.seen(order)).state is OrderState.OPEN


@case(paper=_AT_ONCE)
async def test_a_fill_told_after_the_cancel_is_found(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting(quantity="0.2"))
    world.fault(late_fill_s=0.05)
    await world.venue.cancel(order)
    world.mend()
    async with asyncio.timeout(5):
        while not (await world.seen(order)).filled:
            await asyncio.sleep(0.02)
    assert (await world.seen(order)).filled == D("0.1")


@case()
async def test_an_order_amended_to_another_price_stands_there(world: World) -> None:
    drafts = Drafts(world)
    order = await world.send(drafts.resting())
    terms = replace(order.terms, limit_price=drafts.beside(D("-0.06")))
    [event] = await world.venue.amend(order, terms)
    assert isinstance(event, Amended)
    assert event.terms == terms
    assert (await world.seen(order)).state is OrderState.OPEN


@case()
async def test_an_order_amended_to_a_smaller_size_is_filled_with_that(world: World) -> None:
    order = await world.send(Drafts(world).resting(quantity="0.1"))
    [event] = await world.venue.amend(order, replace(order.terms, quantity=D("0.04")))
    assert isinstance(event, Amended)
    order = replace(order, terms=event.terms)
    order = await world.serve(order, D("0.04"))
    assert (order.state, order.filled) == (OrderState.FILLED, D("0.04"))


@case()
async def test_a_spot_order_is_amended(world: World) -> None:
    drafts = Drafts(world)
    order = await world.send(drafts.resting(kind=SPOT))
    [event] = await world.venue.amend(
        order, replace(order.terms, limit_price=drafts.beside(D("-0.06"), SPOT))
    )
    assert isinstance(event, Amended)


@case(paper=_KNOWN)
async def test_an_order_that_is_over_is_not_amended(world: WireWorld) -> None:
    drafts = Drafts(world)
    order = await world.send(drafts.resting())
    await world.venue.cancel(order)
    terms = replace(order.terms, limit_price=drafts.beside(D("-0.06")))
    assert await world.venue.amend(order, terms) == []


@case(paper=_OURS)
async def test_all_orders_of_a_market_are_cancelled_and_no_others(world: WireWorld) -> None:
    drafts = Drafts(world)
    perp, spot = await world.send(drafts.resting()), await world.send(drafts.resting(kind=SPOT))
    await world.venue.cancel_all(world.instrument(SPOT))
    assert (await world.seen(perp)).state is OrderState.OPEN
    assert (await world.seen(spot)).state is OrderState.CANCELED


@case(paper=_OURS)
async def test_everything_is_cancelled_whatever_rests_or_sleeps(world: WireWorld) -> None:
    drafts = Drafts(world)
    for order in (drafts.resting(), drafts.resting(kind=SPOT), drafts.stop(kind=SPOT)):
        await world.send(order)
    await world.send(drafts())
    await world.send(drafts.stop(intent={"reduce_only": True}))
    assert len(await world.books.open_orders()) == 4
    await world.venue.cancel_all()
    assert await world.books.open_orders() == []


@case(paper=_OURS)
async def test_cancelling_everything_where_nothing_is_is_no_error(world: WireWorld) -> None:
    await world.venue.cancel_all()
    assert await world.books.open_orders() == []


async def _cancelled(world: World, order: Order) -> Order:
    for event in await world.venue.cancel(order):
        order = apply(order, event)
    return await world.seen(order)
