"""Quick copies of frozen values."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from engines.core.altered import altered
from tests.build.orders import a_trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A value that looks at itself."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("upside down")


@dataclass(frozen=True, kw_only=True)
class Open:
    """A value that could be given more than it has."""

    low: int
    high: int


def test_a_copy_is_what_replace_makes_of_it() -> None:
    trade = a_trade()
    assert altered(trade, version=7, stop=None) == replace(trade, version=7, stop=None)
    assert altered(trade) == trade
    assert altered(trade) is not trade


def test_a_copy_is_frozen_and_leaves_the_value_alone() -> None:
    trade = a_trade()
    copy = altered(trade, version=7)
    assert trade.version == 0
    with pytest.raises(FrozenInstanceError):
        copy.version = 8  # type: ignore[misc]  # that it raises is what is tested


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError):
        altered(a_trade(), versoin=7)


def test_a_value_that_checks_itself_is_not_copied_unchecked() -> None:
    with pytest.raises(TypeError, match="Checked"):
        altered(Checked(low=1, high=2), low=3)


def test_a_value_without_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="Open"):
        altered(Open(low=1, high=2), low=3)
