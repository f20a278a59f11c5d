"""A kill of a desk that holds real money at two exchanges, over the wire: what is closed, what is kept, and
that books and venues agree to the last digit."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.ledger import booking
from engines.orders.naming import intent_name
from engines.orders.order import Intent, OrderKind, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.risk.latch import KillLevel
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from services.killing import Killing
from services.stopping.report import AccountReport, KillReport, KillWish
from services.stopping.road import OrderRoad
from tests.build.chaos_life import ACCOUNTS, WORLD, Life, a_life
from tests.build.chaos_world import ChaosWorld, a_chaos_world
from tests.build.locks import locked_by_another_process
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.sandbox import until

D = Decimal
_START = JANUARY_MS + 3 * DAY
_HAND = SubAccount(engine=EngineName.MANUAL, account="bybit")

Place = tuple[str, MarketKind, str, Direction]
BTC_SHORT: Place = ("bybit", MarketKind.PERP, "BTC", Direction.SHORT)
BTC_COINS: Place = ("bybit", MarketKind.SPOT, "BTC", Direction.LONG)
ETH_LONG: Place = ("gate", MarketKind.PERP, "ETH", Direction.LONG)
ETH_COINS: Place = ("gate", MarketKind.SPOT, "ETH", Direction.LONG)
HELD = {BTC_SHORT: D("0.02"), BTC_COINS: D("0.05"), ETH_LONG: D("0.5"), ETH_COINS: D("0.4")}
"""A short with more coins than it hedges, a long that nothing hedges, and coins that hedge nothing."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Six recorded days."""
    return recorded_origin(a_recording(tmp_path_factory.mktemp("recording")), _START)


@pytest.fixture
async def holding(origin: Origin, tmp_path: Path) -> AsyncIterator["Holding"]:
    """A desk that holds `HELD`, and its kill at work."""
    async with (
        a_chaos_world(origin, _START + 7 * HOUR + 23 * MINUTE) as world,
        a_holding(world, tmp_path) as one,
    ):
        await one.life.ready()
        for place, quantity in HELD.items():
            await one.enter(place, quantity)
        await one.life.settled()
        yield one


@dataclass(slots=True, kw_only=True)
class Holding:
    """The desk, and the kill over it."""

    world: ChaosWorld
    life: Life
    killing: Killing

    async def enter(self, place: Place, quantity: Decimal, *, at: Decimal | None = None) -> None:
        """Open a position at the market, or let an order for it rest."""
        account, kind, base, direction = place
        listed = await self.life.books[account].instruments()
        instrument = next(one for one in listed if (one.kind, one.base) == (kind, base))
        sub_account = SubAccount(engine=EngineName.MANUAL, account=account)
        trade = await self.life.orders.trade_for(sub_account, instrument, direction)
        entry = Intent(
            id=intent_name(EngineName.MANUAL, f"{account} {kind} {base} {at}"),
            owner=trade.owner,
            account=account,
            engine=EngineName.MANUAL,
            trade_id=trade.id,
            instrument=instrument,
            side=direction.entry,
            quantity=quantity,
            kind=OrderKind.MARKET if at is None else OrderKind.LIMIT,
            limit_price=at,
            purpose=Purpose.ENTRY,
            created_at=trade.created_at,
        )
        await self.life.orders.place(trade, [entry])

    async def kill(self, level: KillLevel) -> None:
        """Look at what it would do, and confirm it."""
        wish = KillWish(level=level, by=11, at=self.life.clock.wire_now())
        _, token = await self.killing.preview(wish, chat_id=1)
        await self.killing.confirm(token, by=11, chat_id=1)

    async def done(self) -> KillReport:
        """How it ended."""
        await self.seen(lambda report: report.is_done, "done")
        await self.life.settled()
        assert self.killing.report is not None
        return self.killing.report

    async def seen(self, is_so: Callable[[KillReport], bool], what: str) -> KillReport:
        """How it stands as soon as it stands so."""

        async def look() -> KillReport | None:
            report = self.killing.report
            return report if report is not None and is_so(report) else None

        return await until(look, f"a kill that is {what}")

    def held(self) -> dict[Place, Decimal]:
        """Positions by the books that are large enough to be closed."""
        found: dict[Place, Decimal] = {}
        for one in self.life.orders.register.live():
            trade, instrument = one.trade, one.trade.instrument
            if quantity := instrument.quantity(trade.quantity):
                account = one.orders[0].intent.account
                found[account, instrument.kind, instrument.base, trade.direction] = quantity
        return found

    async def assert_agrees(self) -> None:
        """Perpetuals, fills and every asset are in the books as they are at the venues."""
        books = self.life.desk.books
        ours = Counter(
            (order.intent.account, order.id, fill.price, fill.quantity)
            for order, fill in await books.fills(_HAND.owner)
        )
        theirs = Counter(
            (name, one.client_id.removeprefix("t-"), one.price, one.quantity)
            for name in ACCOUNTS
            for one in self.world.account(name).executions
        )
        assert ours == theirs
        ledger: Counter[str] = Counter()
        for entry in await books.entries(_HAND.owner):
            for posting in entry.postings:
                if booking.is_own(posting.account):
                    ledger[posting.asset] += posting.amount  # type: ignore[assignment]  # Decimals count, too
        assert {asset: amount for asset, amount in ledger.items() if amount} == wallets(self.world)
        here = {
            place[:1] + place[2:]: size for place, size in self.held().items() if place[1] is MarketKind.PERP
        }
        there = {
            (name, one.instrument.base, Direction.LONG if one.size > 0 else Direction.SHORT): abs(one.size)
            for name in ACCOUNTS
            for one in self.world.account(name).held()
        }
        assert here == there


