"""The road of orders by itself, in a process that may be killed at any moment: books on the disk, venues over
the wire, their comparison. No Telegram, no charts, no screens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from adapters.clock import StreamedClock
from adapters.exchange.build import build_market_source
from adapters.exchange.deferred import DeferredSource
from adapters.processes import SystemProcesses
from adapters.side_file import SideFile
from adapters.sql.desk import SqlDesk
from adapters.venues.build import Wiring, build_account
from adapters.venues.ccxt_books import CcxtBooks
from engines.orders.bracket import is_guard
from engines.orders.execution import USUAL
from engines.orders.order import Intent, OrderState
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from engines.risk.verdict import Check, Ruling, Verdict
from engines.simulate.costs import Fees
from ports.books import Books
from ports.tickets import Effect
from sandbox.accounts import TRADING
from services.latches import Latches, LatchNews
from services.lease import DeskLease
from services.ordering.judging import FundsOnly
from services.ordering.quoting import BookQuotes
from services.orders import Orders
from services.people import People
from services.reconciliation import Reconciliation
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.killing import Countdown, KillingBooks

log = structlog.get_logger()

WORLD = "chaos"
ACCOUNTS = ("bybit", "gate")
EXPIRY_S = 1.0
"""Instead of six seconds, with a receive window to match: a round is to be short."""
RECEIVE_MS = 500
MAKER_S = 0.3
SETTLE_S = 0.3
QUIET_S = 0.3
PATIENCE_S = 45.0
FEES = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))
_NOTHING = Decimal(0)


@dataclass(slots=True)
class LatchedGate:
    """A gate that looks at latches and money alone."""

    latches: Latches
    money: FundsOnly

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        latch = self.latches.stopping(intent)
        if latch is None:
            return self.money.judge(intent, trade)
        check = Check(code=latch.id, is_kept=False)
        return Verdict(ruling=Ruling.DENY, quantity=_NOTHING, decisive=check, checks=(check,))

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        return self.money.effect(intent, trade, price)


@dataclass(slots=True, kw_only=True)
class Life:
    """A desk from its start to its end, or to `kill -9`."""

    clock: StreamedClock
    desk: SqlDesk
    books: dict[str, CcxtBooks]
    latches: Latches
    lease: DeskLease
    orders: Orders
    reconciliation: Reconciliation
    quotes: BookQuotes
    url: str
    running: "asyncio.Task[None] | None" = None

    async def start(self) -> None:
        """As a desk starts: the lease, what stops it, what it holds."""
        await self.clock.ready()
        await self.lease.take()
        await self.latches.load()
        await self.orders.register.load()
        await self.orders.start()

    async def run(self) -> None:
        """Endless."""
        async with asyncio.TaskGroup() as loops:
            for part in (self.latches, self.lease, self.orders, self.reconciliation):
                loops.create_task(part.run())

    async def ready(self) -> None:
        """Until what happened before is known and entries are let in."""
        await self.until(lambda: not self.latches.all() and all(map(self._hears, ACCOUNTS)), "ready")

    async def until(self, is_so: Any, what: str) -> None:
        """Raises `TimeoutError` that names what did not come."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not is_so():
                    if self.running is not None and self.running.done():
                        self.running.result()  # it never ends by itself: this raises why it did
                    await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise TimeoutError(f"not {what}: {self.describe()}") from error

    async def settled(self) -> None:
        """Until nothing is under way, and nothing was for a moment."""
        loop = asyncio.get_running_loop()
        since = loop.time()

        def is_quiet() -> bool:
            nonlocal since
            if self.is_busy():
                since = loop.time()
            return loop.time() - since >= QUIET_S

        await self.until(is_quiet, "settled")

    def is_busy(self) -> bool:
        """Whether anything but stops, targets and what waits for a person is not over, or anything is in
        doubt."""
        resolver, register = self.orders.resolver, self.orders.register
        working = [order for account in ACCOUNTS for order in register.working(account)]
        is_under_way = any(
            not (is_guard(one) and one.state is OrderState.OPEN)
            for one in working
            if one.state is not OrderState.AWAITING_APPROVAL
        )
        is_bare = any(
            bool(self.orders.brackets.steps(held))
            for held in register.live()
            if self.orders.brackets.concerns(held)
        )
        return is_under_way or is_bare or any(resolver.doubted(account) for account in ACCOUNTS)

    def describe(self) -> str:
        """What is under way, for a failure."""
        register = self.orders.register
        orders = [f"{one.id} {one.state}" for name in ACCOUNTS for one in register.working(name)]
        doubts = {name: list(self.orders.resolver._doubts.get(name, {})) for name in ACCOUNTS}
        latches = [f"{latch.id} {latch.detail}" for latch in self.latches.all()]
        return f"orders {orders}, in doubt {doubts}, latches {latches}, up {self.orders.hearing.up}"

    def _hears(self, account: str) -> bool:
        return self.orders.hearing.up.get(account, False)


