"""Indicators as they are drawn."""

import numpy as np
import pytest

from engines.indicators.catalog import Spec, find
from engines.indicators.kind import KINDS
from services.plotting import overlay, pane
from services.speech import Speech
from tests.build.screens import the_rendering


def spec_of(text: str) -> Spec:
    found = find(text)
    assert found is not None
    return found


def columns_of(spec: Spec) -> dict[str, "np.typing.NDArray[np.float64]"]:
    """Columns that tell themselves apart: the first is all zeros, the second all ones."""
    return {name: np.full(5, float(place)) for place, name in enumerate(spec.columns)}


@pytest.fixture
def say() -> Speech:
    return the_rendering().speech("en")


def test_bands_are_filled_between_their_edges_and_the_middle_comes_first() -> None:
    bands = spec_of("bb")

    drawn = overlay(bands, columns_of(bands), 3)

    assert drawn.name == "Bollinger 20 2"
    assert [line.tolist() for line in drawn.lines] == [[1.0] * 3, [0.0] * 3, [2.0] * 3]
    assert drawn.band is not None
    assert [edge[0] for edge in drawn.band] == [0.0, 2.0]
    assert not drawn.is_cloud


def test_the_cloud_is_that_of_the_two_spans() -> None:
    cloud = spec_of("ichimoku")

    drawn = overlay(cloud, columns_of(cloud), 5)

    assert drawn.is_cloud
    assert drawn.band is not None
    assert [edge[0] for edge in drawn.band] == [0.0, 1.0]
    assert len(drawn.lines) == 4


def test_levels_are_stepped_and_their_strength_is_not_drawn() -> None:
    levels = spec_of("support")

    drawn = overlay(levels, columns_of(levels), 5)

    assert drawn.is_stepped
    assert len(drawn.lines) == 1


def test_a_trend_is_broken_where_it_turns() -> None:
    trend = spec_of("supertrend")

    drawn = overlay(trend, columns_of(trend), 5)

    assert [line[0] for line in drawn.lines] == [2.0, 3.0]


def test_a_histogram_stands_as_columns(say: Speech) -> None:
    macd = spec_of("macd")

    drawn = pane(macd, columns_of(macd), 4, say)

    assert [line.name for line in drawn.lines] == ["", "signal"]
    assert drawn.columns is not None
    assert drawn.columns.tolist() == [2.0] * 4
    assert drawn.guides == (0.0,)


def test_the_strength_index_has_its_scale_and_marks(say: Speech) -> None:
    rsi = spec_of("rsi")

    drawn = pane(rsi, columns_of(rsi), 4, say)

    assert (drawn.bounds, drawn.guides) == ((0.0, 100.0), (30.0, 70.0))
    assert drawn.columns is None


@pytest.mark.parametrize("kind", KINDS)
def test_everything_in_the_catalogue_can_be_drawn(kind: str, say: Speech) -> None:
    spec = Spec(kind, KINDS[kind].usual)

    if spec.about.is_over_price:
        assert overlay(spec, columns_of(spec), 5).lines
    else:
        drawn = pane(spec, columns_of(spec), 5, say)
        assert drawn.lines or drawn.columns is not None
