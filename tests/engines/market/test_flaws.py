"""Candles that cannot be are named by row, with what is wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import empty
from engines.market.flaws import Flaw, flaws
from tests.build.candles import JANUARY_MS, some_candles

M5 = Timeframe.M5


def sound() -> Candles:
    ones = np.full(5, 10.0)
    return Candles(
        time_ms=JANUARY_MS + np.arange(5) * M5.ms,
        open=ones,
        high=ones + 1,
        low=ones - 1,
        close=ones,
        volume=ones,
    )


def with_value(candles: Candles, column: str, row: int, value: float) -> Candles:
    changed: dict[str, Any] = {column: getattr(candles, column).copy()}
    changed[column][row] = value
    return replace(candles, **changed)


def test_sound_candles_have_none() -> None:
    assert flaws(some_candles(500), M5) == {}
    assert flaws(empty(), M5) == {}
    assert flaws(sound().rows(0, 1), M5) == {}


def test_gaps_zero_volume_and_a_flat_price_are_sound() -> None:
    flat = np.full(5, 10.0)
    times = JANUARY_MS + np.array([0, 1, 5, 6, 900]) * M5.ms
    candles = Candles(time_ms=times, open=flat, high=flat, low=flat, close=flat, volume=np.zeros(5))
    assert flaws(candles, M5) == {}


@pytest.mark.parametrize(
    ("column", "value", "flaw"),
    [
        ("open", float("nan"), Flaw.NOT_A_NUMBER),
        ("high", float("inf"), Flaw.NOT_A_NUMBER),
        ("volume", float("nan"), Flaw.NOT_A_NUMBER),
        ("low", 0.0, Flaw.NOT_POSITIVE),
        ("close", -10.0, Flaw.NOT_POSITIVE),
        ("high", 8.5, Flaw.UPSIDE_DOWN),
        ("open", 8.5, Flaw.BELOW_LOW),
        ("close", 8.5, Flaw.BELOW_LOW),
        ("open", 11.5, Flaw.ABOVE_HIGH),
        ("close", 11.5, Flaw.ABOVE_HIGH),
        ("volume", -1.0, Flaw.NEGATIVE_VOLUME),
    ],
)
def test_one_bad_value_is_named(column: str, value: float, flaw: Flaw) -> None:
    assert flaws(with_value(sound(), column, 2, value), M5) == {2: flaw}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([0, 1, 1, 2, 3], {2: Flaw.REPEATED}),
        ([0, 3, 1, 2, 4], {2: Flaw.BACKWARD, 3: Flaw.BACKWARD}),
        ([0, 3, 1, 3, 4], {2: Flaw.BACKWARD, 3: Flaw.REPEATED}),
        ([0, 1, 2.5, 3, 4], {2: Flaw.UNALIGNED}),
    ],
)
def test_times_must_rise_and_be_aligned(steps: list[float], found: dict[int, Flaw]) -> None:
    times = np.array([JANUARY_MS + int(step * M5.ms) for step in steps])
    assert flaws(replace(sound(), time_ms=times), M5) == found


def test_what_is_left_without_the_bad_rows_is_sound() -> None:
    times = JANUARY_MS + np.array([0, 3, 1, 3, 4]) * M5.ms
    bad = replace(sound(), time_ms=times)
    good = [row for row in range(5) if row not in flaws(bad, M5)]
    assert times[good].tolist() == sorted(set(times.tolist()) - {JANUARY_MS + M5.ms})
