"""The twins over the wire, and a caller with a key at Gate's."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.market.synthetic import OPENING_MS
from tests.build.gate_calls import GateCalls
from tests.build.origins import made_up_market
from tests.build.recordings import HOUR
from tests.build.venues import Venues, gate_client, running_venues


@pytest.fixture
async def venues() -> AsyncIterator[Venues]:
    """A made-up market, an hour after its beginning."""
    async with running_venues(made_up_market(), OPENING_MS + HOUR) as running:
        yield running


@pytest.fixture
def gate(venues: Venues) -> GateCalls:
    """Private requests at Gate's."""
    return GateCalls(venues)


@pytest.fixture
async def client(venues: Venues) -> AsyncIterator[Any]:
    """The real client at Gate's, with its markets."""
    async with gate_client(venues) as one:
        await one.load_markets()
        yield one
