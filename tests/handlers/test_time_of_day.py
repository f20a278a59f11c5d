"""Times of day as people type them."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.ui.time_of_day import time_of_day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8", time(8)),
        ("08", time(8)),
        ("8:30", time(8, 30)),
        ("08:30", time(8, 30)),
        ("8.30", time(8, 30)),
        ("8-30", time(8, 30)),
        ("8h30", time(8, 30)),
        ("8 30", time(8, 30)),
        ("0830", time(8, 30)),
        ("830", time(8, 30)),
        ("0:00", time(0)),
        ("23:59", time(23, 59)),
        ("8am", time(8)),
        ("8 PM", time(20)),
        ("8:30 p.m.", time(20, 30)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("at 8", time(8)),
        ("в 8", time(8)),
        ("в 8 утра", time(8)),
        ("8 вечера", time(20)),
        ("2 ночи", time(2)),
        ("12 ночи", time(0)),
        ("2 дня", time(14)),
        ("20 часов", time(20)),
        (" 9 ч ", time(9)),
    ],
)
def test_a_time_is_understood(text: str, expected: time) -> None:
    assert time_of_day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24",
        "24:00",
        "8:60",
        "99",
        "-8",
        "8:3",
        "8:300",
        "13 am",
        "13 утра",
        "soon",
        "1e3",
        "8:30:00",
        "½",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_of_day(text) is None


@given(st.times())
def test_every_time_written_out_is_read_back(at: time) -> None:
    assert time_of_day(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    assert time_of_day(text) is None or text.strip()
