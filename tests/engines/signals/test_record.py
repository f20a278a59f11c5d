"""The figures of the track record, and how sure they are."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.record import WEEK_MS, Outcome, band, outcome_of, record_of, summarise, tally
from engines.signals.signal import SignalState
from tests.build.clock import NOON
from tests.build.signals import a_course, a_proposal, a_signal


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def an_outcome(result_r: float, *, week: int = 0, **changes: Any) -> Outcome:
    usual: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "timeframe": Timeframe.H1,
        "direction": Direction.LONG,
        "regime": "bull_calm",
        "confidence": 0.7,
        "made_ms": 2_800 * WEEK_MS + week * WEEK_MS,
        "costs_r": 0.1,
    }
    return Outcome(result_r=result_r, **usual | changes)


def test_the_figures_of_a_few_signals() -> None:
    found = tally([an_outcome(result) for result in (1.0, -1.0, 0.5, 0.0)], rng())
    assert (found.count, found.wins, found.win_rate.value) == (4, 2, 0.5)
    assert (found.average_r.value, found.total_r) == (0.125, 0.5)
    assert found.profit_factor is not None
    assert found.profit_factor.value == 1.5
    assert (found.best_r, found.worst_r) == (1.0, -1.0)
    assert (found.average_win_r, found.average_loss_r) == (0.75, -0.5)
    assert found.average_costs_r == pytest.approx(0.1)


def test_nothing_lost_is_no_factor() -> None:
    found = tally([an_outcome(1.0)], rng())
    assert (found.profit_factor, found.average_loss_r) == (None, None)


@pytest.mark.parametrize(("weeks", "has_interval"), [(7, False), (8, True)])
def test_few_weeks_have_no_interval(weeks: int, has_interval: bool) -> None:
    found = tally([an_outcome((-1.0) ** week, week=week) for week in range(weeks)], rng())
    assert (found.win_rate.interval is not None) is has_interval


def test_signals_of_one_week_count_as_one_draw() -> None:
    """Ten times the same week is no more evidence than once."""
    once = [an_outcome((-1.0) ** (week % 3), week=week) for week in range(20)]
    tenfold = [outcome for outcome in once for _ in range(10)]
    assert tally(tenfold, rng()).average_r.interval == pytest.approx(tally(once, rng()).average_r.interval)


def test_more_weeks_make_an_interval_narrower() -> None:
    few, many = (
        tally([an_outcome((-1.0) ** (week % 3), week=week) for week in range(count)], rng()).win_rate.interval
        for count in (12, 120)
    )
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]


def test_the_same_chance_gives_the_same_interval() -> None:
    outcomes = [an_outcome(week / 10 - 1, week=week) for week in range(20)]
    assert record_of(outcomes, rng()) == record_of(outcomes, rng())


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(60):
        results = np.random.default_rng(seed).normal(0.2, 1.0, 60)
        outcomes = [an_outcome(float(result), week=week) for week, result in enumerate(results)]
        interval = tally(outcomes, rng()).average_r.interval
        assert interval is not None
        assert 0.3 < interval[1] - interval[0] < 0.8
        held += interval[0] <= 0.2 <= interval[1]
    assert held >= 51


def test_groups_are_by_everything_that_is_asked_for() -> None:
    record = record_of(
        [
            an_outcome(1.0, confidence=0.65),
            an_outcome(-1.0, symbol="ETHUSDT", confidence=0.64, regime="bear_wild"),
            an_outcome(0.5, timeframe=Timeframe.M15, direction=Direction.SHORT, confidence=1.0),
        ],
        rng(),
    )

    def counts(groups: Any) -> dict[str, int]:
        return {name: group.count for name, group in groups.items()}

    assert record.overall is not None
    assert record.overall.count == 3
    assert counts(record.symbols) == {"BTCUSDT": 2, "ETHUSDT": 1}
    assert counts(record.timeframes) == {"15m": 1, "1h": 2}
    assert counts(record.directions) == {"long": 2, "short": 1}
    assert counts(record.regimes) == {"bear_wild": 1, "bull_calm": 2}
    assert counts(record.pushed) == {"pushed": 2, "stored": 1}
    assert counts(record.confidence) == {"0.60-0.65": 1, "0.65-0.70": 1, "0.80-1.00": 1}


@pytest.mark.parametrize(
    ("confidence", "name"),
    [(0.5, "0.50-0.55"), (0.6999, "0.65-0.70"), (0.7, "0.70-0.75"), (1.0, "0.80-1.00")],
)
def test_bands_begin_at_their_lower_edge(confidence: float, name: str) -> None:
    assert band(confidence) == name


def test_signals_without_a_result_do_not_count() -> None:
    ended = a_course(
        state=SignalState.STOPPED,
        gross_r=-1.0,
        result_r=-1.2,
        entry_price=100.5,
        ended_at=NOON + timedelta(hours=1),
    )
    unentered = a_course(state=SignalState.EXPIRED, ended_at=NOON)
    signals = [a_signal(1), a_signal(2, course=ended), a_signal(3, course=unentered)]
    record = summarise(signals, rng())
    assert record.overall is not None
    assert (record.overall.count, record.overall.worst_r) == (1, -1.2)
    assert summarise([a_signal(1)], rng()).overall is None


def test_an_outcome_says_what_costs_took() -> None:
    ended = a_course(state=SignalState.TP3, gross_r=1.5, result_r=1.375, ended_at=NOON)
    outcome = outcome_of(a_signal(proposal=a_proposal("ETH"), course=ended))
    assert outcome is not None
    assert (outcome.symbol, outcome.costs_r, outcome.is_pushed) == ("ETHUSDT", 0.125, True)
    assert replace(outcome, confidence=0.64).is_pushed is False


def test_nothing_cannot_be_tallied() -> None:
    with pytest.raises(ValueError, match="nothing to tally"):
        tally([], rng())


@given(results=st.lists(st.integers(-2000, 3000).map(lambda milli: milli / 1000), min_size=1, max_size=60))
def test_figures_fit_together(results: list[float]) -> None:
    found = tally([an_outcome(result, week=week) for week, result in enumerate(results)], rng())
    assert found.worst_r <= found.average_r.value + 1e-12
    assert found.average_r.value <= found.best_r + 1e-12
    assert found.win_rate.value == pytest.approx(found.wins / found.count)
    for estimate in (found.win_rate, found.average_r):
        if estimate.interval is not None:
            assert estimate.interval[0] <= estimate.interval[1]