def wallets(world: ChaosWorld) -> dict[str, Decimal]:
    """Everything in the wallets that trade, of both venues, by asset."""
    total: dict[str, Decimal] = {}
    for name in ACCOUNTS:
        account = world.account(name)
        for asset, amount in account.assets(account.setup.perp_wallet):
            total[asset] = total.get(asset, D(0)) + amount
    return {asset: amount for asset, amount in total.items() if amount}


@asynccontextmanager
async def a_holding(world: ChaosWorld, folder: Path) -> AsyncIterator[Holding]:
    """A desk that has just started, with nothing held."""
    tokens = count()
    desk = await SqlDesk.open(f"sqlite:///{folder / 'desk.sqlite3'}", world=WORLD, mode="paper")
    await desk.close()
    async with a_life(world.url, folder) as life:
        road = OrderRoad(life.orders, life.orders.register, life.quotes.of, life.clock)
        killing = Killing(
            life.latches,
            road,
            life.books,
            life.clock,
            life.desk.facts,
            lambda: f"token-{next(tokens)}",
            lambda report: None,
        )
        running = asyncio.create_task(killing.run())
        try:
            yield Holding(world=world, life=life, killing=killing)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.timeout(120)
async def test_perpetuals_and_what_they_hedge_are_closed_then_everything(holding: Holding) -> None:
    assert set(holding.held()) == set(HELD)

    await holding.kill(KillLevel.CLOSE_PERPS)
    report = await holding.done()

    kept = holding.held()
    assert set(kept) == {BTC_COINS, ETH_COINS}
    assert D("0.029") <= kept[BTC_COINS] <= D("0.03")  # the fee was paid in coins
    assert kept[ETH_COINS] >= D("0.39")
    assert all((one.orders, one.perps, one.closings) == (0, 0, 0) for one in _real(report))
    await holding.assert_agrees()

    await holding.kill(KillLevel.FLAT)
    report = await holding.done()

    assert holding.held() == {}
    assert all((one.orders, one.perps, one.closings) == (0, 0, 0) for one in _real(report))
    assert report.verified_at is not None
    await holding.assert_agrees()


@pytest.mark.timeout(120)
async def test_a_venue_that_is_down_holds_up_no_other_and_is_done_when_it_is_back(holding: Holding) -> None:
    holding.world.faults.merge({"gate": {"down": True}})

    await holding.kill(KillLevel.FLAT)
    report = await holding.seen(lambda one: one.accounts["bybit"].is_done and _is_stuck(one), "half done")

    assert not report.is_done
    assert report.accounts["gate"].problem is not None
    assert set(holding.held()) == {ETH_LONG, ETH_COINS}
    assert list(holding.world.account("bybit").held()) == []

    holding.world.faults.clear()
    await holding.done()

    assert holding.held() == {}
    await holding.assert_agrees()


@pytest.mark.timeout(120)
async def test_another_process_that_locks_the_database_holds_up_no_close(
    holding: Holding, tmp_path: Path
) -> None:
    database = tmp_path / "desk.sqlite3"
    waiting = tmp_path / "desk.sqlite3-waiting.jsonl"
    bought = next(one for one in holding.world.account("bybit").executions if one.side is Side.BUY)
    await holding.enter(BTC_COINS, D("0.01"), at=round(bought.price * D("0.98"), 0))
    assert len(await holding.life.books["bybit"].open_orders()) == 1
    before = stored_fills(database)
    async with locked_by_another_process(database):
        await holding.kill(KillLevel.CLOSE_PERPS)
        assert "kill" in (tmp_path / "latches.json").read_text()
        report = await holding.done()

        assert report.verified_at is not None
        assert all((one.orders, one.perps, one.closings) == (0, 0, 0) for one in _real(report))
        assert set(holding.held()) == {BTC_COINS, ETH_COINS}
        await holding.assert_agrees()
        assert stored_fills(database) == before, "all of it is beside the database"

    async def is_moved() -> bool:
        return waiting.read_bytes() == b""

    await until(is_moved, "what waited is in the database")
    await holding.assert_agrees()
    assert stored_fills(database) == sum(len(holding.world.account(name).executions) for name in ACCOUNTS)
    assert stored_fills(database) > before


def stored_fills(database: Path) -> int:
    """By the tables alone."""
    with closing(sqlite3.connect(database)) as there:
        return int(there.execute("SELECT count(*) FROM fills").fetchone()[0])


def _is_stuck(report: KillReport) -> bool:
    return report.accounts["gate"].tries > 0


def _real(report: KillReport) -> list[AccountReport]:
    return [report.accounts[name] for name in ACCOUNTS]
