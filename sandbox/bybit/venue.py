"""Bybit's exchange in the world: a unified account, its fees and rules."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.simulate.costs import Fees
from engines.simulate.exchange.account import Setup
from engines.simulate.exchange.rules import Rules
from sandbox.accounts import MAIN
from sandbox.bybit.wire import SERVICE
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.halts import Halts
from sandbox.market.book import Book
from sandbox.market.market import Market
from sandbox.quotes import MarketQuotes
from sandbox.telegram.keep import Keep

UNIFIED: Final = "UNIFIED"
FUND: Final = "FUND"

RULES: Final = Rules(
    fees=Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055")),
    band=Decimal("0.1"),
)


def bybit_exchange(market: Market, clock: SandboxClock, faults: Faults, keep: Keep) -> VenueExchange:
    """The exchange with its one account open."""

    def listed(kind: MarketKind, now_ms: int) -> Mapping[str, Book]:
        return market.spot(now_ms) if kind is MarketKind.SPOT else market.perps(now_ms)

    def thin() -> Decimal:
        return Decimal(str(faults.of(SERVICE).thin))

    quotes = MarketQuotes(listed, Halts(faults, SERVICE).is_halted, thin)
    venue = VenueExchange(SERVICE, RULES, quotes, market.funding, clock.now_ms, keep)
    venue.open(Setup(name=MAIN, spot_wallet=UNIFIED, perp_wallet=UNIFIED, other_wallets=(FUND,)))
    return venue
