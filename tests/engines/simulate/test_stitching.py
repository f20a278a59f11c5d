"""Tests of a walk-forward joined into one account."""

import numpy as np
import pytest

from engines.metrics.series import Curve, RoundColumns
from engines.simulate.stitching import stitched


def a_curve(times: list[int], equity: list[float]) -> Curve:
    worth = np.array(equity)
    return Curve(time_ms=np.array(times, np.int64), equity=worth, exposure=worth / 2, net=-worth / 4)


def a_round(opened: int, closed: int, gross: float) -> RoundColumns:
    return RoundColumns(
        opened_ms=np.array([opened], np.int64),
        closed_ms=np.array([closed], np.int64),
        gross=np.array([gross]),
        fees=np.array([2.0]),
        funding=np.array([-1.0]),
        traded=np.array([300.0]),
        risk=np.array([np.nan]),
        is_open=np.array([False]),
    )


def no_rounds() -> RoundColumns:
    none = np.empty(0)
    times = none.astype(np.int64)
    return RoundColumns(
        opened_ms=times,
        closed_ms=times,
        gross=none,
        fees=none,
        funding=none,
        traded=none,
        risk=none,
        is_open=none.astype(np.bool_),
    )


def test_each_part_begins_with_what_the_one_before_ended_with() -> None:
    first = a_curve([1, 2], [110.0, 150.0]), a_round(1, 2, 50.0)
    second = a_curve([5, 6], [100.0, 80.0]), a_round(5, 6, -20.0)
    curve, rounds = stitched([first, second], 100.0)
    assert curve.time_ms.tolist() == [1, 2, 5, 6]
    assert curve.equity.tolist() == [110.0, 150.0, 150.0, 120.0]
    assert curve.exposure.tolist() == [55.0, 75.0, 75.0, 60.0]
    assert curve.net.tolist() == [-27.5, -37.5, -37.5, -30.0]
    assert rounds.gross.tolist() == [50.0, -30.0]
    assert rounds.net.tolist() == [47.0, -34.5]
    assert rounds.traded.tolist() == [300.0, 450.0]
    assert np.isnan(rounds.risk).all()


def test_a_ruined_account_stays_ruined_and_parts_without_bars_are_passed_over() -> None:
    ruined = a_curve([1], [-5.0]), no_rounds()
    nothing = a_curve([], []), no_rounds()
    later = a_curve([3], [200.0]), a_round(3, 3, 100.0)
    curve, rounds = stitched([ruined, nothing, later], 100.0)
    assert curve.equity.tolist() == [-5.0, 0.0]
    assert rounds.gross.tolist() == [0.0]
    curve, rounds = stitched([nothing], 100.0)
    assert (len(curve.time_ms), len(rounds.gross)) == (0, 0)


def test_parts_that_overlap_or_are_missing_are_refused() -> None:
    part = a_curve([1, 2], [1.0, 1.0]), no_rounds()
    with pytest.raises(ValueError, match="overlap"):
        stitched([part, part], 1.0)
    with pytest.raises(ValueError, match="no part"):
        stitched([], 1.0)
