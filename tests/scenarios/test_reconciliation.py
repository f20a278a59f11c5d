"""What happened at a venue while nobody looked, over the wire: booked where it can be explained, told and
stopped where it cannot, the same twice, and whole after any kill."""

from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from engines.core.side import Direction, Side
from engines.ledger.entry import EntryKind
from engines.orders.reconcile import DifferenceKind
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from tests.build.killing import Countdown, Killed
from tests.build.reconciling import MoneyDesk, Outlasting, a_money_desk
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.venue_worlds import BYBIT, GATE, WireWorld, running_wire_world

D = Decimal
_START = JANUARY_MS + 3 * DAY
_MISSED = {
    BYBIT: {EntryKind.FUNDING: 1, EntryKind.TRANSFER: 2},  # its log does not say where from, or where to
    GATE: {EntryKind.FUNDING: 1, EntryKind.DEPOSIT: 1, EntryKind.WITHDRAWAL: 1},
}
both = pytest.mark.parametrize("world", [BYBIT, GATE], indirect=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Six recorded days, on which every test plays from the same moment: before a settlement of funding."""
    return recorded_origin(a_recording(tmp_path_factory.mktemp("recording")), _START)


@pytest.fixture
async def world(request: pytest.FixtureRequest, origin: Origin) -> AsyncIterator[WireWorld]:
    now_ms = _START + 7 * HOUR + 23 * MINUTE
    async with running_wire_world(request.param, origin, now_ms) as running:
        yield running


@pytest.fixture
def left() -> Outlasting:
    return Outlasting()


@both
async def test_what_lies_at_a_venue_is_taken_over_once(world: WireWorld, left: Outlasting) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    first = await desk.reconciliation.compare(world.name)
    assert first.differences == ()
    assert first.ours.totals == first.theirs.totals
    assert first.ours.totals["USDT"] > 0

    again = await a_money_desk(world, left)
    assert await again.begin()
    assert (await again.reconciliation.compare(world.name)).ours == first.ours
    assert again.breakers.pulled == {}


@both
async def test_a_desk_that_was_dead_finds_all_of_it(world: WireWorld, left: Outlasting) -> None:
    """Fills, funding, a deposit and a withdrawal while nobody listened."""
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    trade = await desk.trade()
    await desk.rest(trade)
    await miss_much(world)

    again = await a_money_desk(world, left)
    assert await again.begin()
    seen = await again.reconciliation.compare(world.name)
    assert seen.differences == ()
    trade = await again.see(trade)
    assert trade.quantity == D("0.03")
    assert trade.funding != 0
    kinds = Counter(entry.kind for entry in await left.books.entries(trade.owner))
    assert {kind: kinds[kind] for kind in _MISSED[world.name]} == _MISSED[world.name]
    assert again.breakers.pulled == {}


@both
async def test_twice_changes_nothing(world: WireWorld, left: Outlasting) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    trade = await desk.trade()
    await desk.rest(trade)
    await miss_much(world)
    assert await desk.begin()
    before = (await left.books.entries(trade.owner), await desk.see(trade), len(left.books.changes))
    assert await desk.begin()
    assert await desk.agrees()
    after = (await left.books.entries(trade.owner), await desk.see(trade), len(left.books.changes))
    assert after == before


@both
async def test_killed_at_every_step_of_it_and_again(world: WireWorld, left: Outlasting) -> None:
    """Each start gets one step further than the last before it is killed."""
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    trade = await desk.trade()
    await desk.rest(trade)
    await miss_much(world)
    kills = 0
    while True:
        countdown = Countdown(at=1 + kills % 4)
        try:
            again = await a_money_desk(world, left, countdown=countdown)
            assert await again.begin()
            break
        except Killed:
            kills += 1
            assert kills < 40, "it never gets through"
    assert kills >= 3
    assert await again.agrees()
    trade = await again.see(trade)
    assert trade.quantity == D("0.03")


@both
async def test_a_foreign_position_stops_the_account_until_it_is_adopted(
    world: WireWorld, left: Outlasting
) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    desk.by_hand(Side.SELL, "0.05")
    assert await desk.begin()
    assert "BTCUSDT" in desk.mismatch
    await mend_all(desk)
    assert await desk.agrees()
    [held] = desk.orders.register.live()
    assert (held.trade.direction, held.trade.quantity) == (Direction.SHORT, D("0.05"))


@both
async def test_a_foreign_position_is_closed_by_the_road(world: WireWorld, left: Outlasting) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    desk.by_hand(Side.BUY, "0.05")
    seen = await desk.reconciliation.compare(world.name)
    [one] = [each for each in seen.differences if each.kind is DifferenceKind.POSITION]
    await desk.reconciliation.close(world.name, one.key, one.state)
    assert await desk.begin()
    assert not await world.books.positions()
    await mend_all(desk)
    assert await desk.agrees()
    assert desk.orders.register.live() == []


@both
async def test_a_position_that_others_closed_is_given_up(world: WireWorld, left: Outlasting) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    trade = await desk.trade()
    desk.by_hand(Side.SELL, "0.02", direction=Direction.LONG)
    assert await desk.begin()
    assert "BTCUSDT" in desk.mismatch
    await mend_all(desk)
    assert await desk.agrees()
    assert (await desk.see(trade)).quantity == 0


@both
async def test_a_foreign_order_is_ignored_until_it_changes_or_cancelled(
    world: WireWorld, left: Outlasting
) -> None:
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    desk.by_hand(Side.BUY, "0.01", price=world.instrument().price(world.last() * D("0.9")))
    seen = await desk.reconciliation.compare(world.name)
    [one] = seen.open
    assert one.kind is DifferenceKind.ORDER
    assert (await desk.reconciliation.ignore(world.name, one.key, one.state)).open == ()
    assert (await desk.reconciliation.compare(world.name)).open == ()
    left_alone = await desk.reconciliation.close(world.name, one.key, one.state)
    assert left_alone.differences == ()
    assert not await world.books.open_orders()


@both
async def test_nothing_enters_while_the_venue_cannot_be_read(world: WireWorld, left: Outlasting) -> None:
    desk = await a_money_desk(world, left)
    world.fault(down=True)
    assert not await desk.begin()
    assert f"starting:{world.name}" in desk.breakers.pulled
    world.mend()
    assert await desk.begin()
    assert desk.breakers.pulled == {}


async def miss_much(world: WireWorld) -> None:
    """The market goes on past a settlement, a resting order is served, money comes and goes."""
    [order] = list(world.account.live_in())
    assert order.limit_price is not None
    world.exchange.exchange.fill(world.account, order, D("0.01"), order.limit_price, world.exchange.now())
    await world.pass_time(HOUR / 1000)
    world.endow("USDT", D("12.5"))
    world.withdraw("USDT", D("7.25"))


async def mend_all(desk: MoneyDesk) -> None:
    """Adopt everything that differs."""
    for _ in range(5):
        seen = await desk.reconciliation.compare(desk.world.name)
        if not seen.differences:
            return
        one = seen.differences[0]
        await desk.reconciliation.adopt(desk.world.name, one.key, one.state)
