"""A key that may only read, over the wire: the account is watched, and no order can go there."""

from decimal import Decimal

import pytest

from engines.core.side import Direction
from ports.errors import Refused
from ports.venue_books import VenueBooks
from sandbox.accounts import READING, WITHDRAWING, ApiKey
from services.accounts import VenueAccounts
from services.orders import Orders
from services.people import People
from services.reconciliation import Reconciliation
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.live_desk import MemoryBreakers
from tests.build.paper_desk import FEES
from tests.build.reconciling import Outlasting, a_money_desk
from tests.build.stores import MemoryFacts, MemoryPeople
from tests.build.venue_worlds import BYBIT, GATE, Drafts, WireWorld

both = pytest.mark.parametrize("world", [BYBIT, GATE], indirect=True)


def accounts_of(world: WireWorld, key: ApiKey, admitted: list[str]) -> VenueAccounts:
    """The desk's accounts with this key."""

    async def connect(account: str) -> VenueBooks:
        return world.open_account(key)[1]

    async def admit(account: str) -> None:
        admitted.append(account)

    return VenueAccounts(connect, admit)


async def watching(world: WireWorld, accounts: VenueAccounts, left: Outlasting) -> Reconciliation:
    """A desk without real money that compares what it watches."""
    register = Register(left.books, world.clock, Decimal(1000))
    people = People(MemoryPeople(), MemoryFacts(), world.clock, lambda: "code")
    breakers = MemoryBreakers()

    async def tell(finding: object) -> None:
        raise AssertionError(finding)

    orders = Orders.over(
        {},
        {},
        register,
        Funds(register, FEES),
        Teller(people, world.clock, lambda event, person: None, lambda: None),
        world.clock,
        breakers=breakers,
        tell=tell,
    )
    await register.load()
    return Reconciliation.over(
        orders, left.facts, breakers, tell, world.clock, lambda account: None, accounts.monitored
    )


@both
async def test_balances_positions_and_orders_are_seen(world: WireWorld) -> None:
    draft = Drafts(world)
    held = await world.send(draft(quantity="0.02"))
    resting = await world.send(draft.resting())
    admitted: list[str] = []
    accounts = accounts_of(world, READING, admitted)
    await accounts.monitor(world.name)
    reconciliation = await watching(world, accounts, Outlasting())

    assert reconciliation.accounts() == [world.name]
    seen = await reconciliation.compare(world.name)
    assert seen.is_monitored
    assert not seen.is_ours
    assert seen.theirs.totals["BTC"] == 1
    assert set(seen.theirs.positions.values()) == {held.filled}
    assert [one.client_id for one in seen.strangers.values()] == [resting.id]
    assert seen.differences == ()
    await reconciliation.nightly()
    with pytest.raises(Refused, match="account_key_reads_only"):
        await accounts.open(world.name)
    assert admitted == []


@both
async def test_what_an_engine_left_there_is_compared_and_nothing_done_about_it(world: WireWorld) -> None:
    """The key was exchanged for one that only reads while a position is held."""
    left = Outlasting()
    desk = await a_money_desk(world, left)
    assert await desk.begin()
    await desk.trade()
    accounts = accounts_of(world, READING, [])
    await accounts.monitor(world.name)
    reconciliation = await watching(world, accounts, left)

    seen = await reconciliation.compare(world.name)
    assert seen.is_ours
    assert seen.is_monitored
    assert seen.differences == ()
    world.endow("USDT", Decimal(5))
    desk.by_hand(side=Drafts(world)().intent.side, quantity="0.01", direction=Direction.LONG)
    [position] = [one for one in (await reconciliation.compare(world.name)).open if one.place is not None]
    for deed in (reconciliation.adopt, reconciliation.close, reconciliation.ignore):
        with pytest.raises(Refused, match="account_monitored"):
            await deed(world.name, position.key, position.state)


@both
async def test_a_key_that_may_withdraw_is_not_used_for_watching_either(world: WireWorld) -> None:
    accounts = accounts_of(world, WITHDRAWING, [])
    with pytest.raises(Refused, match="account_key_withdraws"):
        await accounts.monitor(world.name)
    assert accounts.monitored() == {}
