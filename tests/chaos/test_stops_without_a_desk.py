"""Coins are protected while nobody is there: the desk is killed, the price falls through the stop, the venue
sells, and the desk that comes back books it as it was."""

import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from engines.core.side import Side
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.simulate.exchange.order import ExchangeOrder, Execution, State
from tests.build.chaos import NOW_MS, Arena, a_lane
from tests.build.chaos_audit import differences
from tests.build.chaos_life import ACCOUNTS, WORLD
from tests.build.chaos_plan import Action, Deed, Plan
from tests.build.chaos_world import ChaosWorld, a_chaos_world
from tests.build.sandbox import until

STEP_S = 60.0
WISHES = tuple(
    Action(
        name=f"coins at {account}",
        deed=Deed.PROTECTED,
        account=account,
        coin="BTC",
        quantity="0.05",
        pause_s=60.0 if account == ACCOUNTS[-1] else 0.0,
        is_spot=True,
        away="0.004",
    )
    for account in ACCOUNTS
)


def asleep(world: ChaosWorld) -> list[ExchangeOrder]:
    """Stops that stand at the venues."""
    every = [one for name in ACCOUNTS for one in world.account(name).live_in()]
    return [one for one in every if one.state is State.SLEEPING]


def sales(world: ChaosWorld) -> dict[str, list[Execution]]:
    return {
        name: [one for one in world.account(name).executions if one.side is Side.SELL] for name in ACCOUNTS
    }


async def trades(folder: Path) -> dict[str, Trade]:
    """What the books say of the coins at each venue."""
    desk = await SqlDesk.open(f"sqlite:///{folder / 'desk.sqlite3'}", world=WORLD, mode="paper")
    try:
        found = {}
        for name in ACCOUNTS:
            owner = SubAccount(engine=EngineName.MANUAL, account=name).owner
            for trade in await desk.books.trades(owner, limit=10):
                orders = await desk.books.orders(trade.id)
                if orders[0].intent.account == name:
                    found[name] = trade
        return found
    finally:
        await desk.close()


@pytest.mark.timeout(180)
async def test_the_venue_sells_while_the_desk_is_dead_and_the_desk_books_it(tmp_path: Path) -> None:
    arena = await Arena.at(tmp_path)
    plan = Plan(seed=1, actions=WISHES, kills=(), faults={})
    async with a_chaos_world(arena.origin, NOW_MS) as world, a_lane() as lane:
        await lane.bear(world.url, tmp_path, plan, None)

        async def stand() -> bool:
            return len(asleep(world)) == len(ACCOUNTS)

        await until(stand, "both stops stand", within_s=60)
        lane.stop()
        assert await lane.end() == -signal.SIGKILL
        assert not any(sales(world).values())

        while asleep(world):
            await world.go_on(world.passed_s + STEP_S)
        sold = sales(world)
        assert all(len({one.order_id for one in of_venue}) == 1 for of_venue in sold.values())

        await lane.bear(world.url, tmp_path, replace(plan, actions=()), None)
        assert await lane.end() == 0
        assert await differences(world, tmp_path) == []
        assert sales(world) == sold
        for name, trade in (await trades(tmp_path)).items():
            assert (trade.state, trade.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
            assert trade.exited == sum((one.quantity for one in sold[name]), Decimal(0))
            assert trade.exit_proceeds == sum((one.price * one.quantity for one in sold[name]), Decimal(0))
