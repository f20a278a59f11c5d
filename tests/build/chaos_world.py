"""The venues of a round of chaos: both exchanges on one port, somebody who trades with what rests there and
moves money, and somebody who ends the desk's process at a chosen event of the wire."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from aiohttp import web

from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import State
from engines.simulate.exchange.refusal import Declined
from sandbox.accounts import MAIN
from sandbox.bybit.routes import bybit_routes
from sandbox.bybit.venue import bybit_exchange
from sandbox.clock import SandboxClock, clock_routes
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults, faults_middleware
from sandbox.gate.exchange import gate_exchange
from sandbox.gate.routes import gate_routes
from sandbox.market.market import Market
from sandbox.market.source import Origin
from sandbox.server import HOST, SHUTDOWN_S
from sandbox.telegram.keep import ForgetfulKeep
from sandbox.wiretap import Phase, WireEvent, Wiretap, wiretap_middleware
from tests.build.chaos_plan import Kill, Step
from tests.build.venue_worlds import BYBIT, GATE

HAND_EVERY_S = 0.05
_MOVES_MONEY = 0.01
_AMOUNTS: Final = {"USDT": ("12.5", "250", "0.12345678"), "BTC": ("0.001", "0.00000001")}


@dataclass(slots=True)
class Killer:
    """Ends a process in the middle of the wire's `kill.number`-th event from its birth on, where it is the
    wire at which it is to end."""

    process: int | None = None
    kill: Kill | None = None
    seen: int = 0
    ended_at: str = ""

    def aim(self, process: int, kill: Kill | None) -> None:
        """At another process, from the next event on."""
        self.process, self.kill, self.seen, self.ended_at = process, kill, 0, ""

    def __call__(self, event: WireEvent) -> bool:
        kill = self.kill
        if kill is not None and kill.path not in event.what:
            return False
        self.seen += event.phase is Phase.BEFORE
        if kill is None or self.process is None or kill.step is not Step.WIRE:
            return False
        if event.phase is not kill.phase or self.ended_at or self.seen < kill.number:
            return False
        os.kill(self.process, signal.SIGKILL)
        self.ended_at = f"{event.phase} {event.service} {event.what}"
        return True


@dataclass(slots=True, kw_only=True)
class ChaosWorld:
    """Two exchanges whose market goes on, with an account at each. While it `is_calm` nobody moves money."""

    url: str
    clock: SandboxClock
    began_ms: int
    faults: Faults
    exchanges: dict[str, VenueExchange]
    killer: Killer
    is_calm: bool = True

    async def go_on(self, until_s: float) -> None:
        """Let the market go on until so many seconds after the world began, if it is not there yet."""
        left_s = until_s - self.passed_s
        if left_s > 0:
            await self.clock.advance(left_s)
            for exchange in self.exchanges.values():
                exchange.now()

    @property
    def passed_s(self) -> float:
        """Market seconds since the world began."""
        return (self.clock.now_ms() - self.began_ms) / 1000

    async def leap(self, request: web.Request) -> web.Response:
        """`go_on`, asked for by a desk that waits."""
        await self.go_on(float((await request.json())["until_s"]))
        return web.Response()

    def account(self, name: str) -> Account:
        """The desk's account, as its exchange has it by now."""
        exchange = self.exchanges[name]
        exchange.now()
        return exchange.exchange.account(MAIN)

    async def trade_along(self, random: Random) -> None:
        """Endless: take a part of what rests, and move money, now and then."""
        while True:
            await asyncio.sleep(HAND_EVERY_S)
            for name, exchange in self.exchanges.items():
                self._take_some(exchange, self.account(name), random)
                if not self.is_calm and random.random() < _MOVES_MONEY:
                    self.move_money(name, random)

    def move_money(self, name: str, random: Random) -> None:
        """Somebody pays in, takes out, or moves something from the wallet that does not trade, past the desk;
        what stands for positions is left alone."""
        account, exchange = self.account(name), self.exchanges[name]
        treasury, at, wallet = exchange.exchange.treasury, exchange.now(), account.setup.perp_wallet
        asset = random.choice(list(_AMOUNTS))
        amount = Decimal(random.choice(_AMOUNTS[asset]))
        others, way = account.setup.other_wallets, random.randrange(3)
        with suppress(Declined):
            if way == 0:
                treasury.withdraw(account, wallet, asset, amount, at)
            elif way == 1 and others:
                move = exchange.new_id()
                treasury.transfer(account, move, "USDT", amount, source=others[0], target=wallet, at=at)
            else:
                treasury.deposit(account, wallet, asset, amount, at)

    def _take_some(self, exchange: VenueExchange, account: Account, random: Random) -> None:
        for order in account.live_in():
            is_taken = order.state is State.OPEN and not order.wish.is_reducing and random.random() < 0.2
            price = order.limit_price
            if not is_taken or price is None:
                continue
            part = order.instrument.quantity(order.left * random.choice((1, 2, 4)) / 4)
            if part > 0:
                exchange.exchange.fill(account, order, part, price, exchange.now())


@asynccontextmanager
async def a_chaos_world(origin: Origin, now_ms: int) -> AsyncIterator[ChaosWorld]:
    """Both venues on loopback, from `now_ms` on at the speed of life."""
    clock = SandboxClock(start_ms=now_ms, wall=time.time, monotonic=time.monotonic, end_ms=origin.end_ms)
    market, faults, wiretap = Market(origin, now_ms=clock.now_ms), Faults(), Wiretap()
    bybit = bybit_exchange(market, clock, faults, ForgetfulKeep())
    gate = gate_exchange(market, clock, faults, ForgetfulKeep())
    app = web.Application(middlewares=[wiretap_middleware(wiretap), faults_middleware(faults)])
    app.add_routes(bybit_routes(market, clock, faults, bybit, wiretap))
    app.add_routes(gate_routes(market, clock, faults, gate, wiretap))
    app.add_routes(clock_routes(clock))
    killer = Killer()
    wiretap.listen(killer)
    world = ChaosWorld(
        url="",
        clock=clock,
        began_ms=now_ms,
        faults=faults,
        exchanges={BYBIT: bybit, GATE: gate},
        killer=killer,
    )
    app.router.add_post("/leap", world.leap)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        world.url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield world
    finally:
        faults.clear()
        for exchange in (bybit, gate):
            exchange.close()
        await runner.cleanup()
