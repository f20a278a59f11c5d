"""The contract of venues: what an account's private stream tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from engines.core.instrument import MarketKind
from engines.orders.lifecycle import apply
from engines.orders.order import Order, OrderState
from ports.errors import Rejected
from ports.venue_books import StreamState, VenueFill, VenueOrder, VenueOrderState, VenueReport
from sandbox.accounts import ENDED
from services.ordering.reports import filled_events
from tests.build.venue_cases import case
from tests.build.venue_worlds import Drafts, Ear, WireWorld

D = Decimal
SPOT = MarketKind.SPOT

_BY_MOVES = "on paper the desk tells the venue of the market and hears what came of it at once"


@case(paper=_BY_MOVES)
async def test_orders_and_fills_are_told(world: WireWorld) -> None:
    async with heard(world) as ear:
        orders = await _bought(world)
        await ear.until(lambda reports: all(_is_filled(reports, order) for order in orders))


@case(paper=_BY_MOVES)
async def test_what_is_told_equals_what_is_read(world: WireWorld) -> None:
    async with heard(world) as ear:
        orders = await _bought(world)
        await ear.until(lambda reports: all(_is_filled(reports, order) for order in orders))
        read = await world.books.fills(world.began_at)
        told = {(fill.instrument.key, fill.id): fill for fill in ear.heard if isinstance(fill, VenueFill)}
        assert [told[fill.instrument.key, fill.id] for fill in read] == list(read)


@case(paper=_BY_MOVES)
async def test_positions_and_balances_are_told(world: WireWorld) -> None:
    async with heard(world) as ear:
        await world.send(Drafts(world)())
        kinds = {"VenuePosition", "VenueBalance"}
        await ear.until(lambda reports: kinds <= {type(report).__name__ for report in reports})


@case(paper=_BY_MOVES)
async def test_an_order_that_is_cancelled_elsewhere_is_told(world: WireWorld) -> None:
    async with heard(world) as ear:
        order = await world.send(Drafts(world).resting())
        world.cancel_by_hand(order)
        await ear.until(lambda reports: _ended(reports, order) is VenueOrderState.CANCELED)


@case(paper=_BY_MOVES)
async def test_a_stop_on_spot_that_wakes_is_told_with_its_fills(world: WireWorld) -> None:
    async with heard(world) as ear:
        stop = await world.send(Drafts(world).stop("0.001", kind=SPOT))
        woken = await world.touch(stop)
        await ear.until(lambda reports: any(isinstance(one, VenueFill) for one in reports))
        fills = [one for one in ear.heard if isinstance(one, VenueFill)]
        for event in filled_events(stop, fills):
            stop = apply(stop, event)
        assert (stop.state, stop.fill_ids) == (OrderState.FILLED, woken.fill_ids)


@case(paper=_BY_MOVES)
async def test_reports_that_come_twice_and_out_of_order_come_to_the_same(world: WireWorld) -> None:
    world.fault(repeat=True, shuffle=True)
    async with heard(world) as ear:
        order = await world.send(Drafts(world).resting(quantity="0.4"))
        for _ in range(4):
            await world.serve(order, D("0.1"))
        await ear.until(lambda reports: len(_fills(reports, order)) == 4)
        for event in filled_events(order, [one for one in ear.heard if isinstance(one, VenueFill)]):
            order = apply(order, event)
        assert (order.filled, len(order.fill_ids)) == (D("0.4"), 4)


@case(paper=_BY_MOVES)
async def test_what_is_told_again_after_a_break_changes_nothing(world: WireWorld) -> None:
    order = await world.send(Drafts(world)())
    world.fault(replay=100)
    async with heard(world) as ear:
        await ear.until(lambda reports: bool(_fills(reports, order)))
        fills = [one for one in ear.heard if isinstance(one, VenueFill)]
        assert filled_events(order, fills) == []


@case(paper=_BY_MOVES)
async def test_a_stream_that_breaks_says_so_and_comes_back_and_what_was_missed_is_read(
    world: WireWorld,
) -> None:
    async with heard(world) as ear:
        world.fault(down=True)
        await ear.until(lambda reports: StreamState.DOWN in reports)
        order = Drafts(world).resting()
        world.mend()
        order = await world.send(order)
        await ear.until(lambda reports: reports.count(StreamState.UP) >= 2)
        assert ear.heard.index(StreamState.DOWN) > ear.heard.index(StreamState.UP)
        assert (await world.seen(order)).state is OrderState.OPEN


@case(paper=_BY_MOVES)
async def test_a_stream_that_is_cut_after_a_message_comes_back(world: WireWorld) -> None:
    world.fault(cut_after=1)
    async with heard(world) as ear:
        await world.send(Drafts(world)())
        await ear.until(lambda reports: StreamState.DOWN in reports)
        world.mend()
        await ear.until(lambda reports: reports.count(StreamState.UP) >= 2)


@case(paper=_BY_MOVES)
async def test_a_stream_that_is_silent_is_noticed(world: WireWorld) -> None:
    async with heard(world) as ear:
        world.fault(silent=True)
        await ear.until(lambda reports: StreamState.DOWN in reports)
        world.mend()
        await ear.until(lambda reports: reports.count(StreamState.UP) >= 2)


@case(paper=_BY_MOVES)
async def test_a_key_that_is_not_valid_ends_the_stream_with_the_reason(world: WireWorld) -> None:
    _, books = world.open_account(ENDED)
    with pytest.raises(Rejected):
        async with asyncio.timeout(5):
            await books.watch(Ear())


@asynccontextmanager
async def heard(world: WireWorld) -> AsyncIterator[Ear]:
    """The private stream, once it is up."""
    ear = Ear()
    watching = asyncio.create_task(world.books.watch(ear))
    try:
        await ear.until(lambda reports: StreamState.UP in reports)
        yield ear
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _bought(world: WireWorld) -> list[Order]:
    drafts = Drafts(world)
    return [await world.send(drafts()), await world.send(drafts(kind=SPOT))]


def _fills(reports: list[VenueReport], order: Order) -> set[str]:
    return {one.id for one in reports if isinstance(one, VenueFill) and one.client_id == order.id}


def _ended(reports: list[VenueReport], order: Order) -> VenueOrderState | None:
    states = [one.state for one in reports if isinstance(one, VenueOrder) and one.client_id == order.id]
    return states[-1] if states else None


def _is_filled(reports: list[VenueReport], order: Order) -> bool:
    return bool(_fills(reports, order)) and _ended(reports, order) is VenueOrderState.FILLED
