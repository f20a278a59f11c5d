"""The contract of venues: a wire that breaks, a venue that is busy, slow, wrong or gone."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from engines.core.side import Direction
from engines.orders.order import Acknowledged, OrderState, VenueRejected
from ports.errors import Rejected, Transient, Uncertain
from sandbox.accounts import ENDED, READING, ApiKey
from tests.build.venue_cases import case
from tests.build.venue_worlds import BYBIT, Drafts, WireWorld

D = Decimal

_NO_WIRE = "paper sends nothing that could be lost on the way"
_PATHS = {"bybit": "/v5/order/create", "gate": "/futures/usdt/orders"}
_BUSY = {"bybit": "10006", "gate": "TOO_MANY_REQUESTS"}
_SLOW_S = 1.3


@case(paper=_NO_WIRE)
async def test_a_time_out_before_acceptance_is_uncertain_and_nothing_is_there(world: WireWorld) -> None:
    world.hurry()
    await _is_uncertain(world, is_there=False, delay_s=_SLOW_S, status=503)


@case(paper=_NO_WIRE)
async def test_a_time_out_after_acceptance_is_uncertain_and_the_order_is_found(world: WireWorld) -> None:
    world.hurry()
    await _is_uncertain(world, is_there=True, delay_s=_SLOW_S, after=True)


@case(paper=_NO_WIRE)
async def test_a_dropped_connection_before_acceptance_is_uncertain(world: WireWorld) -> None:
    await _is_uncertain(world, is_there=False, down=True)


@case(paper=_NO_WIRE)
async def test_a_dropped_connection_after_acceptance_is_uncertain_and_the_order_is_found(
    world: WireWorld,
) -> None:
    await _is_uncertain(world, is_there=True, down=True, after=True)


@case(paper=_NO_WIRE)
async def test_a_server_error_before_acceptance_is_uncertain(world: WireWorld) -> None:
    await _is_uncertain(world, is_there=False, status=502)


@case(paper=_NO_WIRE)
async def test_a_server_error_after_acceptance_is_uncertain_and_the_order_is_found(world: WireWorld) -> None:
    await _is_uncertain(world, is_there=True, status=500, after=True)


@case(paper=_NO_WIRE)
async def test_a_garbled_answer_is_uncertain_and_the_order_is_found(world: WireWorld) -> None:
    await _is_uncertain(world, is_there=True, malformed=True, after=True)


@case(paper=_NO_WIRE)
async def test_a_code_that_proves_nothing_is_uncertain(world: WireWorld) -> None:
    code = "10016" if world.name == BYBIT else "SOMETHING_NEW"
    await _is_uncertain(world, is_there=True, code=code, after=True)


@case(paper=_NO_WIRE)
async def test_a_rate_limit_is_proven_so_the_order_may_be_sent_again(world: WireWorld) -> None:
    order = await _warmed(world)
    _fault(world, code=_BUSY[world.name])
    with pytest.raises(Transient) as error:
        await world.venue.submit(order, Direction.LONG)
    assert error.value.kind == "rate_limited"
    assert await world.books.order(order.id, order.intent.instrument) is None
    assert isinstance((await world.venue.submit(order, Direction.LONG))[0], Acknowledged)


@case(paper=_NO_WIRE)
async def test_without_a_connection_nothing_was_sent_and_it_may_be_sent_again(world: WireWorld) -> None:
    venue, books = world.open_account()
    order = Drafts(world).resting()
    await books.balances()
    await world.hang_up()
    with pytest.raises((Transient, Uncertain)) as error:
        await venue.submit(order, Direction.LONG)
    assert isinstance(error.value, Transient)


@case(paper=_NO_WIRE)
async def test_a_clock_that_differs_is_set_and_orders_go_on(world: WireWorld) -> None:
    order = await _warmed(world)
    world.fault(skew_ms=3_600_000)
    with pytest.raises(Transient):
        await world.venue.submit(order, Direction.LONG)
    assert isinstance((await world.venue.submit(order, Direction.LONG))[0], Acknowledged)


@case(paper=_NO_WIRE)
async def test_a_request_that_is_late_is_not_carried_out(world: WireWorld) -> None:
    """What was sent with a time that is over by the venue's clock is refused, proven."""
    order = await _warmed(world)
    world.fault(skew_ms=70_000)
    with pytest.raises(Transient):
        await world.venue.submit(order, Direction.LONG)
    assert await world.books.order(order.id, order.intent.instrument) is None


@case(paper=_NO_WIRE)
async def test_a_key_that_only_reads_reads_and_does_not_act(world: WireWorld) -> None:
    venue, books = world.open_account(READING)
    assert not (await books.key()).can_trade
    assert await books.balances()
    [event] = await venue.submit(Drafts(world).resting(), Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == "key_refused"


@case(paper=_NO_WIRE)
@pytest.mark.parametrize("key", [ENDED, ApiKey(key="nobody", secret="nothing")], ids=["ended", "unknown"])
async def test_a_key_that_is_not_valid_is_refused_at_once(world: WireWorld, key: ApiKey) -> None:
    _, books = world.open_account(key, pauses_s=(60.0,))
    with pytest.raises(Rejected):
        await books.balances()


@case(paper=_NO_WIRE)
async def test_reads_are_tried_again_and_then_given_up(world: WireWorld) -> None:
    await world.books.balances()
    world.fault(status=502, count=2)
    assert await world.books.balances()
    world.fault(status=502, count=3)
    with pytest.raises(Transient):
        await world.books.balances()
    world.mend()


@case(paper=_NO_WIRE)
async def test_a_busy_venue_is_read_again_after_its_pause(world: WireWorld) -> None:
    await world.books.balances()
    world.fault(code=_BUSY[world.name], count=1)
    assert await world.books.balances()


@case(paper=_NO_WIRE)
async def test_a_cancel_whose_answer_was_lost_is_settled_by_cancelling_again(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting())
    path = "/v5/order/cancel" if world.name == BYBIT else _PATHS[world.name]
    world.fault(down=True, after=True, methods=[path], count=1)
    with suppress(Uncertain):
        assert await world.venue.cancel(order) == []
    assert await world.venue.cancel(order) == []
    assert (await world.seen(order)).state is OrderState.CANCELED


async def _warmed(world: WireWorld) -> Any:
    """An order to be sent by an account that knows its terms, so that the next request is the order."""
    drafts = Drafts(world)
    await world.venue.cancel(await world.send(drafts.resting()))
    return drafts.resting()


def _fault(world: WireWorld, **fields: Any) -> None:
    world.fault(methods=[_PATHS[world.name]], count=1, **fields)


async def _is_uncertain(world: WireWorld, *, is_there: bool, **fields: Any) -> None:
    """Nobody knows; afterwards the venue is asked, and has it or not."""
    order = await _warmed(world)
    _fault(world, **fields)
    with pytest.raises(Uncertain):
        await world.venue.submit(order, Direction.LONG)
    world.mend()
    told = await world.books.order(order.id, order.intent.instrument)
    assert (told is not None) is is_there
