from dataclasses import replace

import numpy as np
import pytest

from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick, resample
from engines.market.derive import completed, differing, forming
from tests.build.candles import JANUARY_MS, rows_of, some_candles

M5, H1, H4 = Timeframe.M5, Timeframe.H1, Timeframe.H4
PARTS = some_candles(60, M5)
"""Five hours."""


@pytest.mark.parametrize("lost", [0, 5, 11, 12, 30, 59])
def test_only_candles_with_all_their_parts_are_made(lost: int) -> None:
    there = np.delete(np.arange(60), lost)
    made = completed(pick(PARTS, there), M5, H1)
    whole = resample(PARTS, H1.ms)
    assert rows_of(made) == [row for hour, row in enumerate(rows_of(whole)) if hour != lost // 12]


def test_nothing_is_made_of_nothing_or_of_too_little() -> None:
    assert len(completed(PARTS.rows(0, 0), M5, H1)) == 0
    assert len(completed(PARTS.rows(0, 47), M5, H4)) == 0
    assert len(completed(PARTS.rows(1, 49), M5, H4)) == 0
    assert len(completed(PARTS.rows(0, 48), M5, H4)) == 1


@pytest.mark.parametrize("parts", [1, 2, 7, 12])
def test_the_forming_candle_is_the_sum_of_its_parts_so_far(parts: int) -> None:
    now_ms = JANUARY_MS + H1.ms + (parts - 1) * M5.ms + 17_000
    some = PARTS.rows(0, 12 + parts)
    assert rows_of(forming(some, M5, H1, now_ms)) == rows_of(resample(some, H1.ms).rows(1))


def test_a_forming_candle_without_its_beginning_or_its_present_is_none() -> None:
    now_ms = JANUARY_MS + H1.ms + 2 * M5.ms + 17_000
    assert len(forming(PARTS.rows(13, 15), M5, H1, now_ms)) == 0
    assert len(forming(PARTS.rows(0, 14), M5, H1, now_ms)) == 0
    assert len(forming(PARTS.rows(0, 0), M5, H1, now_ms)) == 0


def test_candles_that_only_one_side_has_do_not_differ() -> None:
    assert len(differing(PARTS.rows(0, 30), PARTS.rows(10, 60), volume_slack=0.0)) == 0
    assert len(differing(PARTS.rows(0, 0), PARTS, volume_slack=0.0)) == 0


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_a_price_has_to_be_the_same_exactly(column: str) -> None:
    values = getattr(PARTS, column).copy()
    values[7] = np.nextafter(values[7], np.inf)
    theirs = replace(PARTS, **{column: values})
    assert rows_of(differing(PARTS, theirs, volume_slack=1.0)) == rows_of(theirs.rows(7, 8))


def test_a_volume_may_be_off_by_rounding() -> None:
    theirs = some_candles(60, M5)
    theirs.volume[3] += 0.002
    theirs.volume[4] -= 0.004
    assert rows_of(differing(PARTS, theirs, volume_slack=0.003)) == rows_of(theirs.rows(4, 5))
