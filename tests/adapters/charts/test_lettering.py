"""Words of any origin become one harmless line that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.charts.lettering import fitted, one_line, width


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("BTC/USDT\n· 1h\t", "BTC/USDT · 1h"),
        ("Цена ▲ +1 %", "Цена ▲ +1 %"),
        ("$\\frac{1}{2}$", "$\\frac{1}{2}$"),
        ("a \u202e\u200b\x00 漢 b", "a b"),
    ],
)
def test_text_becomes_one_line_of_known_characters(text: str, line: str) -> None:
    assert one_line(text) == line


def test_long_text_ends_in_an_ellipsis_where_the_room_ends() -> None:
    short = fitted("Very long title " * 100, 62, 500, bold=True)
    assert short.endswith("…")
    assert 400 < width(short, 62, bold=True) <= 500


def test_text_without_any_room_vanishes() -> None:
    assert fitted("title", 62, 5) == ""


@given(text=st.text(max_size=80), room=st.floats(0, 900))
def test_whatever_the_text_it_fits(text: str, room: float) -> None:
    assert width(fitted(text, 44, room), 44) <= max(room, 0)
