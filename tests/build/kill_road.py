"""The road and the venues as a kill sees them: legs and orders in memory, with troubles on request."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.orders.subaccount import PAPER, is_person
from engines.risk.kill import Closing, Leg
from ports.errors import DeskError
from ports.people import Facts
from ports.venue_books import VenueOrder, VenueOrderState, VenuePosition
from services.killing import Killing
from services.stopping.report import KillReport
from tests.build.clock import NOON
from tests.build.latches import LatchDesk
from tests.build.orders import PERP, SPOT
from tests.build.stores import MemoryFacts


def a_leg(trade_id: int, instrument: Instrument = PERP, quantity: str = "1", **fields: object) -> Leg:
    """A long of the trend engine at Bybit."""
    usual = Leg(
        trade_id=trade_id,
        owner=-2,
        account="bybit",
        instrument=instrument,
        direction=Direction.LONG,
        quantity=Decimal(quantity),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]  # a builder takes what a leg takes


def a_venue_order(number: int = 1, instrument: Instrument = PERP, **fields: object) -> VenueOrder:
    """A limit that rests."""
    usual = VenueOrder(
        client_id=f"pp{number}-1",
        venue_id=str(number),
        instrument=instrument,
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=Decimal(1),
        filled=Decimal(0),
        limit_price=Decimal(80_000),
        state=VenueOrderState.OPEN,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(usual, **fields)  # type: ignore[arg-type]  # a builder takes what an order takes


@dataclass(slots=True)
class FakeVenueView:
    """A venue's own view of an account. `trouble`, while set, is raised; `is_silent`: it never answers."""

    orders: list[VenueOrder] = field(default_factory=list)
    held: list[VenuePosition] = field(default_factory=list)
    trouble: DeskError | None = None
    is_silent: bool = False
    looks: int = 0

    async def open_orders(self) -> Sequence[VenueOrder]:
        await self._answer()
        return list(self.orders)

    async def positions(self) -> Sequence[VenuePosition]:
        await self._answer()
        return list(self.held)

    async def _answer(self) -> None:
        self.looks += 1
        if self.is_silent:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble


@dataclass(slots=True)
class FakeRoad:
    """`Road` whose closes and cancels act on the venues' view at once.

    `trouble` by account is raised by everything that is sent there; `fills` is the part of a close that is
    filled at a time; `protects` are orders that come back after a cancel of everything.
    """

    held: dict[int, Leg]
    venues: Mapping[str, FakeVenueView]
    trouble: dict[str, Exception] = field(default_factory=dict)
    fills: Decimal = Decimal(1)
    paper_orders: int = 0
    sent: list[tuple[str, str]] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    doubts: dict[str, int] = field(default_factory=dict)
    comes_back: list[VenueOrder] = field(default_factory=list)

    def legs(self, *, has_paper: bool) -> Sequence[Leg]:
        return [leg for leg in self.held.values() if has_paper or not is_person(leg.owner)]

    def accounts(self) -> Set[str]:
        return {leg.account for leg in self.held.values() if not is_person(leg.owner)}

    def working(self, account: str, *, has_paper: bool) -> int:
        if account == PAPER:
            return self.paper_orders
        return len(self.venues[account].orders) if account in self.venues else 0

    def unsettled(self, account: str) -> int:
        return self.doubts.get(account, 0)

    def protects(self, order: VenueOrder) -> bool:
        return order.trigger_price is not None

    async def cancel_all(self, account: str) -> None:
        self._send("cancel", account)
        self.venues[account].orders[:] = self.comes_back

    async def cancel_paper(self, *, has_paper: bool) -> None:
        self._send("cancel", PAPER)
        self.paper_orders = 0

    async def close(self, closing: Closing, *, tries: int) -> None:
        leg = closing.leg
        self._send(f"close {leg.trade_id} {closing.quantity.normalize():f}", leg.account)
        self.tries.append(tries)
        filled = leg.instrument.quantity(closing.quantity * self.fills) or leg.instrument.lot
        left = leg.quantity - filled
        self.held[leg.trade_id] = replace(leg, quantity=left)
        if not left:
            del self.held[leg.trade_id]
        if leg.is_perp and leg.account != PAPER:
            self.venues[leg.account].held[:] = [*self._shown(leg.account)]

    async def slippage(self, closing: Closing) -> tuple[Decimal, Decimal | None] | None:
        return None if closing.leg.account in self.trouble else (Decimal(7), Decimal(70_000))

    def _send(self, what: str, account: str) -> None:
        self.sent.append((account, what))
        if account in self.trouble:
            raise self.trouble[account]

    def _shown(self, account: str) -> Sequence[VenuePosition]:
        return [a_position(leg) for leg in self.held.values() if leg.account == account and leg.is_perp]


def a_position(leg: Leg) -> VenuePosition:
    """A leg as its venue shows it."""
    return VenuePosition(
        instrument=leg.instrument,
        direction=leg.direction,
        quantity=leg.quantity,
        entry_price=Decimal(80_000),
        mark=Decimal(80_000),
        leverage=Decimal(2),
    )


ETH = replace(PERP, symbol="ETHUSDT", base="ETH")
HEDGED = (
    a_leg(1, PERP, "0.12", direction=Direction.SHORT),
    a_leg(2, SPOT, "0.53"),
    a_leg(3, ETH, "2", account="gate"),
)
"""A short with the coins it hedges and some more at Bybit, a long at Gate."""


@dataclass(slots=True)
class KillDesk:
    """A desk that can be killed: Bybit and Gate with an order each, and positions."""

    legs: Sequence[Leg] = HEDGED
    facts: Facts = field(default_factory=MemoryFacts)
    stops: LatchDesk = field(default_factory=LatchDesk)
    heard: list[KillReport] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    venues: dict[str, FakeVenueView] = field(init=False)
    road: FakeRoad = field(init=False)
    killing: Killing = field(init=False)

    def __post_init__(self) -> None:
        self.venues = {
            name: FakeVenueView(
                orders=[a_venue_order()],
                held=[a_position(leg) for leg in self.legs if leg.account == name and leg.is_perp],
            )
            for name in ("bybit", "gate")
        }
        self.road = FakeRoad({leg.trade_id: leg for leg in self.legs}, self.venues)
        self.killing = self.restarted()

    def restarted(self) -> Killing:
        """What a new process has, over the same store."""
        tokens = iter(f"token-{number}" for number in range(1000))
        return Killing(
            self.stops.latches,
            self.road,
            self.venues,
            self.stops.clock,
            self.facts,
            lambda: next(tokens),
            self.heard.append,
            pause=self._pause,
        )

    async def finished(self, killing: Killing | None = None) -> KillReport:
        """Let it work until everything is verified or given up; how it stands then."""
        killing = killing or self.killing
        running = asyncio.create_task(killing.run())
        try:
            async with asyncio.timeout(5):
                while not _is_over(killing.report) and not running.done():
                    await asyncio.sleep(0)
                await asyncio.sleep(0)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert killing.report is not None
        return killing.report

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.stops.clock.move(seconds)
        await asyncio.sleep(0)


def _is_over(report: KillReport | None) -> bool:
    return report is None or report.is_done or report.given_up is not None
