"""The compiled walk through a history finds what looking at every close finds, to the last tick."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from adapters.csv_candles import read_candles
from engines.core.candle import Candles
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, pick, resample
from engines.signals import batch
from engines.signals.batch import Calls, calls, promising, sights_of
from engines.signals.decision import Decision
from engines.signals.evidence import GateState
from engines.signals.gates import PARAMS, Params
from engines.signals.grid import grid_of
from engines.signals.history import History, histories
from engines.signals.judging import COOL_DOWN, GATES
from engines.signals.study import looks
from tests.build.candles import JANUARY_MS, some_candles
from tests.build.kernels import in_python

HOUR, DAY = Timeframe.H1.ms, Timeframe.D1.ms
LOOSE = Params(least_trend=0.1, least_triggers=1.0, least_reward=1.0, least_confidence=0.3, cool_down_ms=HOUR)


@cache
def a_history(days: int = 40, seed: int = 5) -> History:
    fives = some_candles(days * 288, Timeframe.M5, seed=seed, price=2_000.0)
    return next(histories("ETHUSDT", resample(fives, HOUR), fives))


def holed(history: History) -> History:
    """The same with hours, five minutes, and both missing here and there."""
    rng = np.random.default_rng(3)
    lost = rng.random(len(history.hours)) < 0.01
    away = history.hours.time_ms[rng.random(len(history.hours)) < 0.03]
    gone = np.isin(history.fives.time_ms // HOUR, away // HOUR)
    return replace(
        history,
        hours=pick(history.hours, np.flatnonzero(~lost)),
        fives=pick(history.fives, np.flatnonzero(~gone)),
    )


def seen_by_looking(
    history: History, start_ms: int | None = None, stop_ms: int | None = None, params: Params = PARAMS
) -> Sequence[Decision]:
    return [one.decision for one in looks(history, start_ms=start_ms, stop_ms=stop_ms, params=params)]


def assert_same(found: Calls, decisions: Sequence[Decision], history: History) -> None:
    """Every look ended at the same gate, and every signal has the same numbers."""
    ended = [(one.at_ms, one.timeframe.ms, gate_of(one)) for one in decisions]
    assert list(zip(*map(list, (found.looked_ms, found.looked_at, found.ended)), strict=True)) == ended
    ticks = history.instrument.ticks
    proposals = [one.proposal for one in decisions if one.proposal is not None]
    expected = [
        (
            one.created_at,
            one.timeframe.ms,
            one.direction.sign,
            one.confidence,
            *map(ticks, (one.entry_low, one.entry_high, one.stop, *one.targets)),
            one.size,
            one.expires_at,
        )
        for one in proposals
    ]
    assert rows_of(found) == expected


def rows_of(found: Calls) -> list[tuple[object, ...]]:
    columns = (found.length_ms, found.direction, found.confidence, found.entry_low, found.entry_high)
    return [
        (
            utc(int(found.close_ms[row])),
            *(column[row] for column in (*columns, found.stop)),
            *found.targets[row],
            found.size[row],
            utc(int(found.expires_ms[row])),
        )
        for row in range(len(found))
    ]


def gate_of(decision: Decision) -> int:
    """The place of the gate that blocked."""
    states = [gate.state for gate in decision.gates]
    return states.index(GateState.BLOCKED) if GateState.BLOCKED in states else GATES


@pytest.mark.parametrize(("is_whole", "params"), [(True, PARAMS), (False, LOOSE)])
def test_it_finds_what_looking_finds(is_whole: bool, params: Params) -> None:
    history = a_history() if is_whole else holed(a_history())
    found = calls(sights_of(history.series(), params.least_triggers), history.instrument, params)
    assert_same(found, seen_by_looking(history, params=params), history)
    assert len(found) > 20
    assert len(set(found.ended.tolist())) >= 6


def test_before_the_start_it_only_warms_up() -> None:
    history, start_ms, stop_ms = a_history(), JANUARY_MS + 20 * DAY + HOUR, JANUARY_MS + 27 * DAY
    found = calls(sights_of(history.series()), history.instrument, start_ms=start_ms, stop_ms=stop_ms)
    assert found.looked_ms[0] == start_ms
    assert found.looked_ms[-1] < stop_ms
    assert_same(found, seen_by_looking(history, start_ms, stop_ms), history)


def test_without_five_minutes_there_are_only_hours() -> None:
    history = replace(a_history(), fives=a_history().fives.rows(0, 0))
    found = calls(sights_of(history.series()), history.instrument)
    assert set(found.looked_at.tolist()) == {HOUR}
    assert_same(found, seen_by_looking(history), history)


def test_a_timeframe_that_is_not_there_is_missing() -> None:
    series = dict(a_history().series())
    del series[Timeframe.D1]
    found = calls(sights_of(series), a_history().instrument)
    assert set(found.ended.tolist()) == {0}
    assert len(found) == 0


def test_nothing_recorded_is_nothing_seen() -> None:
    assert len(calls(sights_of({}), a_history().instrument).looked_ms) == 0
    assert len(promising(sights_of({}))) == 0


def test_only_promising_closes_have_signals() -> None:
    history = holed(a_history())
    sights = sights_of(history.series(), LOOSE.least_triggers)
    closes = promising(sights, LOOSE)
    found = calls(sights, history.instrument, LOOSE)
    assert set(found.looked_ms[found.ended >= COOL_DOWN].tolist()) <= set(closes.tolist())
    assert len(closes) < len(found.looked_ms) / 2


def test_what_is_promising_does_not_depend_on_what_comes_later() -> None:
    at_ms = JANUARY_MS + 31 * DAY
    series = {each: upto(candles, each, at_ms) for each, candles in a_history().series().items()}
    whole = promising(sights_of(a_history().series()))
    assert promising(sights_of(series)).tolist() == whole[whole <= at_ms].tolist()


def upto(candles: Candles, timeframe: Timeframe, at_ms: int) -> Candles:
    return candles.closed_before(at_ms, timeframe.ms)


def test_too_fine_a_grid_is_refused() -> None:
    instrument = replace(a_history().instrument, tick=Decimal("1e-11"))
    with pytest.raises(ValueError, match="ETHUSDT: a tick of 1E-11 is too fine"):
        calls(sights_of(a_history().series()), instrument)


def test_one_sight_serves_many_parameters() -> None:
    sights = sights_of(a_history().series(), 1.0)
    start_ms = JANUARY_MS + 30 * DAY
    for params in (LOOSE, Params(least_trend=0.5), Params(strong_touches=1)):
        found = calls(sights, a_history().instrument, params, start_ms=start_ms)
        assert_same(found, seen_by_looking(a_history(), start_ms, params=params), a_history())


def test_sights_of_fewer_looks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from 2\.0 points of triggers on"):
        calls(sights_of(a_history().series()), a_history().instrument, LOOSE)


def test_the_walks_are_the_same_without_the_compiler() -> None:
    series = replace(a_history(24, seed=6), fives=a_history().fives.rows(0, 0)).series()
    compiled = sights_of(series, 0.0)
    plain = batch.room(len(compiled.time_ms), len(series[Timeframe.H4]), 0.0)
    fifteens, hours, four_hours, days = (batch.bars_of(series[each]) for each in batch.FRAMES)
    looked, kept, trends = in_python(batch.hear)((fifteens, hours, four_hours, days), plain)
    assert looked == len(compiled.time_ms)
    assert (kept + 1, trends + 1) == (len(compiled.entries), len(compiled.trends))
    assert kept > 20
    for mine, theirs in zip(plain[:-1], compiled[:-1], strict=True):
        np.testing.assert_array_equal(np.asarray(mine)[: len(np.asarray(theirs))], theirs)


def test_gates_are_the_same_without_the_compiler() -> None:
    history = a_history(24, seed=6)
    sights = sights_of(history.series(), LOOSE.least_triggers)
    compiled = calls(sights, history.instrument, LOOSE)
    ended, made = np.zeros(len(sights.time_ms), np.int64), np.zeros((len(sights.time_ms), 8), np.int64)
    figures = np.zeros((len(sights.time_ms), 2))
    grid = grid_of(history.instrument)
    count = in_python(batch.judge)(sights, LOOSE.bounds, grid, 127, ended, made, figures)
    assert ended.tolist() == compiled.ended.tolist()
    assert (made[:count, batch.STOP] * compiled.direction).tolist() == compiled.stop.tolist()
    assert figures[:count, batch.CONFIDENCE].tolist() == compiled.confidence.tolist()
    assert count > 0


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_it_finds_what_looking_finds_in_recorded_markets(shared_data: Path, symbol: str) -> None:
    """Five weeks of both entry timeframes, the indicators warmed up by half a year."""
    hours, fives = (
        read_candles(shared_data / "ohlcv" / f"binance_{symbol}_{each}.csv.gz", each).candles[None]
        for each in (Timeframe.H1, Timeframe.M5)
    )
    start_ms = int(np.datetime64("2025-03-01", "ms").astype(np.int64))
    stop_ms = start_ms + 35 * DAY
    part = [between(one, start_ms - 230 * DAY, stop_ms) for one in (hours, fives)]
    history = next(histories(symbol, part[0], part[1]))
    found = calls(sights_of(history.series()), history.instrument, start_ms=start_ms)
    assert_same(found, seen_by_looking(history, start_ms), history)
    assert len(found) > 50
