"""The desk's own store of candles is played like files."""

import numpy as np
import pytest

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick
from engines.market.repair import Gaps, Repair
from engines.simulate.recording import BadHistory, Wanted
from services.histories import stored_history
from tests.build.candles import MemoryCandles, a_series, rows_of
from tests.build.recordings import DAY, JANUARY_MS, some_bars

H1, M5 = Timeframe.H1, Timeframe.M5
HOURS = some_bars(H1, 200)


async def a_store(*symbols: str, venue: str = "bybit", kind: MarketKind = MarketKind.SPOT) -> MemoryCandles:
    store = MemoryCandles()
    for symbol in symbols:
        await store.upsert(a_series(symbol, H1, venue=venue, kind=kind), HOURS)
    return store


async def test_what_is_stored_is_played() -> None:
    store = await a_store("BTCUSDT", "ETHUSDT")
    recorded = await stored_history(store, Wanted(reads=(H1,), symbols=("btc",)))
    (market,) = recorded.history.markets
    assert market.instrument.symbol == "BTCUSDT"
    assert rows_of(market.series[H1]) == rows_of(HOURS)
    assert recorded.notes == ()


async def test_only_the_time_that_is_asked_for_is_read() -> None:
    store = await a_store("BTCUSDT")
    wanted = Wanted(
        reads=(H1,), symbols=("BTCUSDT",), start_ms=JANUARY_MS + DAY, stop_ms=JANUARY_MS + 3 * DAY
    )
    history = (await stored_history(store, wanted)).history
    assert (history.start_ms, history.stop_ms) == (wanted.start_ms, wanted.stop_ms)
    assert len(history.markets[0].series[H1]) == 72


async def test_gaps_of_the_store_are_named_and_may_be_left() -> None:
    store = MemoryCandles()
    await store.upsert(a_series("BTCUSDT", H1), pick(HOURS, np.delete(np.arange(200), [50, 51])))
    wanted = Wanted(reads=(H1,), symbols=("BTCUSDT",))
    with pytest.raises(BadHistory, match=r"BTCUSDT 1h as stored, 2025-01-03 01:00: after it candles of 1h"):
        await stored_history(store, wanted)
    left = await stored_history(
        store, Wanted(reads=(H1,), symbols=("BTCUSDT",), repair=Repair(gaps=Gaps.LEAVE))
    )
    assert len(left.history.markets[0].series[H1]) == 198


async def test_spot_is_played_unless_the_perpetual_is_asked_for() -> None:
    store = await a_store("BTCUSDT")
    await store.upsert(a_series("BTCUSDT", H1, kind=MarketKind.PERP), HOURS)
    for kind, found in ((None, MarketKind.SPOT), (MarketKind.PERP, MarketKind.PERP)):
        recorded = await stored_history(store, Wanted(reads=(H1,), symbols=("BTCUSDT",), kind=kind))
        assert recorded.history.markets[0].instrument.kind is found


async def test_spot_candles_do_for_a_perpetual_and_that_is_said() -> None:
    store = await a_store("BTCUSDT")
    recorded = await stored_history(store, Wanted(reads=(H1,), symbols=("btc",), kind=MarketKind.PERP))
    assert recorded.history.markets[0].instrument.kind is MarketKind.PERP
    assert recorded.notes[0] == "BTCUSDT: only spot candles are there: played as a perpetual at spot prices"
    assert "no funding rates are recorded" in recorded.notes[1]
    swap = await a_store("BTCUSDT", kind=MarketKind.PERP)
    with pytest.raises(
        BadHistory, match="no spot candles of 1h or finer are stored, only BTCUSDT perp 1h from"
    ):
        await stored_history(swap, Wanted(reads=(H1,), symbols=("btc",), kind=MarketKind.SPOT))


async def test_what_the_store_lacks_is_told_with_the_mend() -> None:
    with pytest.raises(BadHistory, match=r"no candles are stored: `perpetuum backfill` fetches some"):
        await stored_history(MemoryCandles(), Wanted(reads=(H1,), symbols=("BTCUSDT",)))
    store = await a_store("BTCUSDT", "ETHUSDT")
    with pytest.raises(BadHistory, match="2 markets are stored: name those to trade"):
        await stored_history(store, Wanted(reads=(H1,)))
    with pytest.raises(BadHistory, match=r"BTSUSDT: no candles of it are stored. Did you mean BTCUSDT\?"):
        await stored_history(store, Wanted(reads=(H1,), symbols=("BTSUSDT",)))
    late = Wanted(reads=(H1,), symbols=("BTCUSDT",), start_ms=JANUARY_MS + 999 * DAY)
    with pytest.raises(BadHistory, match="BTCUSDT: nothing is stored of that time"):
        await stored_history(store, late)


async def test_where_other_candles_are_stored_they_are_named() -> None:
    store = await a_store("BTCUSDT", "ETHUSDT")
    finer = r"no candles of 5m or finer are stored, only "
    btc = Wanted(reads=(M5,), symbols=("btc",))
    with pytest.raises(BadHistory, match=f"--symbols btc: {finer}BTCUSDT spot 1h from bybit: `perpetuum"):
        await stored_history(store, btc)
    with pytest.raises(BadHistory, match=rf"{finer}BTCUSDT .*, ETHUSDT spot 1h from bybit: `perpetuum"):
        await stored_history(store, Wanted(reads=(M5,)))
    await store.upsert(a_series("ETHUSDT", M5), some_bars(M5, 10))  # another market's do not help
    with pytest.raises(BadHistory, match=f"--symbols btc: {finer}BTCUSDT spot 1h from bybit: `perpetuum"):
        await stored_history(store, btc)
    for symbol in ("AUSDT", "BUSDT", "CUSDT", "DUSDT"):
        await store.upsert(a_series(symbol, H1), HOURS)
    with pytest.raises(
        BadHistory, match=r"of 1h or finer from binance are stored, only .* and 2 more: `perp"
    ):
        await stored_history(store, Wanted(reads=(H1,), venue="binance"))


async def test_candles_of_two_venues_are_not_mixed() -> None:
    store = await a_store("BTCUSDT")
    await store.upsert(a_series("BTCUSDT", H1, venue="binance"), HOURS)
    with pytest.raises(BadHistory, match="stored from binance, bybit: name one with --venue binance"):
        await stored_history(store, Wanted(reads=(H1,), symbols=("BTCUSDT",)))
    recorded = await stored_history(store, Wanted(reads=(H1,), symbols=("BTCUSDT",), venue="binance"))
    assert len(recorded.history.markets) == 1
