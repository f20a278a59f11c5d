"""The exchange behind Gate's private side: its rules, and its accounts."""

from collections.abc import Mapping
from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.simulate.costs import Fees
from engines.simulate.exchange.rules import Rules
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.keys import SETUPS
from sandbox.gate.markets import grid
from sandbox.gate.wire import SERVICE
from sandbox.halts import Halts
from sandbox.market.book import Book
from sandbox.market.market import Market
from sandbox.quotes import MarketQuotes
from sandbox.telegram.keep import Keep

RULES = Rules(
    fees=Fees(spot=Decimal("0.002"), maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    largest_leverage=Decimal(100),
    band=Decimal("0.5"),
    refuses_post_only=True,
    has_unique_ids=False,
)
"""Gate does not say that it refuses a text that was used before, so nobody may rely on it."""


def gate_exchange(market: Market, clock: SandboxClock, faults: Faults, keep: Keep) -> VenueExchange:
    """Gate's accounts over the third venue's books."""

    def listed(kind: MarketKind, now_ms: int) -> Mapping[str, Book]:
        return market.third_spot(now_ms) if kind is MarketKind.SPOT else market.third_perps(now_ms)

    def thin() -> Decimal:
        return Decimal(str(faults.of(SERVICE).thin))

    quotes = MarketQuotes(listed, Halts(faults, SERVICE).is_halted, thin, grid)
    venue = VenueExchange(SERVICE, RULES, quotes, market.funding, clock.now_ms, keep)
    for setup in SETUPS:
        venue.open(setup)
    return venue
