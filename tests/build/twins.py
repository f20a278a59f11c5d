"""The sandbox's venues and clock on loopback, with the bot's clock following them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.clock import StreamedClock
from sandbox.binance import binance_routes
from sandbox.bybit.routes import bybit_routes
from sandbox.bybit.venue import bybit_exchange
from sandbox.clock import SandboxClock, clock_routes
from sandbox.faults import Faults
from sandbox.market.market import Market
from sandbox.telegram.keep import ForgetfulKeep
from sandbox.wiretap import Wiretap
from tests.build.origins import made_up_market


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """A running outside world: `url` + `/bybit` or `/binance`, and `clock`, which is the bot's."""

    url: str
    market: Market
    sandbox_clock: SandboxClock
    clock: StreamedClock
    faults: Faults


@asynccontextmanager
async def running_twins(*, seed: int = 7, speed: float = 1.0) -> AsyncIterator[Twins]:
    """Serve a synthetic market."""
    origin = made_up_market(seed)
    sandbox_clock = SandboxClock(
        start_ms=origin.start_ms, wall=time.time, monotonic=time.monotonic, speed=speed
    )
    market = Market(origin, now_ms=sandbox_clock.now_ms)
    faults = Faults()
    bybit = bybit_exchange(market, sandbox_clock, faults, ForgetfulKeep())
    app = web.Application()
    app.add_routes(
        [
            *bybit_routes(market, sandbox_clock, faults, bybit, Wiretap()),
            *binance_routes(market, sandbox_clock),
            *clock_routes(sandbox_clock),
        ]
    )
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    url = f"http://127.0.0.1:{server.port}"
    clock = StreamedClock(f"ws://127.0.0.1:{server.port}/clock")
    following = asyncio.create_task(clock.run())
    try:
        await clock.ready()
        yield Twins(url=url, market=market, sandbox_clock=sandbox_clock, clock=clock, faults=faults)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await server.close()
