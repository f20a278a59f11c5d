"""Parameters: read from words, bounded, and spread into grids."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.strategies.params import MOST_POINTS, BadParams, check, defaults, grid, param, parsed, told


class Way(StrEnum):
    BOTH = "both"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    fast: int = param(50, least=2, most=500, meaning="bars of the fast average")
    slow: int = param(200, least=3, most=1000, meaning="bars of the slow average")
    stop: float = param(3.0, least=0.5, most=20, meaning="average ranges to the stop")
    notional: Decimal = param(Decimal(0), least=0, meaning="fixed size")
    way: Way = param(Way.BOTH, meaning="directions")
    is_filtered: bool = param(True, meaning="whether a trend is asked for")

    def problem(self) -> BadParams | None:
        if self.fast < self.slow:
            return None
        return BadParams("not_below", name="fast", text=self.fast, other="slow", limit=self.slow)


def test_what_is_not_said_is_usual() -> None:
    assert parsed(Crossing, {}) == Crossing()
    assert defaults(Crossing)["slow"] == 200


def test_each_kind_is_read() -> None:
    read = parsed(
        Crossing, {"fast": " 20", "stop": "2.5", "notional": "1000", "way": "long", "is_filtered": "no"}
    )
    assert read == Crossing(fast=20, stop=2.5, notional=Decimal(1000), way=Way.LONG, is_filtered=False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fsat": "20"}, "fsat: no such parameter. Did you mean fast?"),
        (
            {"colour": "20"},
            "colour: no such parameter. There are fast, slow, stop, notional, way, is_filtered",
        ),
        ({"fast": "20.5"}, "fast=20.5: a whole number"),
        ({"fast": "many"}, "fast=many: not a number"),
        ({"stop": "nan"}, "stop=nan: not a number"),
        ({"fast": "1e999999999"}, "fast=1e999999999: not a number"),
        ({"notional": "1e-999999999"}, "notional=1e-999999999: not a number"),
        ({"fast": "1"}, "fast=1: from 2 to 500"),
        ({"stop": "21"}, "stop=21.0: from 0.5 to 20"),
        ({"way": "up"}, "way=up: one of both, long"),
        ({"is_filtered": "maybe"}, "is_filtered=maybe: yes or no"),
        ({"fast": "300"}, "fast=300 has to be below slow=200"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(given: dict[str, str], message: str) -> None:
    with pytest.raises(BadParams) as refused:
        parsed(Crossing, given)
    assert str(refused.value) == message


def test_values_made_in_code_are_checked_as_well() -> None:
    with pytest.raises(BadParams, match="slow=2000"):
        check(Crossing(slow=2000))


def test_a_grid_has_every_combination_that_is_possible() -> None:
    points = grid(Crossing, {"fast": "20:60:20", "slow": "40,200"})
    assert [(one.fast, one.slow) for one in points] == [(20, 40), (20, 200), (40, 200), (60, 200)]


def test_a_range_of_fractions_lies_on_its_steps() -> None:
    assert [one.stop for one in grid(Crossing, {"stop": "1:2:0.1"})] == [
        1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fast": "20:10:5"}, "a range is least:most:step"),
        ({"fast": "20:40:0"}, "a range is least:most:step"),
        ({"fast": "20:40"}, "write one value, a list"),
        ({"fast": "20,20"}, "a value is there twice"),
        ({"stop": "0.5:20:0.00001"}, f"more than {MOST_POINTS:,} points"),
        ({"stop": "0.5:20:0.001", "fast": "2:199:1"}, f"more than {MOST_POINTS:,} points"),
        ({"fast": "300,400"}, "no combination of these values is possible"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(BadParams, match=message):
        grid(Crossing, given)


@given(
    fast=st.integers(2, 199),
    stop=st.floats(0.5, 20),
    notional=st.decimals(0, 10**6, places=2),
    way=st.sampled_from(Way),
    is_filtered=st.booleans(),
)
def test_what_is_told_reads_back(
    fast: int, stop: float, notional: Decimal, way: Way, is_filtered: bool
) -> None:
    params = Crossing(fast=fast, stop=stop, notional=notional, way=way, is_filtered=is_filtered)
    assert parsed(Crossing, told(params)) == params
