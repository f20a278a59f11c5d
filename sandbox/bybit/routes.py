"""Everything of Bybit that the sandbox serves."""

from aiohttp import web

from engines.core.instrument import MarketKind
from sandbox.bybit.rest import BybitRest
from sandbox.bybit.stream import PublicStream, Silence
from sandbox.clock import SandboxClock
from sandbox.market.market import Market

PREFIX = "/bybit"


def bybit_routes(market: Market, clock: SandboxClock, faults: Silence) -> list[web.RouteDef]:
    """Public REST and WebSockets of the V5 API under `/bybit`."""
    streams = [
        web.get(f"{PREFIX}/v5/public/{category}", PublicStream(market, clock, faults, kind).connect)
        for category, kind in (("spot", MarketKind.SPOT), ("linear", MarketKind.PERP))
    ]
    return [*streams, *BybitRest(market, clock).routes(PREFIX)]
