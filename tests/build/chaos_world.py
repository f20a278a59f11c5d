"""The venues of a round of chaos: both exchanges on one port, somebody who trades with what rests there, and
somebody who ends the desk's process at a chosen event of the wire."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from aiohttp import web

from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import State
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
from tests.build.chaos_plan import Kill
from tests.build.venue_worlds import BYBIT, GATE

HAND_EVERY_S = 0.05


@dataclass(slots=True)
class Killer:
    """Ends a process in the middle of the wire's `kill.number`-th event from its birth on."""

    process: int | None = None
    kill: Kill | None = None
    seen: int = 0
    ended_at: str = ""

    def aim(self, process: int, kill: Kill | None) -> None:
        """At another process, from the next event on."""
        self.process, self.kill, self.seen, self.ended_at = process, kill, 0, ""

    def __call__(self, event: WireEvent) -> bool:
        self.seen += event.phase is Phase.BEFORE
        if self.kill is None or self.process is None or event.phase is not self.kill.phase:
            return False
        if self.ended_at or self.seen < self.kill.number:
            return False
        os.kill(self.process, signal.SIGKILL)
        self.ended_at = f"{event.phase} {event.service} {event.what}"
        return True


@dataclass(slots=True, kw_only=True)
class ChaosWorld:
    """Two exchanges whose market goes on, with an account at each."""

    url: str
    faults: Faults
    exchanges: dict[str, VenueExchange]
    killer: Killer

    def account(self, name: str) -> Account:
        """The desk's account, as its exchange has it by now."""
        exchange = self.exchanges[name]
        exchange.now()
        return exchange.exchange.account(MAIN)

    async def trade_along(self, random: Random) -> None:
        """Endless: take a part of what rests, now and then."""
        while True:
            await asyncio.sleep(HAND_EVERY_S)
            for name, exchange in self.exchanges.items():
                self._take_some(exchange, self.account(name), random)

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
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield ChaosWorld(url=url, faults=faults, exchanges={BYBIT: bybit, GATE: gate}, killer=killer)
    finally:
        faults.clear()
        for exchange in (bybit, gate):
            exchange.close()
        await runner.cleanup()
