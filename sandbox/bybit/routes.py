"""Everything of Bybit that the sandbox serves."""

from aiohttp import web

from engines.core.instrument import MarketKind
from sandbox.bybit.rest import BybitRest
from sandbox.bybit.stream import PublicStream
from sandbox.bybit.wire import SERVICE
from sandbox.clock import SandboxClock
from sandbox.faults import Faults
from sandbox.halts import Halts
from sandbox.market.market import Market

PREFIX = "/bybit"


def bybit_routes(market: Market, clock: SandboxClock, faults: Faults) -> list[web.RouteDef]:
    """Public REST and WebSockets of the V5 API under `/bybit`."""
    halts = Halts(faults, SERVICE)
    streams = [
        web.get(f"{PREFIX}/v5/public/{category}", PublicStream(market, clock, faults, halts, kind).connect)
        for category, kind in (("spot", MarketKind.SPOT), ("linear", MarketKind.PERP))
    ]
    return [*streams, *BybitRest(market, clock, halts).routes(PREFIX)]
