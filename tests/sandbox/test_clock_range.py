"""How far and how fast market time may be sent: what is beyond fills the memory or leaves the calendar."""

from datetime import UTC, datetime

import aiohttp
import pytest

from sandbox.clock import FASTEST, LONGEST_LEAP_S
from sandbox.server import serve
from sandbox.world import WorldOptions, build_world
from tests.build.sandbox import a_world


@pytest.mark.parametrize(
    "wish",
    [{"advance_s": 1e12}, {"advance_s": LONGEST_LEAP_S + 1}, {"speed": 1e300}, {"speed": FASTEST + 1}],
)
async def test_a_wish_beyond_the_range_is_refused_and_changes_nothing(wish: dict[str, float]) -> None:
    runner, url = await serve(a_world(WorldOptions(speed=0)), 0)
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/control/state") as response:
            before = (await response.json())["clock"]
        async with http.post(f"{url}/control/clock", json=wish) as response:
            assert response.status == 400
            assert "at most a year" in await response.text() or "100000" in await response.text()
        async with http.get(f"{url}/control/state") as response:
            after = (await response.json())["clock"]
    await runner.cleanup()
    assert (after["market_ms"], after["speed"]) == (before["market_ms"], before["speed"])


async def test_a_synthetic_market_goes_on_for_ten_years_and_then_stands() -> None:
    world = build_world(WorldOptions(speed=0))
    for _ in range(11):
        await world.clock.advance(LONGEST_LEAP_S)
    assert world.clock.now_ms() == world.market.to_ms
    assert world.clock_view()["market"] == "2036-01-13T00:00:00+00:00"
    assert len(world.market.snapshot()) == 50
    world.close()


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
def test_a_synthetic_market_starts_in_this_century(year: int) -> None:
    with pytest.raises(ValueError, match="2000 to 2100"):
        build_world(WorldOptions(start=datetime(year, 6, 1, tzinfo=UTC)))
