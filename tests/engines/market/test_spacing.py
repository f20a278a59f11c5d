"""Candles of another timeframe are told from missing ones."""

import numpy as np
import pytest

from engines.core.timeframe import Timeframe
from engines.market.spacing import foreign

M5, H1 = Timeframe.M5, Timeframe.H1


def times(*steps: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.cumsum(np.array((0, *steps), dtype=np.int64))


@pytest.mark.parametrize(
    ("steps", "timeframe", "found"),
    [
        ([H1.ms] * 50, M5, (0, H1)),
        ([M5.ms] * 50, H1, (0, M5)),
        ([M5.ms] * 30 + [H1.ms] * 30, M5, (30, H1)),
        ([H1.ms] * 30 + [M5.ms] * 12, H1, (30, M5)),
        ([M5.ms] * 50, M5, None),
        ([M5.ms, H1.ms] * 30, M5, None),
        ([M5.ms] * 30 + [3 * M5.ms] * 11 + [M5.ms], M5, None),
        ([H1.ms, H1.ms], M5, (0, H1)),
        ([H1.ms], M5, None),
        ([], M5, None),
    ],
)
def test_a_run_of_other_steps_is_another_timeframe(
    steps: list[int], timeframe: Timeframe, found: tuple[int, Timeframe] | None
) -> None:
    assert foreign(times(*steps), timeframe) == found