@asynccontextmanager
async def a_life(url: str, folder: Path, countdown: Countdown | None = None) -> AsyncIterator[Life]:
    """The road to the venues at `url` over the books in `folder`, which are ended with a `countdown`."""
    clock = StreamedClock(f"{url.replace('http', 'ws', 1)}/clock")
    following = asyncio.create_task(clock.run())
    desk = await SqlDesk.open(f"sqlite:///{folder / 'desk.sqlite3'}", world=WORLD, mode="paper")
    accounts = {name: _account(name, url, clock) for name in ACCOUNTS}
    source = DeferredSource("bybit", partial(build_market_source, "bybit", clock, base_url=f"{url}/bybit"))
    quotes = BookQuotes(source, clock, 30)
    latches = Latches(SideFile(folder / "latches.json"), desk.latches, clock, _tell_latch)
    kept: Books = desk.books if countdown is None else KillingBooks(desk.books, countdown)
    register = Register(kept, clock, Decimal(1000))
    funds = Funds(register, FEES)
    people = People(desk.people, desk.facts, clock, lambda: "code")
    processes = SystemProcesses()
    lease = DeskLease(desk.lease, processes, clock, processes.own_name(), latches.pull, latches.release)
    orders = Orders.over(
        {name: venue for name, (venue, _) in accounts.items()},
        {name: books for name, (_, books) in accounts.items()},
        register,
        funds,
        Teller(people, clock, lambda event, person: None, lambda: None),
        clock,
        gate=LatchedGate(latches, FundsOnly(funds)),
        quotes=quotes.of,
        breakers=latches,
        tell=_tell,
        pace=replace(USUAL, maker_s=MAKER_S),
    )
    orders.resolver.expiry_s = EXPIRY_S
    reconciliation = Reconciliation.over(
        orders, desk.facts, latches, _tell, clock, lambda account: EngineName.MANUAL
    )
    reconciliation.settle_s = SETTLE_S
    books = {name: books for name, (_, books) in accounts.items()}
    life = Life(
        clock=clock,
        desk=desk,
        books=books,
        latches=latches,
        lease=lease,
        orders=orders,
        reconciliation=reconciliation,
        quotes=quotes,
        url=url,
    )
    try:
        await life.start()
        running = life.running = asyncio.create_task(life.run())
        try:
            yield life
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await lease.give_back()
    finally:
        following.cancel()
        for one in books.values():
            await one.close()
        await source.close()
        await desk.close()


def _account(name: str, url: str, clock: StreamedClock) -> tuple[Any, CcxtBooks]:
    secrets = {f"{name.upper()}_API_KEY": TRADING.key, f"{name.upper()}_API_SECRET": TRADING.secret}
    wiring = Wiring(
        base_url=f"{url}/{name}",
        timeout_ms=2_000,
        recv_window_ms=RECEIVE_MS,
        acts_per_s=10_000,
        reads_per_s=10_000,
        pauses_s=(0.05, 0.2),
        ping_s=1.0,
    )
    return build_account(name, wiring, secrets.get, clock)


async def _tell(finding: Any) -> None:
    log.warning("finding", code=finding.code, account=finding.account, **finding.params)


async def _tell_latch(news: LatchNews) -> None:
    log.info("latch", id=news.latch.id, detail=news.latch.detail)
