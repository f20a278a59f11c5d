"""Points tried on stretches: what the replay says, and nothing of what comes after."""

import pickle
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.metrics.measure import measure
from engines.simulate.figures import figures, moments_of
from engines.simulate.history import History, Outage
from engines.simulate.running import runner
from engines.simulate.trying import Ground, Stretch, Trial, tried, until
from tests.build.grounds import OPEN_TERMS, POINTS, WHOLE, a_ground, a_recorded_market, moved_after
from tests.build.recordings import HOUR, JANUARY_MS

MIDDLE = JANUARY_MS + 1500 * HOUR


@pytest.mark.parametrize("kind", MarketKind)
def test_kernels_tell_what_the_replay_tells(kind: MarketKind) -> None:
    """Gated by limits that nothing meets, the replay plays it; ungated, kernels do."""
    ground = a_ground(a_recorded_market(kind))
    by_kernel = tried(ground, [Trial(stretch=WHOLE, params=point) for point in POINTS])
    replayed = tried(ground, [Trial(stretch=WHOLE, params=point, is_gated=True) for point in POINTS[:3]])
    assert all((row["trades"] or 0) > 5 for row in by_kernel)
    assert len({row["roi"] for row in by_kernel}) == len(POINTS)
    for ours, theirs in zip(by_kernel, replayed, strict=False):
        assert ours == {name: pytest.approx(value, rel=1e-9, abs=1e-12) for name, value in theirs.items()}


@pytest.mark.parametrize("is_gated", [False, True])
def test_looking_once_a_day_changes_only_what_happens_within_days(is_gated: bool) -> None:
    ground = a_ground()
    trials = [Trial(stretch=WHOLE, params=point, is_gated=is_gated) for point in POINTS[:3]]
    within = {
        *("max_drawdown", "longest_drawdown_days", "calmar", "exposure", "exposure_time"),
        *("turnover", "turnover_a_year", "fee_share"),  # by the mean equity
    }
    for told, daily in zip(
        tried(ground, trials),
        tried(ground, [replace(trial, is_daily=True) for trial in trials]),
        strict=True,
    ):
        assert told["max_drawdown"] != daily["max_drawdown"]
        assert {name: told[name] for name in told if name not in within} == {
            name: daily[name] for name in daily if name not in within
        }


def test_nothing_after_a_stretch_moves_what_was_tried_on_it() -> None:
    stretch = replace(WHOLE, stop_ms=MIDDLE)
    trials = [Trial(stretch=stretch, params=point) for point in POINTS]
    market = a_recorded_market()
    assert tried(a_ground(moved_after(market, MIDDLE, 3.0)), trials) == tried(a_ground(market), trials)
    later = [replace(trial, stretch=WHOLE) for trial in trials]
    assert tried(a_ground(moved_after(market, MIDDLE, 3.0)), later) != tried(a_ground(market), later)


def test_a_market_is_cut_to_what_was_known() -> None:
    market = replace(
        a_recorded_market(), marks=a_recorded_market().series[Timeframe.H1], delisted_ms=MIDDLE + 1
    )
    known = until(market, MIDDLE)
    assert known.series[Timeframe.H1].time_ms[-1] == MIDDLE - HOUR
    assert known.marks is not None
    assert known.marks.time_ms[-1] < MIDDLE
    assert known.fundings is not None
    assert known.fundings.time_ms[-1] <= MIDDLE
    assert known.delisted_ms is None
    assert until(market, MIDDLE + 1).delisted_ms == MIDDLE + 1


def test_trials_of_different_stretches_keep_their_order() -> None:
    half = replace(WHOLE, stop_ms=MIDDLE)
    mixed = [Trial(stretch=stretch, params=point) for point in POINTS[:3] for stretch in (WHOLE, half)]
    ground = a_ground()
    assert tried(ground, mixed) == [tried(ground, [trial])[0] for trial in mixed]


def test_what_kernels_cannot_count_is_replayed() -> None:
    """Ten decimals of a slippage are more than they count in; the replay takes any."""
    terms = replace(OPEN_TERMS, slippage=Decimal("0.0002000001"))
    trials = [Trial(stretch=WHOLE, params=POINTS[0]), Trial(stretch=WHOLE, params=POINTS[0], is_gated=True)]
    ungated, gated = tried(a_ground(terms=terms), trials)
    assert ungated == gated


def test_a_market_finer_than_kernels_count_is_replayed() -> None:
    """A tick of a lot is less than the smallest money they know; the replay takes any."""
    market = a_recorded_market()
    fine = replace(market, instrument=replace(market.instrument, lot=Decimal("0.0000001")))
    trials = [Trial(stretch=WHOLE, params=POINTS[0]), Trial(stretch=WHOLE, params=POINTS[0], is_gated=True)]
    ungated, gated = tried(a_ground(fine), trials)
    assert ungated == gated


def test_outages_are_played_by_the_replay() -> None:
    """Kernels know of none."""
    market = a_recorded_market()
    history = History(markets=(market,), start_ms=WHOLE.start_ms, stop_ms=WHOLE.stop_ms)
    out = replace(history, outages=(Outage(start_ms=WHOLE.start_ms, stop_ms=WHOLE.stop_ms),))
    _, rounds = runner(history, "sma_cross", OPEN_TERMS, is_gated=False)(POINTS[0])
    _, none = runner(out, "sma_cross", OPEN_TERMS, is_gated=False)(POINTS[0])
    assert (len(rounds.gross) > 5, len(none.gross)) == (True, 0)


def test_it_is_handed_over_without_what_it_remembers() -> None:
    ground = a_ground()
    fresh = len(pickle.dumps(ground))
    trials = [Trial(stretch=WHOLE, params=POINTS[0])]
    rows = tried(ground, trials)
    assert len(pickle.dumps(ground)) == fresh
    sent: Ground = pickle.loads(pickle.dumps(ground))  # noqa: S301 - what we have just written
    assert tried(sent, trials) == rows


def test_a_stretch_without_bars_is_refused() -> None:
    empty = Stretch(market=0, start_ms=WHOLE.stop_ms + 10 * HOUR, stop_ms=WHOLE.stop_ms + 20 * HOUR)
    with pytest.raises(ValueError, match="no bars"):
        tried(a_ground(), [Trial(stretch=empty, params=POINTS[0])])
    with pytest.raises(ValueError, match="no bars"):
        tried(a_ground(), [Trial(stretch=empty, params=POINTS[0], is_gated=True)])


def test_moments_of_returns_are_read_back_from_a_row() -> None:
    ((curve, rounds),) = list(a_ground().outcomes(WHOLE, POINTS[:1]))
    metrics = measure(curve, rounds, opening=10_000.0, start_ms=WHOLE.start_ms)
    assert moments_of(figures(metrics)) == metrics.daily
    assert np.isfinite([value for value in figures(metrics).values() if value is not None]).all()
