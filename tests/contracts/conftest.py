"""The worlds in which venues keep their contract."""

from collections.abc import AsyncIterator

import pytest

from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording
from tests.build.venue_worlds import PAPER, PaperWorld, World, running_wire_world

_START = JANUARY_MS + 3 * DAY
_NOW = _START + 7 * HOUR + 23 * MINUTE


@pytest.fixture(scope="session")
def venue_origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Six recorded days of three coins, on which every test plays from the same moment."""
    return recorded_origin(a_recording(tmp_path_factory.mktemp("recording")), _START)


@pytest.fixture
async def world(request: pytest.FixtureRequest, venue_origin: Origin) -> AsyncIterator[World]:
    """The venue of the case, untouched."""
    if request.param == PAPER:
        yield PaperWorld()
        return
    async with running_wire_world(request.param, venue_origin, _NOW) as running:
        yield running
