"""Formulas over columns: what holds, what is not known, and when an alert on one fires."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.alerts.alert import Alert, AlertState
from engines.alerts.edges import History, live_through, look_back
from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.alerts.truth import Columns, Reading, judge, moments_of, read
from engines.core.timeframe import Timeframe
from tests.build.alerts import an_alert
from tests.build.clock import NOON

H1, H4 = Timeframe.H1, Timeframe.H4
HOUR = timedelta(hours=1)
NOON_MS = int(NOON.timestamp() * 1000)
NAN = float("nan")


def hours(values: Mapping[str, Sequence[float]], *, frame: Timeframe = H1, missing: int = -1) -> Columns:
    """Series of which the first value is known at noon, one of them missing on request."""
    length = len(next(iter(values.values())))
    kept = [place for place in range(length) if place != missing]
    closed = NOON_MS + frame.ms * np.arange(length, dtype=np.int64)
    columns = {name: np.array(column, dtype=np.float64)[kept] for name, column in values.items()}
    return Columns(
        timeframe=frame,
        closed_ms=closed[kept],
        close=100 + np.arange(length, dtype=np.float64)[kept],
        values=columns,
    )


def series(output: str, frame: Timeframe = H1, factor: str = "1") -> Series:
    return Series(output, output, frame, Decimal(factor))


def below(output: str, value: int, frame: Timeframe = H1) -> Comparison:
    return Comparison(series(output, frame), Op.BELOW, Decimal(value))


def trues(formula: Formula, *columns: Columns) -> list[bool]:
    frames = {one.timeframe: one for one in columns}
    return [bool(one) for one in judge(formula, frames, moments_of(formula, frames)).is_true]


@pytest.mark.parametrize(
    ("op", "holds"),
    [
        (Op.ABOVE, [False, False, True, True, False]),
        (Op.BELOW, [True, False, False, False, True]),
        (Op.CROSSES_ABOVE, [False, False, True, False, False]),
        (Op.CROSSES_BELOW, [False, False, False, False, True]),
        (Op.CROSSES, [False, False, True, False, True]),
    ],
)
def test_comparisons(op: Op, holds: list[bool]) -> None:
    columns = hours({"fast": [1, 2, 3, 4, 1], "slow": [2, 2, 2, 2, 2]})

    assert trues(Formula((Comparison(series("fast"), op, series("slow")),)), columns) == holds
    assert trues(Formula((Comparison(series("slow"), op.turned, series("fast")),)), columns) == holds
    assert trues(Formula((Comparison(series("fast"), op, Decimal(2)),)), columns) == holds


def test_a_multiple_of_a_series() -> None:
    columns = hours({"volume": [19, 20, 21], "average": [10, 10, 10]})
    formula = Formula((Comparison(series("volume"), Op.ABOVE, series("average", factor="2")),))

    assert trues(formula, columns) == [False, False, True]


def test_all_or_any() -> None:
    columns = hours({"a": [1, 1, 9, 9], "b": [1, 9, 1, 9]})
    parts = (below("a", 5), below("b", 5))

    assert trues(Formula(parts), columns) == [True, False, False, False]
    assert trues(Formula(parts, is_any=True), columns) == [True, True, True, False]


def test_what_warms_up_or_is_missing_is_neither_true_nor_false() -> None:
    columns = hours({"a": [NAN, 1, 1, 9], "b": [1, 1, NAN, NAN]})
    frames = {H1: columns}
    moments = columns.closed_ms

    both = judge(Formula((below("a", 5), below("b", 5))), frames, moments)
    assert both.is_true.tolist() == [False, True, False, False]
    assert both.is_false.tolist() == [False, False, False, True]
    either = judge(Formula((below("a", 5), below("b", 5)), is_any=True), frames, moments)
    assert either.is_true.tolist() == [True, True, True, False]
    assert either.is_false.tolist() == [False, False, False, False]


def test_a_crossing_needs_the_close_before() -> None:
    columns = hours({"a": [1, 1, 3, 1, 3]}, missing=3)
    crossing = Formula((Comparison(series("a"), Op.CROSSES_ABOVE, Decimal(2)),))

    assert trues(crossing, columns) == [False, False, True, False]


def test_a_longer_timeframe_counts_from_its_close_on() -> None:
    quick = hours({"rsi": [1] * 9})
    slow = hours({"trend": [9, 1, 1]}, frame=H4)
    formula = Formula((below("rsi", 5), below("trend", 5, H4)))

    assert trues(formula, quick, slow) == [False] * 4 + [True] * 5


def test_nothing_is_judged_before_the_candles_of_all_timeframes_are_there() -> None:
    quick, slow = hours({"rsi": [1] * 9}), hours({"trend": [1, 1]}, frame=H4)
    formula = Formula((below("rsi", 5), below("trend", 5, H4)))

    assert len(moments_of(formula, {H1: quick, H4: slow})) == 8
    assert len(moments_of(formula, {H1: quick, H4: hours({"trend": []}, frame=H4)})) == 0


def test_both_sides_can_be_read() -> None:
    columns = hours({"fast": [1, 2], "slow": [3, 4]})
    formula = Formula((Comparison(series("fast"), Op.ABOVE, series("slow")), below("slow", 7)))

    assert list(read(formula, {H1: columns}, NOON_MS + H1.ms)) == [Reading(2, 4), Reading(4, 7)]


def lived(values: list[float], **fields: Any) -> list[tuple[str, int]]:
    """What became of an alert on `a` below 5 that was armed an hour before noon: hours past noon."""
    usual: dict[str, Any] = {"condition": Formula((below("a", 5),)), "since": NOON - HOUR}
    alert = an_alert(**usual | fields)
    changes = live_through(alert, _formula(alert), {H1: hours({"a": values})}, since_ms=0)
    return [(_word(change.is_fired, change.alert), _hours(change.at)) for change in changes]


def _formula(alert: Alert) -> Formula:
    assert isinstance(alert.condition, Formula)
    return alert.condition


def _word(is_fired: bool, alert: Alert) -> str:
    if is_fired:
        return "fired"
    return "armed" if alert.is_armed else "disarmed"


def _hours(at: datetime) -> int:
    return int((at - NOON) / HOUR)


class TestEdges:
    def test_it_fires_once_where_it_turns_true(self) -> None:
        assert lived([9, 1, 1, 9, 1]) == [("fired", 1)]

    def test_one_that_is_true_already_waits_until_it_is_false(self) -> None:
        assert lived([1, 1, 9, 1], is_armed=False) == [("armed", 2), ("fired", 3)]

    def test_a_repeating_one_has_to_turn_again(self) -> None:
        assert lived([1, 1, 9, 1], rest=HOUR) == [("fired", 0), ("armed", 2), ("fired", 3)]

    def test_what_turns_true_at_rest_is_not_heard_afterwards(self) -> None:
        heard = lived([1, 9, 1, 1, 1, 9, 1], rest=4 * HOUR)

        assert heard == [("fired", 0), ("armed", 1), ("disarmed", 2), ("armed", 5), ("fired", 6)]

    def test_what_is_not_known_changes_nothing(self) -> None:
        assert lived([NAN, 1, NAN], is_armed=False) == []
        assert lived([9, NAN, NAN]) == []

    def test_closes_that_are_over_do_not_count(self) -> None:
        assert lived([1, 1, 9], since=NOON + HOUR) == []
        alert = an_alert(condition=Formula((below("a", 5),)), since=NOON - HOUR)
        frames = {H1: hours({"a": [1, 9, 9]})}
        assert live_through(alert, _formula(alert), frames, since_ms=NOON_MS) == []

    def test_a_firing_has_its_close_and_what_was_compared(self) -> None:
        alert = an_alert(condition=Formula((below("a", 5),)), since=NOON - HOUR)
        (change,) = live_through(alert, _formula(alert), {H1: hours({"a": [9, 2]})}, since_ms=0)

        assert (change.price, change.at) == (Decimal("101.0"), NOON + HOUR)
        assert change.readings == (Reading(2, 5),)
        assert change.alert.state is AlertState.DONE
        assert change.alert.fired_at == NOON + HOUR

    def test_the_state_after_a_kill_is_found_again_from_any_point_before(self) -> None:
        values = [9.0, 1, 9, 1, 1, 9, 9, 1, 9, 1]
        alert = an_alert(condition=Formula((below("a", 5),)), rest=2 * HOUR, since=NOON - HOUR)
        frames = {H1: hours({"a": values})}
        whole = live_through(alert, _formula(alert), frames, since_ms=0)

        for place, change in enumerate(whole):
            assert live_through(change.alert, _formula(alert), frames, since_ms=0) == whole[place + 1 :]


def test_how_often_it_turned_true() -> None:
    formula, frames = Formula((below("a", 5),)), {H1: hours({"a": [NAN, 1, 9, 1, 1, 9, 1]})}

    assert look_back(formula, frames, closes=500) == History(is_true=True, turned_true=3, closes=6)
    assert look_back(formula, frames, closes=2) == History(is_true=True, turned_true=1, closes=2)
    assert look_back(formula, {H1: hours({"a": [9, NAN]})}, closes=9).is_true is None
    assert look_back(formula, {H1: hours({"a": []})}, closes=9) == History(None, 0, 0)


def test_a_series_that_nobody_reckons_decides_nothing() -> None:
    columns = hours({"b": [1, 1]})

    assert trues(Formula((below("a", 5),)), columns) == [False, False]
