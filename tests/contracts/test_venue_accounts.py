"""The contract of venues: what they tell of an account."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderState, VenueRejected
from ports.errors import Rejected
from ports.venue_books import MovementKind, VenueOrderState
from sandbox.accounts import OLD, OPENING, UNBOUND, WITHDRAWING
from sandbox.gate.keys import CLASSIC
from tests.build.recordings import HOUR
from tests.build.venue_cases import case
from tests.build.venue_worlds import Drafts, WireWorld

D = Decimal
SPOT = MarketKind.SPOT

_NO_BOOKS = "paper's books are the desk's own: there is nobody to ask"
_NO_CLASSIC = "the sandbox's Bybit has unified accounts only"
_NO_POINTS = "Bybit takes no fees in points"
_KINDS = {
    "bybit": (MovementKind.TRANSFER, MovementKind.TRANSFER),
    "gate": (MovementKind.DEPOSIT, MovementKind.WITHDRAWAL),
}
"""Bybit's log of the unified wallet says that money came or went, not where from or where to."""
_ONE_WALLET = "a unified account at Gate has one wallet, so there is nothing to transfer"


@case(paper=_NO_BOOKS)
async def test_balances_are_what_is_owned(world: WireWorld) -> None:
    owned = {one.asset: (one.total, one.free) for one in await world.books.balances()}
    assert owned == {asset: (amount, amount) for asset, amount in OPENING.items()}


@case(paper=_NO_BOOKS)
async def test_what_rests_on_spot_is_owned_but_not_free(world: WireWorld) -> None:
    order = await world.send(Drafts(world).resting(kind=SPOT))
    [usdt] = [one for one in await world.books.balances() if one.asset == "USDT"]
    assert order.terms.limit_price is not None
    assert usdt.total == OPENING["USDT"]
    assert usdt.total - usdt.free >= order.terms.limit_price * order.terms.quantity


@case(paper=_NO_BOOKS)
async def test_a_position_has_its_side_size_entry_and_mark(world: WireWorld) -> None:
    order = await world.send(Drafts(world)(side=Side.SELL, quantity="0.02"), Direction.SHORT)
    [held] = await world.books.positions()
    assert (held.direction, held.quantity) == (Direction.SHORT, D("0.02"))
    assert held.entry_price == order.average_price
    assert abs(held.mark / held.entry_price - 1) < D("0.01")
    assert held.leverage >= 1


@case(paper=_NO_BOOKS)
async def test_fees_of_a_spot_purchase_are_in_the_coin_bought(world: WireWorld) -> None:
    order = await world.send(Drafts(world)(kind=SPOT))
    fills = await world.books.fills(world.began_at, world.instrument(SPOT))
    assert {fill.fee_asset for fill in fills} == {"BTC"}
    assert 0 < sum(fill.fee for fill in fills) < order.filled * D("0.01")


@case(paper=_NO_BOOKS)
async def test_fees_of_a_spot_sale_and_of_perpetuals_are_in_quote(world: WireWorld) -> None:
    drafts = Drafts(world)
    await world.send(drafts(kind=SPOT, side=Side.SELL))
    await world.send(drafts())
    fills = await world.books.fills(world.began_at)
    assert {(fill.instrument.kind, fill.fee_asset) for fill in fills} == {
        (SPOT, "USDT"),
        (MarketKind.PERP, "USDT"),
    }
    assert all(fill.fee > 0 and fill.liquidity is Liquidity.TAKER for fill in fills)


@case(paper=_NO_BOOKS, bybit=_NO_POINTS)
async def test_fees_in_points_are_told_as_such(world: WireWorld) -> None:
    world.pay_in_points(D(100))
    await world.send(Drafts(world)())
    [fill] = await world.books.fills(world.began_at)
    assert (fill.fee_asset, fill.fee > 0) == ("POINT", True)


@case(paper=_NO_BOOKS)
async def test_fills_since_a_moment_are_told_once_the_oldest_first(world: WireWorld) -> None:
    drafts = Drafts(world)
    first = await world.send(drafts())
    await world.pass_time(60)
    between = world.clock.now()
    await world.pass_time(60)
    second = await world.send(drafts(kind=SPOT))
    every = await world.books.fills(world.began_at)
    assert [fill.client_id for fill in every] == [first.id, second.id]
    assert [fill.client_id for fill in await world.books.fills(between)] == [second.id]
    assert [fill.client_id for fill in await world.books.fills(world.began_at, first.intent.instrument)] == [
        first.id
    ]


@case(paper=_NO_BOOKS)
async def test_an_order_is_found_by_our_id_open_or_closed(world: WireWorld) -> None:
    drafts = Drafts(world)
    for draft, state in (
        (drafts.resting(), VenueOrderState.OPEN),
        (drafts.resting(kind=SPOT), VenueOrderState.OPEN),
        (drafts(), VenueOrderState.FILLED),
        (drafts(kind=SPOT), VenueOrderState.FILLED),
    ):
        await world.send(draft)
        told = await world.books.order(draft.id, draft.intent.instrument)
        assert told is not None
        assert (told.client_id, told.state, told.quantity) == (draft.id, state, D("0.01"))


@case(paper=_NO_BOOKS)
async def test_an_order_that_never_was_is_not_found(world: WireWorld) -> None:
    for kind in MarketKind:
        assert await world.books.order("never-was", world.instrument(kind)) is None


@case(paper=_NO_BOOKS)
async def test_orders_that_others_placed_are_seen(world: WireWorld) -> None:
    drafts = Drafts(world)
    ours = await world.send(drafts.resting())
    world.place_by_hand(drafts.beside(D("-0.07")))
    told = {one.client_id: one for one in await world.books.open_orders()}
    assert set(told) == {ours.id, ""}
    assert told[""].venue_id != told[ours.id].venue_id


