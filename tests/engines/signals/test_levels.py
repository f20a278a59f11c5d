"""Levels of a signal: where they lie, and that they lie on the grid."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.indicators.cells import cells_of
from engines.indicators.frame import Frame
from engines.signals.grid import grid_of
from engines.signals.levels import Levels, distance_to_stop, ladder, levels_of
from tests.build.frames import a_frame
from tests.build.markets import an_instrument

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT
BTC = an_instrument()


def plan(
    instrument: Instrument, direction: Direction, frame: Frame, strong: Sequence[float] = ()
) -> Levels | None:
    steps = ladder(cells_of(frame), direction.sign, np.array(strong, float), grid_of(instrument))
    return levels_of(steps, instrument, direction)


def stop_distance(direction: Direction, frame: Frame) -> float:
    return distance_to_stop(cells_of(frame), direction.sign)


def with_swings(frame: Frame, *swings: tuple[float, float, float]) -> Frame:
    return replace(frame, swings=np.array(swings).reshape(-1, 3))


def test_the_levels_of_a_long() -> None:
    levels = plan(BTC, LONG, a_frame(close=100.0, atr14=2.0))
    assert levels is not None
    assert (levels.entry_low, levels.entry_high) == (D("99.50"), D("100.10"))
    assert levels.stop == D("96.80")
    assert levels.targets == (D("102.80"), D("105.80"), D("108.80"))
    assert (levels.risk_reward, levels.obstacle) == (2.0, None)


def test_the_levels_of_a_short_are_their_mirror() -> None:
    levels = plan(BTC, SHORT, a_frame(close=100.0, atr14=2.0))
    assert levels is not None
    assert (levels.entry_low, levels.entry_high) == (D("99.90"), D("100.50"))
    assert (levels.stop, levels.targets) == (D("103.20"), (D("97.20"), D("94.20"), D("91.20")))


@pytest.mark.parametrize(
    ("swing", "distance"),
    [
        (98.0, 1.8),  # the swing is nearer than 1.5 ATR
        (90.0, 3.0),  # 1.5 ATR is nearer
        (99.7, 1.0),  # never inside 0.5 ATR
        (101.0, 3.0),  # the market is beneath it already
    ],
)
def test_the_stop_is_the_nearer_of_volatility_and_the_last_swing(swing: float, distance: float) -> None:
    frame = with_swings(a_frame(close=100.0, atr14=2.0), (50.0, 1, -1), (swing, 1, -1), (104.0, 1, 1))
    assert stop_distance(LONG, frame) == pytest.approx(distance)


def test_the_stop_of_a_short_looks_at_highs() -> None:
    frame = with_swings(a_frame(close=100.0, atr14=2.0), (102.0, 1, 1), (99.0, 1, -1))
    assert stop_distance(SHORT, frame) == pytest.approx(1.8)


def test_the_risk_is_one_percent_unless_the_size_is_capped() -> None:
    wide = plan(BTC, LONG, a_frame(close=100.0, atr14=5.0))
    near = plan(BTC, LONG, a_frame(close=100.0, atr14=1.0))
    assert wide is not None
    assert near is not None
    assert wide.size == pytest.approx(0.01 / (7.5 / 99.5))
    assert wide.risk == pytest.approx(0.01)
    assert near.size == 0.2
    assert near.risk == pytest.approx(0.2 * 1.5 / 99.9)


def test_a_target_is_pulled_in_front_of_a_strong_level() -> None:
    levels = plan(BTC, LONG, a_frame(close=100.0, atr14=2.0), [90.0, 107.0])
    assert levels is not None
    assert levels.targets == (D("102.80"), D("105.80"), D("106.80"))
    assert (levels.risk_reward, levels.obstacle) == (2.0, 107.0)


def test_a_strong_level_before_the_second_target_costs_reward() -> None:
    levels = plan(BTC, SHORT, a_frame(close=100.0, atr14=2.0), [95.0])
    assert levels is not None
    assert levels.targets[0] == D("97.20")
    assert levels.targets[1] == D("95.20")
    assert levels.risk_reward == pytest.approx(5 / 3)


def test_a_level_behind_the_targets_pulls_none() -> None:
    levels = plan(BTC, LONG, a_frame(close=100.0, atr14=2.0), [109.0])
    assert levels is not None
    assert levels.obstacle is None


@pytest.mark.parametrize("tick", ["1", "5"])
def test_a_grid_on_which_levels_coincide_is_refused(tick: str) -> None:
    coarse = an_instrument(tick=D(tick))
    assert plan(coarse, LONG, a_frame(close=100.0, atr14=0.4)) is None


def test_a_target_beneath_nothing_is_refused() -> None:
    assert plan(BTC, SHORT, a_frame(close=100.0, atr14=25.0)) is None


@given(
    close=st.floats(1.0, 90_000.0),
    volatility=st.floats(0.001, 0.1),
    swings=st.lists(st.tuples(st.floats(0.8, 1.2), st.just(1.0), st.sampled_from([-1.0, 1.0])), max_size=6),
    strong=st.lists(st.floats(0.7, 1.3), max_size=4),
    direction=st.sampled_from(Direction),
    digits=st.integers(0, 4),
)
def test_levels_are_in_order_and_on_the_grid(
    close: float,
    volatility: float,
    swings: list[tuple[float, float, float]],
    strong: list[float],
    direction: Direction,
    digits: int,
) -> None:
    instrument = an_instrument(tick=D(1).scaleb(-digits))
    scaled = [(price * close, touches, kind) for price, touches, kind in swings]
    frame = with_swings(a_frame(close=close, atr14=volatility * close), *scaled)
    levels = plan(instrument, direction, frame, [price * close for price in strong])
    if levels is None:
        return
    edges = (levels.entry_low, levels.entry_high)
    ladder = [levels.stop, *(edges if direction is LONG else edges[::-1]), *levels.targets]
    assert all((right - left) * direction.sign > 0 for left, right in pairwise(ladder))
    assert all(instrument.price(level) == level for level in ladder)
    assert levels.risk_reward <= 2.0
    middle = (levels.entry_low + levels.entry_high) / 2
    is_whole = abs(levels.targets[1] - middle) == 2 * abs(middle - levels.stop)
    assert (levels.risk_reward == 2.0) is is_whole
    assert levels.risk <= 0.01 + 1e-9
    assert levels.size <= 0.2
