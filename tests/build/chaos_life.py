"""The road of orders by itself, in a process that may be killed at any moment: books on the disk, venues over
the wire, a script of what is wanted. No Telegram, no charts, no screens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
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
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.bracket import is_guard
from engines.orders.execution import USUAL
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, Intent, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.verdict import Check, Ruling, Verdict
from engines.simulate.costs import Fees
from ports.books import Conflict
from ports.errors import DeskError, Refused, Transient, Uncertain
from ports.tickets import Effect, Ticket, TicketState
from sandbox.accounts import TRADING
from services.latches import Latches, LatchNews
from services.lease import DeskLease
from services.ordering.judging import FundsOnly
from services.ordering.naming import first_order, intent_name
from services.ordering.quoting import BookQuotes
from services.orders import Orders
from services.people import People
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.chaos_plan import COINS, Action, Deed

log = structlog.get_logger()

WORLD = "chaos"
ACCOUNTS = ("bybit", "gate")
EXPIRY_S = 1.0
"""Instead of six seconds, with a receive window to match: a round is to be short."""
RECEIVE_MS = 500
MAKER_S = 0.3
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
    quotes: BookQuotes
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
            for part in (self.latches, self.lease, self.orders):
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
        """Whether anything but stops and targets is not over, or anything is in doubt."""
        resolver, register = self.orders.resolver, self.orders.register
        working = [order for account in ACCOUNTS for order in register.working(account)]
        is_under_way = any(not (is_guard(one) and one.state is OrderState.OPEN) for one in working)
        is_bare = any(
            self.orders.brackets.concerns(held)
            and held.trade.stop is not None
            and held.trade.quantity > 0
            and not self.orders.brackets.covers(held, Purpose.STOP)
            for held in register.live()
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
async def a_life(url: str, folder: Path) -> AsyncIterator[Life]:
    """The road to the venues at `url` over the books in `folder`."""
    clock = StreamedClock(f"{url.replace('http', 'ws', 1)}/clock")
    following = asyncio.create_task(clock.run())
    desk = await SqlDesk.open(f"sqlite:///{folder / 'desk.sqlite3'}", world=WORLD, mode="paper")
    accounts = {name: _account(name, url, clock) for name in ACCOUNTS}
    source = DeferredSource("bybit", partial(build_market_source, "bybit", clock, base_url=f"{url}/bybit"))
    quotes = BookQuotes(source, clock, 30)
    latches = Latches(SideFile(folder / "latches.json"), desk.latches, clock, _tell_latch)
    register = Register(desk.books, clock, Decimal(1000))
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
    books = {name: books for name, (_, books) in accounts.items()}
    life = Life(
        clock=clock, desk=desk, books=books, latches=latches, lease=lease, orders=orders, quotes=quotes
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


@dataclass(slots=True)
class Script:
    """Wants everything of a plan, one after the other, whatever was done of it before."""

    life: Life
    grids: dict[tuple[str, str], Instrument]

    @classmethod
    async def over(cls, life: Life) -> "Script":
        grids = {}
        for name, books in life.books.items():
            for one in await _patiently(books.instruments):
                if one.kind is MarketKind.PERP:
                    grids[name, one.symbol.removesuffix("USDT")] = one
        return cls(life, grids)

    async def act(self, action: Action) -> None:
        """Do one thing, as often as it takes to be done once."""
        await self.life.ready()
        await _patiently(partial(self._act, action))
        await asyncio.sleep(action.pause_s)

    async def _act(self, action: Action) -> None:
        trade = await self._trade(action.account, action.coin)
        match action.deed:
            case Deed.REDUCE | Deed.LEAVE:
                await self._reduce(action, trade)
            case Deed.PAIR:
                await self._pair(action)
            case Deed.APPROVED:
                await self._approve(action, trade)
            case Deed.REST:
                await self._rest(action, trade)
            case _:
                await self._enter(action, trade)

    async def _enter(self, action: Action, trade: Trade) -> None:
        last = await self._last(action)
        styles = {Deed.GUARDED: ExecutionStyle.GUARDED_MARKET, Deed.MAKER: ExecutionStyle.MAKER_THEN_MARKET}
        style = styles.get(action.deed, ExecutionStyle.SINGLE)
        if action.deed is Deed.PROTECTED and not trade.version:
            away = 1 - Decimal("0.1") * trade.direction.sign
            trade = replace(trade, stop=trade.instrument.price(last * away))
        await self.life.orders.place(trade, [_intent(action, trade, style=style, decision_price=last)])

    async def _rest(self, action: Action, trade: Trade) -> None:
        away = 1 - Decimal("0.02") * trade.direction.sign
        price = trade.instrument.price(await self._last(action) * away)
        intent = _intent(action, trade, kind=OrderKind.LIMIT, limit_price=price)
        await self.life.orders.place(trade, [intent])
        await asyncio.sleep(action.pause_s)
        order = await self._stored(first_order(intent.id))
        if order is not None and not is_final(order.state):
            try:
                await self.life.orders.cancel(order.id)
            except Refused:
                log.info("over_already", order=order.id)

    async def _reduce(self, action: Action, trade: Trade) -> None:
        if trade.quantity == 0:
            return
        part = trade.quantity if action.deed is Deed.LEAVE else trade.quantity / 2
        quantity = trade.instrument.quantity(part)
        if quantity == 0:
            return
        intent = _intent(action, trade, is_exit=True)
        await self.life.orders.place(trade, [replace(intent, quantity=quantity)])

    async def _pair(self, action: Action) -> None:
        legs = []
        for account, coin in zip(ACCOUNTS, COINS, strict=True):
            trade = await self._trade(account, coin)
            quantity = "0.01" if coin == "BTC" else "0.1"
            leg = replace(action, account=account, coin=coin, quantity=quantity)
            legs.append((trade, _intent(leg, trade)))
        await self.life.orders.place_pair(intent_name("manual", action.name), legs)

    async def _approve(self, action: Action, trade: Trade) -> None:
        last = await self._last(action)
        intent = _intent(action, trade, decision_price=last, max_slippage=Decimal("0.05"))
        ticket = self._ticket(action, trade, intent, last)
        await self.life.orders.propose(trade, intent, ticket)
        order = await self._stored(ticket.order_id)
        if order is None or order.state is not OrderState.AWAITING_APPROVAL:
            return
        decided = replace(
            ticket, state=TicketState.APPROVED, decided_by=11, decided_at=self.life.clock.wire_now()
        )
        await self.life.orders.approve(ticket.order_id, decided)

    def _ticket(self, action: Action, trade: Trade, intent: Intent, price: Decimal) -> Ticket:
        now = self.life.clock.wire_now()
        return Ticket(
            id=action.name,
            order_id=first_order(intent.id),
            engine=intent.engine,
            state=TicketState.OPEN,
            effect=self.life.orders.effect(intent, trade, price),
            reason="chaos",
            asked_by=None,
            created_at=now,
            expires_at=now + timedelta(minutes=2),
        )

    async def _trade(self, account: str, coin: str) -> Trade:
        direction = Direction.LONG if coin == COINS[0] else Direction.SHORT
        sub_account = SubAccount(engine=EngineName.MANUAL, account=account)
        return await self.life.orders.trade_for(sub_account, self.grids[account, coin], direction)

    async def _stored(self, order_id: str) -> Any:
        return self.life.orders.register.find(order_id) or await self.life.desk.books.order(order_id)

    async def _last(self, action: Action) -> Decimal:
        quote = await self.life.quotes.of(action.account, self.grids[action.account, action.coin])
        if quote is None:
            raise Transient("no price")
        return (quote.bid + quote.ask) / 2


def _intent(action: Action, trade: Trade, *, is_exit: bool = False, **changes: Any) -> Intent:
    usual: dict[str, Any] = {
        "id": intent_name("manual", action.name),
        "owner": trade.owner,
        "account": action.account,
        "engine": EngineName.MANUAL,
        "trade_id": trade.id,
        "instrument": trade.instrument,
        "side": trade.direction.exit if is_exit else trade.direction.entry,
        "quantity": Decimal(action.quantity),
        "kind": OrderKind.MARKET,
        "purpose": Purpose.CLOSE if is_exit else Purpose.ENTRY,
        "reduce_only": is_exit,
        "created_at": trade.created_at,
    }
    return Intent(**usual | changes)


async def _patiently(act: Any) -> Any:
    """What an engine does: what was not possible now is tried again soon; what is known is not done again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await act()
            except (Transient, Conflict, Uncertain) as error:
                log.info("again", error=str(error))
                await asyncio.sleep(0.05)


async def live(url: str, folder: Path, actions: tuple[Action, ...]) -> int:
    """One life: recover, want everything, wait until nothing is under way. 0 when that went well."""
    try:
        async with a_life(url, folder) as life:
            script = await Script.over(life)
            for action in actions:
                await script.act(action)
            await life.settled()
            if latches := life.latches.all():
                raise TimeoutError(f"latched: {latches}")
    except (DeskError, TimeoutError) as error:
        log.error("life_failed", error=f"{type(error).__name__}: {error}")
        return 3
    return 0
