"""Everything of Gate that the sandbox serves."""

from aiohttp import web

from sandbox.cancels import Cancels
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.call import Endpoint
from sandbox.gate.door import Door
from sandbox.gate.futures_trading import FuturesAccount, FuturesTrading
from sandbox.gate.markets import GateMarkets
from sandbox.gate.public import GatePublic
from sandbox.gate.recall import Recall
from sandbox.gate.spot_trading import SpotTrading
from sandbox.gate.stream import GateStream
from sandbox.gate.wallets import Wallets
from sandbox.gate.wire import SERVICE, answer
from sandbox.halts import Halts
from sandbox.market.market import Market
from sandbox.wiretap import Wiretap

PREFIX = "/gate"
API = f"{PREFIX}/api/v4"
SPOT_SOCKET = f"{PREFIX}/ws/v4/"
FUTURES_SOCKETS = (f"{PREFIX}/v4/ws/usdt", f"{PREFIX}/v4/ws/futures/usdt")
"""The second is the path of the venue's test net; clients that tell markets by the path need it."""


def gate_routes(
    market: Market, clock: SandboxClock, faults: Faults, venue: VenueExchange, wiretap: Wiretap
) -> list[web.RouteDef]:
    """REST and WebSockets of the v4 API under `/gate`."""
    halts, markets = Halts(faults, SERVICE), GateMarkets(market)

    def wire_ms() -> int:
        return clock.wire_ms() + faults.of(SERVICE).skew_ms

    spot = GateStream("spot", markets, venue, clock, faults, halts, wiretap)
    futures = GateStream("futures", markets, venue, clock, faults, halts, wiretap)
    return [
        web.get(SPOT_SOCKET, spot.connect),
        *(web.get(path, futures.connect) for path in FUTURES_SOCKETS),
        *GatePublic(markets, wire_ms, halts).routes(API),
        *Door(venue, faults, wire_ms, PREFIX).routes(API, _private(venue, markets, clock, faults)),
        web.route("*", f"{PREFIX}/{{path:.*}}", _unknown_path),
    ]


def _private(
    venue: VenueExchange, markets: GateMarkets, clock: SandboxClock, faults: Faults
) -> dict[tuple[str, str], Endpoint]:
    recall, cancels = Recall(venue.exchange.journal, clock.wire_ms), Cancels(venue, faults)
    return {
        **SpotTrading(venue, markets, recall, cancels).endpoints(),
        **FuturesTrading(venue, markets, recall, cancels).endpoints(),
        **FuturesAccount(venue, markets).endpoints(),
        **Wallets(venue).endpoints(),
    }


async def _unknown_path(request: web.Request) -> web.Response:
    return answer(request, {"label": "NOT_FOUND", "message": "The requested URL was not found"}, 404)