@case(paper=_NO_BOOKS)
async def test_funding_is_told_with_its_sign(world: WireWorld) -> None:
    """The recorded rate is positive, so the long pays."""
    await world.send(Drafts(world)(quantity="0.1"))
    await world.pass_time(HOUR / 1000)
    fundings = await world.books.fundings(world.began_at)
    assert [funding.amount < 0 for funding in fundings] == [True]
    assert fundings[0].instrument.symbol == "BTCUSDT"
    assert abs(fundings[0].amount) == pytest.approx(D("0.1") * world.last() * D("0.0001"), rel=D("0.05"))
    assert await world.books.fundings(world.clock.now() + timedelta(seconds=1)) == []


@case(paper=_NO_BOOKS)
async def test_deposits_and_withdrawals_are_told_with_their_signs(world: WireWorld) -> None:
    since = await a_minute_on(world)
    world.endow("USDT", D(250))
    world.withdraw("USDT", D(40))
    came, went = sorted(await world.books.movements(since), key=lambda one: -one.amount)
    assert (came.amount, came.is_done) == (D(250), True)
    assert went.amount <= -40
    assert (came.kind, went.kind) == _KINDS[world.name]


@case(paper=_NO_BOOKS, gate=_ONE_WALLET)
async def test_a_deposit_to_another_wallet_counts_when_it_is_moved_here(world: WireWorld) -> None:
    since = await a_minute_on(world)
    world.exchange.exchange.treasury.deposit(world.account, "FUND", "USDT", D(250), world.exchange.now())
    assert await world.books.movements(since) == []
    await world.venue.transfer("move-2", "USDT", D(250), source="funding", target="unified")
    moved = await world.books.movements(since)
    assert [(one.kind, one.amount) for one in moved] == [(MovementKind.TRANSFER, D(250))]
    [usdt] = [one for one in await world.books.balances() if one.asset == "USDT"]
    assert usdt.total == OPENING["USDT"] + 250


@case(paper=_NO_BOOKS, gate=_ONE_WALLET)
async def test_a_transfer_happens_once_however_often_it_is_asked(world: WireWorld) -> None:
    since = await a_minute_on(world)
    for _ in range(2):
        await world.venue.transfer("move-1", "USDT", D(1000), source="unified", target="funding")
    [usdt] = [one for one in await world.books.balances() if one.asset == "USDT"]
    assert usdt.total == OPENING["USDT"] - 1000
    moved = await world.books.movements(since)
    assert [(one.kind, one.asset, one.amount) for one in moved] == [(MovementKind.TRANSFER, "USDT", D(-1000))]


@case(paper=_NO_BOOKS)
async def test_a_transfer_that_cannot_be_is_refused(world: WireWorld) -> None:
    with pytest.raises(Rejected):
        await world.venue.transfer("move-1", "USDT", D(10), source="unified", target="moon")


@case(paper=_NO_BOOKS)
async def test_the_mark_the_index_and_the_next_funding_are_told(world: WireWorld) -> None:
    mark = await world.books.mark(world.instrument())
    assert abs(mark.mark / mark.index - 1) < D("0.05")
    assert mark.funding_rate is not None
    assert mark.next_funding_at is not None
    assert timedelta(0) < mark.next_funding_at - world.clock.now() <= timedelta(hours=8)


@case(paper=_NO_BOOKS)
async def test_the_venues_time_is_real_time(world: WireWorld) -> None:
    off = await world.books.server_time() - world.clock.wire_now()
    assert abs(off) < timedelta(seconds=10)


@case(paper=_NO_BOOKS)
async def test_a_unified_account_tells_its_margin(world: WireWorld) -> None:
    before = await world.books.terms()
    assert before.is_unified
    await world.send(Drafts(world)(quantity="0.5"))
    after = await world.books.terms()
    assert before.margin_ratio is not None
    assert after.margin_ratio is not None
    assert before.margin_ratio < after.margin_ratio < 1


@case(paper=_NO_BOOKS, bybit=_NO_CLASSIC)
async def test_a_classic_account_is_refused_with_the_reason(world: WireWorld) -> None:
    venue, books = world.open_account(CLASSIC)
    assert not (await books.terms()).is_unified
    [event] = await venue.submit(Drafts(world).resting(), Direction.LONG)
    assert isinstance(event, VenueRejected)
    assert event.reason == "classic_account"


@case(paper=_NO_BOOKS)
async def test_the_rights_and_the_age_of_a_key_are_told(world: WireWorld) -> None:
    usual = await world.books.key()
    assert (usual.can_trade, usual.can_withdraw, usual.is_bound_to_ip) == (True, False, True)
    assert (await world.open_account(WITHDRAWING)[1].key()).can_withdraw
    assert not (await world.open_account(UNBOUND)[1].key()).is_bound_to_ip
    old = await world.open_account(OLD)[1].key()
    assert old.made_at is not None
    assert world.clock.wire_now() - old.made_at > timedelta(days=99)


@case(paper=_NO_BOOKS)
async def test_the_books_know_the_grids_of_the_venue(world: WireWorld) -> None:
    listed = {one.key: one for one in await world.books.instruments()}
    order = await world.send(Drafts(world)(quantity=str(world.instrument().lot)))
    assert order.state is OrderState.FILLED
    assert listed[MarketKind.PERP, "BTCUSDT"] == world.instrument()


async def a_minute_on(world: WireWorld) -> datetime:
    """A moment after which nothing has moved."""
    await world.pass_time(60)
    moment = world.clock.now()
    await world.pass_time(60)
    return moment
