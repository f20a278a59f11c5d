"""The comparison with a venue: when it runs, what it stops, and who hears of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.orders.subaccount import EngineName
from engines.risk.latch import Cause
from ports.desk_state import Approval, Policy
from ports.errors import Refused, Transient
from ports.venue_books import VenueBalance
from services.ordering.findings import Finding
from services.reconciliation import Reconciliation
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk
from tests.build.stores import MemoryFacts

D = Decimal
ON = Policy(engine=EngineName.MANUAL, approval=Approval.ASK, account="bybit")


@dataclass(slots=True)
class Side:
    """A desk whose venue has a thousand dollars; `engine` is who trades real money there."""

    desk: LiveDesk
    reconciliation: Reconciliation = field(init=False)
    engine: EngineName | None = EngineName.MANUAL

    def __post_init__(self) -> None:
        desk = self.desk
        desk.venue.money["USDT"] = D(1000)

        async def tell(finding: Finding) -> None:
            desk.findings.append(finding)

        self.reconciliation = Reconciliation.over(
            desk.orders, MemoryFacts(), desk.breakers, tell, desk.clock, lambda account: self.engine
        )
        self.reconciliation.settle_s = 0.0

    def cash(self) -> Decimal:
        """Money of the desk's own hand."""
        return self.desk.orders.register.balances(LIVE.owner).get(("cash", "USDT"), D(0))


class PaidMeanwhile(FakeVenue):
    """Somebody pays in while the balances are read for the first time."""

    async def balances(self) -> Sequence[VenueBalance]:
        told = await FakeVenue.balances(self)
        if not self.moves:
            self.pay_in("5")
        return told


async def a_side() -> Side:
    return Side(await a_live_desk())


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


async def test_nothing_is_taken_over_before_an_engine_trades_there() -> None:
    side = await a_side()
    side.engine = None
    await side.reconciliation.conclude("bybit")
    assert not (await side.reconciliation.compare("bybit")).is_ours
    assert side.cash() == 0
    side.engine = EngineName.MANUAL
    running = asyncio.create_task(side.reconciliation.run())
    side.reconciliation.hear(ON)
    await until(lambda: side.cash() == D(1000))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_money_that_comes_right_after_is_booked_also_where_a_venue_tells_whole_seconds() -> None:
    side = await a_side()
    side.desk.venue.pay_in("50")
    await side.reconciliation.conclude("bybit")
    assert side.cash() == D(1050)
    side.desk.venue.pay_in("7", earlier=timedelta(seconds=0.9))
    await side.reconciliation.conclude("bybit")
    assert side.cash() == D(1057)
    assert "mismatch:bybit" not in side.desk.breakers.pulled


async def test_money_that_moves_while_it_is_counted_is_counted_again() -> None:
    side = Side(await a_live_desk(venue=PaidMeanwhile(HandClock())))
    with pytest.raises(Transient, match="money moved"):
        await side.reconciliation.conclude("bybit")
    assert side.cash() == 0
    await side.reconciliation.conclude("bybit")
    assert side.cash() == D(1005)
    assert "mismatch:bybit" not in side.desk.breakers.pulled


async def test_an_engine_that_goes_to_paper_wants_nothing() -> None:
    side = await a_side()
    side.reconciliation.hear(Policy(engine=EngineName.MANUAL, account="bybit"))
    running = asyncio.create_task(side.reconciliation.run())
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert side.cash() == 0


async def test_every_night_what_differs_stops_the_account() -> None:
    side = await a_side()
    await side.reconciliation.nightly()
    assert f"mismatch:{LIVE.account}" not in side.desk.breakers.pulled
    side.desk.venue.money["USDT"] = D("993.5")
    await side.reconciliation.nightly()
    latch = side.desk.breakers.pulled["mismatch:bybit"]
    assert (latch.cause, latch.scope.account, latch.detail) == (Cause.MISMATCH, "bybit", "USDT -6.5")


async def test_a_venue_that_cannot_be_asked_is_told_and_stops_nothing() -> None:
    side = await a_side()
    await side.reconciliation.conclude("bybit")
    side.desk.venue.on_read.append(Trouble.BUSY)
    await side.reconciliation.nightly()
    assert [finding.code for finding in side.desk.findings] == ["not_compared"]
    assert "mismatch:bybit" not in side.desk.breakers.pulled


async def test_an_account_that_is_not_open_is_refused() -> None:
    side = await a_side()
    with pytest.raises(Refused, match="account_closed"):
        await side.reconciliation.compare("gate")


async def test_while_an_order_is_under_way_nothing_is_adopted() -> None:
    side = await a_side()
    await side.reconciliation.conclude("bybit")
    side.desk.venue.on_submit.append(Trouble.LOST_BEFORE)
    await side.desk.place("1")
    side.desk.venue.money["USDT"] = D(900)
    seen = await side.reconciliation.compare("bybit")
    [one] = seen.differences
    assert not seen.is_sure
    with pytest.raises(Refused, match="difference_changed"):
        await side.reconciliation.adopt("bybit", one.key, one.state)
    assert side.cash() == D(1000)
