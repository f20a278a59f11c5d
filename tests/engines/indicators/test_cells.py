"""A frame as a row of numbers: however it is made, the same."""

import numpy as np
import pytest

from engines.core.timeframe import Timeframe
from engines.indicators import cells
from engines.indicators.columns import HOT
from engines.indicators.frame import Frame
from engines.indicators.hot import HotState
from tests.build.bars import a_walk
from tests.build.kernels import in_python


def states(bars: int) -> tuple[HotState, Frame]:
    state = HotState()
    state.push(a_walk(bars, 3))
    frame = state.frame(Timeframe.H1)
    assert frame is not None
    return state, frame


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("bars", [1, 2, 3, 250, 251])
def test_the_cells_of_a_state_are_those_of_its_frame(bars: int, is_compiled: bool) -> None:
    state, frame = states(bars)
    read = cells.read if is_compiled else in_python(cells.read)
    found = np.zeros(cells.SIZE)
    numbers = np.frombuffer(state.dump()[12:], "<f8").astype(np.float64)
    read(numbers, found)
    np.testing.assert_array_equal(found, cells.cells_of(frame))
    assert (len(frame.swings) > 0) is (bars > 200)


def test_every_indicator_has_its_place() -> None:
    _, frame = states(250)
    found = cells.cells_of(frame)
    places = {name: getattr(cells, name.upper()) for name in HOT}
    np.testing.assert_array_equal(
        [found[place] for place in places.values()], [frame.value(name) for name in places]
    )
    np.testing.assert_array_equal(
        [found[place + cells.EARLIER] for place in places.values()], [frame.earlier(name) for name in places]
    )
    assert found[cells.CLOSE] == frame.close
    assert found[cells.KNOWN] == 1.0


def test_no_frame_has_empty_cells() -> None:
    assert not cells.cells_of(None).any()
