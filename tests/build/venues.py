"""The venues of the sandbox over a market, on loopback, with the real ccxt clients for them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import ccxt.async_support
import ccxt.pro
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.accounts import TRADING, ApiKey
from sandbox.binance import binance_routes
from sandbox.bybit.routes import bybit_routes
from sandbox.bybit.venue import bybit_exchange
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults, faults_middleware
from sandbox.gate.exchange import gate_exchange
from sandbox.gate.keys import account_name, user_of
from sandbox.gate.routes import gate_routes
from sandbox.market.market import Market
from sandbox.market.source import Origin
from sandbox.telegram.keep import ForgetfulKeep
from sandbox.wiretap import Wiretap, wiretap_middleware


class StillWire:
    """Wire time that stands, so that market time moves only when it is advanced."""

    def __init__(self) -> None:
        self._ms = 1_700_000_000_000

    def __call__(self) -> float:
        return self._ms / 1000

    def pass_ms(self, ms: int) -> None:
        """Let some of it pass."""
        self._ms += ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Venues:
    """What a test holds of the running venues."""

    url: str
    market: Market
    wire: StillWire
    clock: SandboxClock
    faults: Faults
    wiretap: Wiretap
    bybit: VenueExchange
    gate: VenueExchange
    http: aiohttp.ClientSession

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON answer of one request."""
        texts = {name: str(value) for name, value in query.items()}
        async with self.http.get(self.url + path, params=texts) as response:
            return await response.json()


@asynccontextmanager
async def running_venues(
    origin: Origin, now_ms: int, *, wall: Callable[[], float] | None = None
) -> AsyncIterator[Venues]:
    """The venues of a market that stands at `now_ms`. Wire time stands, too, unless there is a `wall` clock:
    Bybit takes no request that is a second ahead of it."""
    wire = StillWire()
    clock = SandboxClock(start_ms=now_ms, wall=wall or wire, monotonic=wire, end_ms=origin.end_ms)
    market, faults = Market(origin, now_ms=clock.now_ms), Faults()
    wiretap = Wiretap()
    app = web.Application(middlewares=[wiretap_middleware(wiretap), faults_middleware(faults)])
    bybit = bybit_exchange(market, clock, faults, ForgetfulKeep())
    app.add_routes(bybit_routes(market, clock, faults, bybit, wiretap))
    app.add_routes(binance_routes(market, clock))
    gate = gate_exchange(market, clock, faults, ForgetfulKeep())
    app.add_routes(gate_routes(market, clock, faults, gate, wiretap))
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("")).rstrip("/")
        yield Venues(
            url=url,
            market=market,
            wire=wire,
            clock=clock,
            faults=faults,
            wiretap=wiretap,
            bybit=bybit,
            gate=gate,
            http=http,
        )


@asynccontextmanager
async def bybit_client(venues: Venues, key: ApiKey | None = None) -> AsyncIterator[Any]:
    """The real Bybit client with only its base addresses changed."""
    signing = {} if key is None else {"apiKey": key.key, "secret": key.secret}
    client = ccxt.pro.bybit({**_settings(["spot", "linear"]), **signing})
    _redirect(client.urls["api"], lambda path: f"{venues.url}/bybit{path}")
    async with client:
        yield client


@asynccontextmanager
async def binance_client(venues: Venues) -> AsyncIterator[Any]:
    """The real Binance client with only its base addresses changed."""
    client = ccxt.async_support.binance(_settings(["spot"]))
    _redirect(client.urls["api"], lambda path: f"{venues.url}/binance{path}")
    async with client:
        yield client


@asynccontextmanager
async def gate_client(venues: Venues, key: ApiKey = TRADING) -> AsyncIterator[Any]:
    """The real Gate client with only its base addresses changed."""
    signing = {"apiKey": key.key, "secret": key.secret, "uid": str(user_of(account_name(key)))}
    client = ccxt.pro.gate({**_settings(["spot", "swap"]), **signing})
    client.options["adjustForTimeDifference"] = True
    _redirect(client.urls["api"], lambda path: f"{venues.url}/gate{path}")
    # the client tells spot and futures apart by the address of a stream
    client.urls["api"]["swap"]["usdt"] = client.urls["api"]["swap"]["usdt"].replace(
        "/ws/usdt", "/ws/futures/usdt"
    )
    async with client:
        yield client


def _settings(types: list[str]) -> dict[str, Any]:
    return {"number": str, "enableRateLimit": False, "options": {"fetchMarkets": {"types": types}}}


def _redirect(urls: dict[str, Any], to: Callable[[str], str]) -> None:
    for name, url in urls.items():
        if isinstance(url, dict):
            _redirect(url, to)
        else:
            scheme, _, rest = url.partition("://")
            _, slash, path = rest.partition("/")
            target = to(slash + path)
            urls[name] = target.replace("http://", "ws://") if scheme.startswith("ws") else target
