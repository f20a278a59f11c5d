"""The contract of venues: triggers, positions, leverage, and what is refused."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.lifecycle import apply
from engines.orders.order import Order, OrderState, Purpose, VenueRejected
from ports.errors import Rejected
from tests.build.venue_cases import case
from tests.build.venue_worlds import Drafts, PaperWorld, WireWorld

D = Decimal
SPOT = MarketKind.SPOT

_CHECKED = "the desk checks sizes, funds and positions before paper is asked"
_TRADES = "on paper every trade has its own direction and leverage"
_NEVER_CHANGED = "Gate changes no order that sleeps, so the desk takes it back and puts another there"
_NO_WIRE = "paper reads public data only; tests/adapters/paper holds what it does without them"


@case()
async def test_a_stop_sleeps_at_the_venue_until_its_price_is_touched(world: WireWorld | PaperWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts())
    stop = await world.send(drafts.stop("0.001", intent={"reduce_only": True}))
    assert (stop.state, stop.filled) == (OrderState.OPEN, D(0))
    woken = await world.touch(stop)
    assert (woken.state, woken.filled) == (OrderState.FILLED, D("0.01"))


@case()
async def test_a_target_sleeps_until_the_price_comes_its_way(world: WireWorld | PaperWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts(side=Side.SELL), Direction.SHORT)
    trigger_price = drafts.beside(D("-0.001"))
    wish = {"reduce_only": True, "purpose": Purpose.TARGET}
    target = await world.send(drafts(trigger_price=trigger_price, intent=wish), Direction.SHORT)
    assert target.state is OrderState.OPEN
    woken = await world.touch(target)
    assert woken.state is OrderState.FILLED
    assert woken.average_price is not None
    assert woken.average_price < trigger_price * D("1.01")


@case(paper=_TRADES)
async def test_a_stop_on_spot_sleeps_and_is_filled(world: WireWorld) -> None:
    stop = await world.send(Drafts(world).stop("0.001", kind=SPOT))
    assert stop.state is OrderState.OPEN
    woken = await world.touch(stop)
    assert (woken.state, woken.filled) == (OrderState.FILLED, D("0.01"))


@case(paper=_TRADES)
async def test_a_stop_on_spot_leaves_its_coins_free_until_it_wakes(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts.stop(kind=SPOT, quantity="1"))
    [coins] = [one for one in await world.books.balances() if one.asset == "BTC"]
    assert coins.free == coins.total == 1
    sale = await world.send(drafts(kind=SPOT, side=Side.SELL, quantity="1"))
    assert sale.state is OrderState.FILLED


@case(paper=_TRADES)
async def test_a_stop_on_spot_that_finds_no_coins_is_refused_when_it_wakes(world: WireWorld) -> None:
    stop = await world.send(Drafts(world).stop("0.001", kind=SPOT))
    world.withdraw("BTC", D(1))
    woken = await world.touch(stop)
    assert (woken.state, woken.filled) == (OrderState.REJECTED, D(0))
    assert await world.books.fills(world.began_at) == []


@case(paper=_TRADES)
async def test_a_stop_that_woke_is_told_by_the_name_or_the_id_that_it_slept_under(world: WireWorld) -> None:
    stop = await world.send(Drafts(world).stop("0.001", kind=SPOT))
    woken = await world.touch(stop)
    [fill] = await world.books.fills(world.began_at)
    assert fill.client_id == stop.id or (fill.client_id, fill.venue_order_id) == ("", stop.venue_id)
    assert fill.id in woken.fill_ids


@case(paper=_TRADES, gate=_NEVER_CHANGED)
async def test_a_stop_on_spot_is_moved_where_it_sleeps(world: WireWorld) -> None:
    drafts = Drafts(world)
    stop = await world.send(drafts.stop(kind=SPOT))
    moved = replace(stop.terms, trigger_price=drafts.beside(D("-0.03"), SPOT), quantity=D("0.006"))
    for event in await world.venue.amend(stop, moved):
        stop = apply(stop, event)
    [told] = await world.books.open_orders()
    assert (told.trigger_price, told.quantity) == (moved.trigger_price, D("0.006"))
    assert stop.terms == moved
    assert world.venue.sleep.can_change


@case(paper=_TRADES, bybit="at Bybit an order that sleeps is kept until it wakes")
async def test_an_order_that_slept_for_too_long_has_expired(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts())
    stops = drafts.stop("0.5", intent={"reduce_only": True}), drafts.stop("0.5", kind=SPOT)
    asleep = [await world.send(stop) for stop in stops]
    lasts = world.venue.sleep.lasts
    assert lasts is not None
    world.age(asleep, lasts)
    for stop in asleep:
        assert (await world.seen(stop)).state is OrderState.EXPIRED
    assert await world.books.open_orders() == []


@case(paper=_TRADES)
async def test_an_order_that_sleeps_is_listed_with_its_trigger(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts())
    stop = drafts.stop(intent={"reduce_only": True})
    await world.send(stop)
    [told] = await world.books.open_orders()
    assert (told.client_id, told.trigger_price) == (stop.id, stop.terms.trigger_price)
    assert (told.side, told.quantity, told.is_reduce_only) == (Side.SELL, D("0.01"), True)


@case(paper=_TRADES)
async def test_an_order_that_sleeps_is_cancelled(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts())
    for stop in (drafts.stop(intent={"reduce_only": True}), drafts.stop(kind=SPOT)):
        sleeping = await world.send(stop)
        await world.venue.cancel(replace(sleeping, venue_id=None))  # as when its answer was lost
        assert (await world.seen(sleeping)).state is OrderState.CANCELED
    assert await world.books.open_orders() == []


@case(paper=_CHECKED)
async def test_reduce_only_closes_what_is_held(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts())
    close = await world.send(drafts(side=Side.SELL, intent={"reduce_only": True}))
    assert close.state is OrderState.FILLED
    assert await world.books.positions() == []


@case(paper=_CHECKED)
async def test_reduce_only_with_nothing_to_reduce_is_refused(world: WireWorld) -> None:
    await _is_refused(
        world, Drafts(world)(side=Side.SELL, intent={"reduce_only": True}), "reduce_only_rejected"
    )


@case(paper=_TRADES)
async def test_long_and_short_are_held_side_by_side(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.venue.set_hedged(True)
    await world.send(drafts(), Direction.LONG)
    await world.send(drafts(side=Side.SELL, quantity="0.02"), Direction.SHORT)
    held = {one.direction: one.quantity for one in await world.books.positions()}
    assert held == {Direction.LONG: D("0.01"), Direction.SHORT: D("0.02")}
    await world.send(drafts(side=Side.SELL), Direction.LONG)
    await world.send(drafts(quantity="0.02"), Direction.SHORT)
    assert await world.books.positions() == []


@case(paper=_TRADES)
async def test_the_position_mode_is_told_and_setting_it_again_is_no_error(world: WireWorld) -> None:
    assert not (await world.books.terms()).is_hedged
    await world.venue.set_hedged(True)
    await world.venue.set_hedged(True)
    assert (await world.books.terms()).is_hedged


@case(paper=_TRADES, gate="Gate takes an order whatever the mode; what closes says so by itself")
async def test_a_mode_that_was_changed_elsewhere_is_learnt_after_one_refusal(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.venue.cancel(await world.send(drafts.resting()))
    world.exchange.exchange.set_hedged(world.account, True, world.exchange.now())
    await _is_refused(world, drafts.resting(), "position_mode", before=1)
    assert (await world.send(drafts.resting())).state is OrderState.OPEN


@case(paper=_TRADES)
async def test_the_position_mode_does_not_change_under_a_position(world: WireWorld) -> None:
    await world.send(Drafts(world)())
    with pytest.raises(Rejected):
        await world.venue.set_hedged(True)


@case(paper=_TRADES)
async def test_leverage_is_set_and_told_and_setting_it_again_is_no_error(world: WireWorld) -> None:
    for leverage in (D(3), D(3), D(7)):
        await world.venue.set_leverage(world.instrument(), leverage)
        assert await world.books.leverage(world.instrument()) == leverage


@case(paper=_TRADES)
async def test_leverage_is_set_where_long_and_short_are_kept_apart(world: WireWorld) -> None:
    await world.venue.set_hedged(True)
    await world.venue.set_leverage(world.instrument(), D(4))
    assert await world.books.leverage(world.instrument()) == 4


@case(paper=_TRADES)
async def test_an_impossible_leverage_is_refused(world: WireWorld) -> None:
    with pytest.raises(Rejected):
        await world.venue.set_leverage(world.instrument(), D(5000))


@case(paper=_CHECKED)
async def test_a_size_below_the_minimum_is_refused(world: WireWorld) -> None:
    tiny = world.instrument().lot / 10
    await _is_refused(world, Drafts(world).resting(quantity=str(tiny)), "below_minimum")


@case(paper=_CHECKED)
async def test_a_value_below_the_minimum_is_refused(world: WireWorld) -> None:
    await _is_refused(world, Drafts(world).resting(kind=SPOT, quantity="0.00002"), "below_minimum")


@case(paper=_CHECKED)
async def test_a_size_between_two_lots_is_refused_and_never_rounded(world: WireWorld) -> None:
    between = world.instrument().lot * D("1.5")
    await _is_refused(world, Drafts(world).resting(quantity=str(between)), "off_grid")


@case(paper=_CHECKED)
async def test_more_than_there_is_money_for_is_refused(world: WireWorld) -> None:
    await _is_refused(world, Drafts(world).resting(kind=SPOT, quantity="100"), "insufficient_funds")


@case(paper=_CHECKED)
async def test_more_than_there_is_margin_for_is_refused(world: WireWorld) -> None:
    await _is_refused(world, Drafts(world).resting(quantity="1000"), "insufficient_funds")


@case(paper=_NO_WIRE)
async def test_a_market_that_the_venue_does_not_have_is_refused(world: WireWorld) -> None:
    strange = replace(world.instrument(), symbol="NOPEUSDT", base="NOPE")
    order = Drafts(world).resting()
    order = replace(order, intent=replace(order.intent, instrument=strange))
    [event] = await world.venue.submit(order, Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == "unknown_symbol"
    assert world.count == 0


@case(paper=_NO_WIRE)
async def test_a_price_too_far_from_the_market_is_refused(world: WireWorld) -> None:
    drafts = Drafts(world)
    await _is_refused(world, drafts(at=drafts.beside(D("1.2"))), "price_out_of_band")


@case(paper=_NO_WIRE)
async def test_a_halted_market_takes_no_orders(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts.resting())  # the account is in use when the market stops
    world.fault(halted=["BTCUSDT"])
    await _is_refused(world, drafts.resting(), "halted", before=1)


@case(
    paper=_NO_WIRE, gate="Gate does not promise to refuse a text that was used before, so nobody relies on it"
)
async def test_an_id_that_is_there_already_is_looked_up_and_not_a_refusal(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting())
    [event] = await world.venue.submit(replace(order, state=OrderState.SENT), Direction.LONG)
    assert getattr(event, "venue_id", None) == order.venue_id
    assert world.count == 1


async def _is_refused(world: WireWorld, order: Order, reason: str, *, before: int = 0) -> None:
    """Proven: the reason has a word of ours, and the venue has no such order."""
    [event] = await world.venue.submit(order, Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == reason
    assert world.count == before
    assert await world.books.order(order.id, order.intent.instrument) is None
