"""Out of recorded candles a history is made: which are played, from when to when, and what is said of it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick, resample
from engines.market.repair import Conflicts, Gaps, Repair
from engines.simulate.history import Fundings
from engines.simulate.recording import (
    WARM_UP_BARS,
    BadHistory,
    Recorded,
    Recording,
    Wanted,
    assembled,
    instrument_of,
    named,
)
from tests.build.candles import rows_of
from tests.build.recordings import DAY, HOUR, JANUARY_MS, some_bars

M5, M15, H1, H4, D1 = Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1
HOURLY = Wanted(reads=(H1,))


def hours(count: int = 240, *, start_ms: int = JANUARY_MS) -> Candles:
    return some_bars(H1, count, start_ms=start_ms, price=60_000.0, seed=2)


def fives(count: int = 2880, *, start_ms: int = JANUARY_MS) -> Candles:
    return some_bars(M5, count, start_ms=start_ms, price=60_000.0, seed=3)


def a_recording(
    series: Mapping[Timeframe, Candles],
    *,
    symbol: str = "BTCUSDT",
    kind: MarketKind = MarketKind.SPOT,
    fundings: Fundings | None = None,
    marks: Candles | None = None,
) -> Recording:
    return Recording(
        symbol=symbol,
        kind=kind,
        series=series,
        place=lambda timeframe, time_ms: f"{symbol} {timeframe} row {(time_ms - JANUARY_MS) // timeframe.ms}",
        fundings=fundings,
        marks=marks,
    )


def said(recorded: Recorded) -> str:
    return "\n".join(recorded.notes)


def without(candles: Candles, *rows: int) -> Candles:
    return pick(candles, np.delete(np.arange(len(candles)), rows))


def test_all_that_is_recorded_is_played_unless_somebody_says_otherwise() -> None:
    history = assembled([a_recording({H1: hours()})], HOURLY).history
    assert (history.start_ms, history.stop_ms) == (JANUARY_MS, JANUARY_MS + 10 * DAY)
    wanted = replace(HOURLY, start_ms=JANUARY_MS + DAY, stop_ms=JANUARY_MS + 2 * DAY)
    history = assembled([a_recording({H1: hours()})], wanted).history
    assert (history.start_ms, history.stop_ms) == (JANUARY_MS + DAY, JANUARY_MS + 2 * DAY)
    times = history.markets[0].series[H1].time_ms
    assert (int(times[0]), int(times[-1])) == (JANUARY_MS, JANUARY_MS + 2 * DAY - HOUR)


def test_a_candle_that_closes_after_the_end_is_not_known() -> None:
    wanted = replace(HOURLY, stop_ms=JANUARY_MS + 5 * HOUR + 1)
    history = assembled([a_recording({H1: hours()})], wanted).history
    assert len(history.markets[0].series[H1]) == 5


def test_what_came_long_before_the_start_is_left_out() -> None:
    bars = hours(WARM_UP_BARS + 500)
    wanted = replace(HOURLY, start_ms=int(bars.time_ms[-10]))
    history = assembled([a_recording({H1: bars})], wanted).history
    assert len(history.markets[0].series[H1]) == WARM_UP_BARS + 10


def test_the_grid_is_read_off_the_data_or_given() -> None:
    instrument = assembled([a_recording({H1: hours()})], HOURLY).history.markets[0].instrument
    assert (instrument.tick, instrument.lot) == (Decimal("0.01"), Decimal("0.001"))
    given = replace(HOURLY, tick=Decimal("0.5"), lot=Decimal("0.1"))
    recorded = assembled([a_recording({H1: hours()})], given)
    market = recorded.history.markets[0]
    assert (market.instrument.tick, market.instrument.lot) == (Decimal("0.5"), Decimal("0.1"))
    assert (market.series[H1].close % 0.5 == 0).all()
    assert "candles had prices off the step of 0.5: moved to the nearest" in said(recorded)


def test_a_step_finer_than_any_venue_is_told() -> None:
    bars = hours(5)
    odd = replace(bars, open=np.round(bars.low + (bars.high - bars.low) / 3, 9))
    assert "--tick sets another" in said(assembled([a_recording({H1: odd})], HOURLY))


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("ETHBTC", "ETH", "BTC"),
        ("BTC", "BTC", "USD"),
        ("1000PEPEUSDT", "1000PEPE", "USDT"),
    ],
)
def test_coin_and_quote_are_read_off_the_symbol(symbol: str, base: str, quote: str) -> None:
    made = instrument_of(symbol, MarketKind.PERP, tick=Decimal(1), lot=Decimal(1))
    assert (made.base, made.quote) == (base, quote)


def test_orders_are_filled_on_the_finest_candles() -> None:
    fine = fives()
    recorded = assembled([a_recording({M5: fine, H1: resample(fine, HOUR)})], HOURLY)
    market = recorded.history.markets[0]
    assert (market.finest, sorted(market.series, key=lambda one: one.ms)) == (M5, [M5, H1])
    assert recorded.notes == ()


def test_finer_candles_that_cover_a_part_only_are_not_played() -> None:
    fine = fives(288, start_ms=JANUARY_MS + 5 * DAY)
    recorded = assembled([a_recording({M5: fine, H1: hours()})], HOURLY)
    assert recorded.history.markets[0].finest is H1
    assert "5m candles are there from 2025-01-06 to 2025-01-07 only: not played" in said(recorded)


def test_series_that_follow_each_other_on_other_timeframes_cover_nothing_together() -> None:
    parts = {M5: fives(5 * 288), H1: hours(120, start_ms=JANUARY_MS + 5 * DAY)}
    with pytest.raises(BadHistory, match="no timeframe of 5m, 1h covers the whole time"):
        assembled([a_recording(parts)], HOURLY)


def test_candles_that_are_read_but_not_recorded_are_added_up() -> None:
    fine = fives()
    recorded = assembled([a_recording({M5: fine})], Wanted(reads=(M15, H4, D1)))
    series = recorded.history.markets[0].series
    for timeframe in (M15, H4, D1):
        assert rows_of(series[timeframe]) == rows_of(resample(fine, timeframe.ms))


def test_only_whole_candles_are_added_up_at_either_end() -> None:
    recorded = assembled([a_recording({M5: fives(50, start_ms=JANUARY_MS + 5 * 60_000)})], HOURLY)
    times = recorded.history.markets[0].series[H1].time_ms
    assert times.tolist() == [JANUARY_MS + HOUR, JANUARY_MS + 2 * HOUR, JANUARY_MS + 3 * HOUR]


def test_the_longest_series_is_what_coarser_ones_are_added_up_from() -> None:
    fine = fives(2880, start_ms=JANUARY_MS + 10 * DAY)
    coarse = resample(fine, HOUR)
    before = hours(240)
    long = Candles(
        **{
            name: np.concatenate((getattr(before, name), getattr(coarse, name)))
            for name in ("time_ms", "open", "high", "low", "close", "volume")
        }
    )
    wanted = Wanted(reads=(M15, D1), start_ms=JANUARY_MS + 10 * DAY)
    series = assembled([a_recording({M5: fine, H1: long})], wanted).history.markets[0].series
    assert (len(series[D1]), len(series[M15])) == (20, 960)


def test_candles_coarser_than_those_read_are_of_no_use() -> None:
    with pytest.raises(BadHistory, match="reads 1h and there is only 1d: a coarse candle cannot be cut up"):
        assembled([a_recording({D1: some_bars(D1, 30)})], HOURLY)


def test_a_gap_is_refused_by_its_place_and_times() -> None:
    with pytest.raises(BadHistory) as refused:
        assembled([a_recording({H1: without(hours(), 5, 6, 7, 30)})], HOURLY)
    assert str(refused.value) == (
        "BTCUSDT 1h row 4: after it candles of 1h are missing; gaps: 2\n"
        "  2025-01-01 05:00 to 2025-01-01 08:00 (3 h)\n"
        "  2025-01-02 06:00 to 2025-01-02 07:00 (1 h)\n"
        "nothing is played; --repair gaps=leave plays them as times without candles,"
        " gaps=fill repeats the close"
    )


def test_gaps_that_are_allowed_are_told_and_left() -> None:
    holed = without(hours(), *range(40, 80), 100)
    recorded = assembled([a_recording({H1: holed})], replace(HOURLY, repair=Repair(gaps=Gaps.LEAVE)))
    assert rows_of(recorded.history.markets[0].series[H1]) == rows_of(holed)
    assert "gaps in 1h candles: 2, candles missing: 41, nothing is traded there" in said(recorded)
    assert "2025-01-02 16:00 to 2025-01-04 08:00 (40 h)" in said(recorded)
    assert "gaps of more than 24 candles of 1h: 1; averages go on" in said(recorded)


def test_gaps_are_filled_where_that_is_wanted() -> None:
    wanted = replace(HOURLY, repair=Repair(gaps=Gaps.FILL))
    recorded = assembled([a_recording({H1: without(hours(), 5, 6)})], wanted)
    bars = recorded.history.markets[0].series[H1]
    assert bars.time_ms.tolist() == hours().time_ms.tolist()
    assert (bars.close[5], bars.close[6], bars.volume[5]) == (bars.close[4], bars.close[4], 0.0)
    assert "missing: 2, filled with the close before" in said(recorded)


def test_a_gap_before_the_start_only_warms_up_less() -> None:
    wanted = replace(HOURLY, start_ms=JANUARY_MS + DAY)
    recorded = assembled([a_recording({H1: without(hours(), 5)})], wanted)
    assert "gaps in 1h candles: 1, candles missing: 1" in said(recorded)


def test_a_gap_in_candles_that_are_not_played_is_nobodys_business() -> None:
    fine = without(fives(288, start_ms=JANUARY_MS + 5 * DAY), 10)
    recorded = assembled([a_recording({M5: fine, H1: hours()})], HOURLY)
    assert "gaps" not in said(recorded)


def test_coarse_candles_that_contradict_the_finer_ones_are_refused_or_replaced() -> None:
    fine = fives()
    coarse = resample(fine, HOUR)
    wrong = replace(coarse, high=coarse.high + np.where(np.arange(len(coarse)) == 7, 100.0, 0.0))
    recording = a_recording({M5: fine, H1: wrong})
    with pytest.raises(BadHistory, match=r"BTCUSDT 1h row 7: this 1h candle .* 1 such candles"):
        assembled([recording], HOURLY)
    finer = assembled([recording], replace(HOURLY, repair=Repair(conflicts=Conflicts.FINE)))
    assert rows_of(finer.history.markets[0].series[H1]) == rows_of(coarse)
    left = assembled([recording], replace(HOURLY, repair=Repair(conflicts=Conflicts.LEAVE)))
    assert rows_of(left.history.markets[0].series[H1]) == rows_of(wrong)
    assert "1 candles of 1h differ from those of 5m: left as they are" in said(left)


def test_a_market_that_ends_early_is_gone_then() -> None:
    short = a_recording({H1: hours(100)}, symbol="LUNAUSDT")
    recorded = assembled([a_recording({H1: hours()}), short], HOURLY)
    assert [market.delisted_ms for market in recorded.history.markets] == [None, JANUARY_MS + 100 * HOUR]
    assert "LUNAUSDT: ends on 2025-01-05 04:00: what is held then is closed" in said(recorded)


def test_a_market_that_begins_late_is_told() -> None:
    late = a_recording({H1: hours(200, start_ms=JANUARY_MS + 40 * HOUR)}, symbol="SUIUSDT")
    recorded = assembled([a_recording({H1: hours()}), late], HOURLY)
    assert "SUIUSDT: begins on 2025-01-02 16:00: before that there is nothing to trade" in said(recorded)


def test_a_time_of_which_nothing_is_recorded_is_refused() -> None:
    wanted = replace(HOURLY, start_ms=JANUARY_MS + 30 * DAY, stop_ms=JANUARY_MS + 40 * DAY)
    with pytest.raises(BadHistory, match="candles go from 2025-01-01 to 2025-01-11; choose --from and --to"):
        assembled([a_recording({H1: hours()})], wanted)
    late = replace(HOURLY, start_ms=JANUARY_MS + 8 * DAY)
    short = a_recording({H1: hours(100)}, symbol="LUNAUSDT")
    with pytest.raises(BadHistory, match="LUNAUSDT: no candles between 2025-01-09 and 2025-01-11"):
        assembled([a_recording({H1: hours()}), short], late)


def test_what_a_perpetual_lacks_is_told() -> None:
    bare = assembled([a_recording({H1: hours()}, kind=MarketKind.PERP)], HOURLY)
    assert "no funding rates are recorded" in said(bare)
    assert "no mark prices for the whole time" in said(bare)
    times = JANUARY_MS + np.arange(30, dtype=np.int64) * 8 * HOUR
    fundings = Fundings(time_ms=times, rate=np.full(30, 0.0001))
    whole = a_recording({H1: hours()}, kind=MarketKind.PERP, fundings=fundings, marks=hours())
    recorded = assembled([whole], HOURLY)
    assert recorded.notes == ()
    market = recorded.history.markets[0]
    assert market.fundings is fundings
    assert market.marks is not None
    late = replace(fundings, time_ms=times + 5 * DAY)
    assert "funding rates begin on 2025-01-06 00:00: none before" in said(
        assembled([replace(whole, fundings=late)], HOURLY)
    )
    short = Fundings(time_ms=times[:2], rate=fundings.rate[:2])
    assert "funding rates end on 2025-01-01 08:00: none after" in said(
        assembled([replace(whole, fundings=short)], HOURLY)
    )


def test_marks_of_half_the_time_are_not_used() -> None:
    half = a_recording({H1: hours()}, kind=MarketKind.PERP, marks=hours(100))
    assert assembled([half], HOURLY).history.markets[0].marks is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("btc", "BTCUSDT"), ("BTC/USDT", "BTCUSDT"), ("btcusd", "BTCUSD"), ("eth", "ETHUSDT"), ("hype", "HYPE")],
)
def test_markets_are_found_by_what_people_type(text: str, found: str) -> None:
    assert named(text, ["BTC", "BTCUSD", "BTCUSDT", "ETHUSDT", "HYPE"]) == (found, [])


def test_of_an_unknown_market_the_nearest_are_named() -> None:
    assert named("BTSUSDT", ["BTCUSDT", "ETHUSDT"]) == (None, ["BTCUSDT"])
