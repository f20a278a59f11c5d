"""Requests for candles of times that are not there: the far future, before everything, numbers too long."""

import pytest

from sandbox.market.synthetic import OPENING_MS
from tests.build.venues import Venues

HOUR_MS = 3_600_000
FAR_MS = OPENING_MS + 1000 * 365 * 24 * HOUR_MS
KLINE, KLINES = "/bybit/v5/market/kline", "/binance/api/v3/klines"


async def test_the_far_future_has_no_candles_and_is_not_made_up(venues: Venues) -> None:
    for step in ("1", "60", "D"):
        answer = await venues.get(KLINE, category="spot", symbol="BTCUSDT", interval=step, start=FAR_MS)
        assert answer["result"]["list"] == []
    assert await venues.get(KLINES, symbol="BTCUSDT", interval="1h", startTime=FAR_MS) == []


async def test_a_span_that_ends_in_the_future_ends_now(venues: Venues) -> None:
    span = {"category": "spot", "symbol": "BTCUSDT", "interval": "60", "limit": 3}
    latest = await venues.get(KLINE, **span)
    until_later = await venues.get(KLINE, **span, start=OPENING_MS - 99 * HOUR_MS, end=FAR_MS)
    assert until_later["result"] == latest["result"]
    assert len(latest["result"]["list"]) == 3


@pytest.mark.parametrize("time", ["9" * 30, "-" + "9" * 30, "1.5", "1e9", "\u0661", "soon"])
async def test_what_is_no_time_is_refused(venues: Venues, time: str) -> None:
    bybit = await venues.get(KLINE, category="spot", symbol="BTCUSDT", interval="60", start=time)
    assert (bybit["retCode"], bybit["retMsg"]) == (10001, "params error: start invalid")
    binance = await venues.get(KLINES, symbol="BTCUSDT", interval="1h", startTime=time)
    assert binance == {"code": -1100, "msg": "Illegal characters found in parameter 'startTime'."}
