"""Grids, the best of them, and walk-forward: the same by however many processes."""

import numpy as np
import pytest

from adapters.crews.executor import ExecutorCrew
from adapters.crews.processes import ProcessCrew
from engines.metrics.sharpe import deflated_among
from engines.simulate.choosing import Figures, best
from engines.simulate.figures import moments_of
from engines.simulate.trying import Ground, Stretch, Trial, tried
from engines.simulate.windows import Anchor, Plan, Window, windows
from services.sweeping.sweeps import Sweeps, luck, trial_key
from services.sweeping.walk_forward import WalkForward, Walking
from tests.build.grounds import POINTS, WHOLE, a_ground, a_recorded_market, moved_after
from tests.build.recordings import HOUR
from tests.build.sweeping import AtOnce, FinishedHere

DAY = 24 * HOUR
PLAN = Plan(anchor=Anchor.ROLLING, train_ms=30 * DAY, test_ms=15 * DAY, purge_ms=2 * DAY, embargo_ms=DAY)
CUT = windows(WHOLE.start_ms, WHOLE.stop_ms, PLAN)


def sweeps(ground: Ground, finished: FinishedHere | None = None) -> Sweeps:
    return Sweeps(ExecutorCrew(AtOnce(), ground, size=1), finished or FinishedHere(), lambda *told: None)


def walk(ground: Ground, cut: tuple[Window, ...] = CUT, least_trades: int = 3) -> WalkForward:
    walking = Walking(ground=ground, points=POINTS, by="sharpe", least_trades=least_trades)
    return walking.walk(0, cut, sweeps(ground))


@pytest.mark.parametrize("size", [1, 3])
def test_any_number_of_processes_gives_the_same(size: int) -> None:
    ground = a_ground()
    crew, finished = ProcessCrew(ground, size=size), FinishedHere()
    try:
        (rows,) = Sweeps(crew, finished, lambda *told: None).rows([WHOLE], POINTS)
    finally:
        crew.close()
    assert rows == tried(ground, [Trial(stretch=WHOLE, params=point) for point in POINTS])
    assert len(finished.added) == len(POINTS)


def test_stretches_are_swept_one_by_one_and_only_what_is_missing() -> None:
    ground, finished = a_ground(), FinishedHere()
    (first,) = sweeps(ground, finished).rows([WHOLE], POINTS[:4])
    half = Stretch(market=0, start_ms=WHOLE.start_ms, stop_ms=WHOLE.start_ms + 1000 * HOUR)
    finished.added.clear()
    again, second = sweeps(ground, finished).rows([WHOLE, half], POINTS)
    assert again[:4] == first
    assert len(finished.added) == 2 * len(POINTS) - 4
    assert second == tried(ground, [Trial(stretch=half, params=point) for point in POINTS])


def test_every_trial_has_a_name_of_its_own() -> None:
    half = Stretch(market=0, start_ms=WHOLE.start_ms, stop_ms=WHOLE.stop_ms - HOUR)
    trials = [
        Trial(stretch=stretch, params=point, is_gated=is_gated, is_daily=is_daily)
        for stretch in (WHOLE, half)
        for point in POINTS
        for is_gated in (False, True)
        for is_daily in (False, True)
    ]
    assert len({trial_key(trial) for trial in trials}) == len(trials)
    assert trial_key(trials[0]) == trial_key(Trial(stretch=WHOLE, params=POINTS[0]))


def test_the_best_is_deflated_by_all_that_were_tried() -> None:
    (rows,) = sweeps(a_ground()).rows([WHOLE], POINTS)
    place = best(rows, "sharpe", least_trades=3)
    assert place is not None
    said = luck(rows, place)
    moments = [moments_of(row) for row in rows]
    assert (said.trials, said.merit) == (len(POINTS), deflated_among(moments[place], moments))
    daily = [one.sharpe or 0.0 for one in moments]
    assert said.luckiest is not None
    assert 0 < said.luckiest < 5 * float(np.std(daily, ddof=1)) * np.sqrt(365)
    assert luck(rows[:1], 0).luckiest == 0.0


def test_each_window_takes_the_best_of_its_training() -> None:
    found = walk(a_ground())
    assert len(found.choices) == len(CUT)
    for choice, rows in zip(found.choices, found.rows, strict=True):
        place = best(rows, "sharpe", least_trades=3)
        assert place is not None
        assert (choice.params, choice.train) == (POINTS[place], rows[place])
    curve, _ = found.joined
    inside = [
        ((curve.time_ms > window.test_start_ms) & (curve.time_ms <= window.test_stop_ms)).sum()
        for window in CUT
    ]
    assert sum(inside) == len(curve.time_ms)
    grown = float(np.prod([1 + (choice.test["roi"] or 0.0) for choice in found.choices if choice.test]))
    assert found.figures["roi"] == pytest.approx(grown - 1)


@pytest.mark.parametrize("anchor", Anchor)
def test_choices_do_not_see_their_tests(anchor: Anchor) -> None:
    """Every price from the end of the last training on is another one, so also at the end of the test before
    it: what was chosen stays, and every test that was over."""
    cut = windows(
        WHOLE.start_ms,
        WHOLE.stop_ms,
        Plan(anchor=anchor, train_ms=30 * DAY, test_ms=15 * DAY, purge_ms=2 * DAY),
    )
    market = a_recorded_market()
    told = walk(a_ground(market), cut)
    moved = walk(a_ground(moved_after(market, cut[-1].train_stop_ms, 2.5)), cut)
    assert [choice.params for choice in moved.choices] == [choice.params for choice in told.choices]
    assert moved.rows == told.rows
    assert [choice.test for choice in moved.choices[:-2]] == [choice.test for choice in told.choices[:-2]]
    assert moved.choices[-1].test != told.choices[-1].test


def test_where_nothing_can_be_chosen_nothing_is_traded() -> None:
    found = walk(a_ground(), least_trades=10_000)
    assert {choice.params for choice in found.choices} == {None}
    assert (found.figures["roi"], found.figures["trades"]) == (0.0, 0.0)
    curve, _ = found.joined
    assert curve.time_ms.tolist() == [window.test_stop_ms for window in CUT]


def test_rows_are_plain_numbers() -> None:
    """So that they can be kept as text and read back."""
    rows: list[Figures] = tried(a_ground(), [Trial(stretch=WHOLE, params=POINTS[0])])
    assert {type(value) for value in rows[0].values()} <= {float, type(None)}
