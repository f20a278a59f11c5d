from collections.abc import AsyncIterator

import pytest

from adapters.exchange.build import build_market_source
from ports.markets import MarketSource
from tests.build.clock import HandClock
from tests.build.wire import VenueWire, serving


@pytest.fixture
def wire() -> VenueWire:
    return VenueWire()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def base_url(wire: VenueWire) -> AsyncIterator[str]:
    async with serving(wire) as url:
        yield url


@pytest.fixture
async def bybit(base_url: str, clock: HandClock) -> AsyncIterator[MarketSource]:
    source = build_market_source("bybit", clock, base_url=f"{base_url}/bybit", quiet_s=0.2)
    yield source
    await source.close()


@pytest.fixture(params=["own", "ccxt"])
async def streaming(
    request: pytest.FixtureRequest, base_url: str, clock: HandClock
) -> AsyncIterator[MarketSource]:
    """Bybit over our own socket, and over ccxt's."""
    is_own = request.param == "own"
    source = build_market_source(
        "bybit", clock, base_url=f"{base_url}/bybit", quiet_s=0.2, has_own_streams=is_own
    )
    yield source
    await source.close()


@pytest.fixture
async def binance(base_url: str, clock: HandClock) -> AsyncIterator[MarketSource]:
    source = build_market_source("binance", clock, base_url=f"{base_url}/binance")
    yield source
    await source.close()
