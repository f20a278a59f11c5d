"""Numbers as people type them."""

from decimal import Decimal

import pytest

from engines.market.number import joined, number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("100", "100", ""),
        ("$100", "100", ""),
        ("100$", "100", "$"),
        ("0,5", "0.5", ""),
        (".5", "0.5", ""),
        ("95,000", "95000", ""),
        ("0,001", "0.001", ""),
        ("1,234.5", "1234.5", ""),
        ("1.234,5", "1234.5", ""),
        ("1.234.567", "1234567", ""),
        ("99k", "99000", ""),
        ("1.5тыс", "1500", ""),
        ("2млн", "2000000", ""),
        ("1kusdt", "1000", "usdt"),
        ("1%", "1", "%"),
        ("1.5atr", "1.5", "atr"),
        ("-3", "-3", ""),
        ("−3", "-3", ""),
        ("+3", "3", ""),
        ("1e3", "1000", ""),
        ("95000.", "95000", ""),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: str, unit: str) -> None:
    assert number(text) == (Decimal(value), unit)


@pytest.mark.parametrize("text", ["", "btc", "1.2,3.4", "12,34,56", "x3", "--3", "nan", "1e9999"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None


def test_thousands_are_joined_and_neighbours_are_not() -> None:
    assert joined("95 000 and 1 000 000") == "95000 and 1000000"
    assert joined("87\N{NO-BREAK SPACE}210") == "87210"
    assert joined("99 101 103") == "99 101 103"
