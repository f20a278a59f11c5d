"""Everything of Bybit that the sandbox serves."""

from aiohttp import web

from engines.core.instrument import MarketKind
from sandbox.bybit.accounts import BybitAccounts
from sandbox.bybit.assets import BybitAssets
from sandbox.bybit.door import Door
from sandbox.bybit.private_stream import PrivateStream
from sandbox.bybit.rest import BybitRest
from sandbox.bybit.stream import PublicStream
from sandbox.bybit.trading import BybitTrading
from sandbox.bybit.wire import SERVICE
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.halts import Halts
from sandbox.market.market import Market
from sandbox.wiretap import Wiretap

PREFIX = "/bybit"


def bybit_routes(
    market: Market, clock: SandboxClock, faults: Faults, venue: VenueExchange, wiretap: Wiretap
) -> list[web.RouteDef]:
    """REST and WebSockets of the V5 API under `/bybit`."""
    halts, door = Halts(faults, SERVICE), Door(venue, clock, faults)
    streams = [
        web.get(f"{PREFIX}/v5/public/{category}", PublicStream(market, clock, faults, halts, kind).connect)
        for category, kind in (("spot", MarketKind.SPOT), ("linear", MarketKind.PERP))
    ]
    endpoints = {
        **BybitTrading(venue, faults).endpoints(),
        **BybitAccounts(venue).endpoints(),
        **BybitAssets(venue).endpoints(),
    }
    return [
        *streams,
        web.get(f"{PREFIX}/v5/private", PrivateStream(venue, clock, faults, door, wiretap).connect),
        *door.routes(PREFIX, endpoints),
        *BybitRest(market, clock, halts, door.wire_ms).routes(PREFIX),
    ]
