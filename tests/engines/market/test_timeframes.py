import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe


@pytest.mark.parametrize(
    ("texts", "timeframe"),
    [
        ("1m 1M m1 1 1min минута 1ь", Timeframe.M1),
        ("5m 5 m5 5мин 5м", Timeframe.M5),
        ("15m m15 15 15м 15M 15minutes М15 15-m", Timeframe.M15),
        ("1h h 60 60m 1ч час hour h1 1H hourly /1h 1р", Timeframe.H1),
        ("4h 4H 4ч 240 4 h4 4часа 240m 4hours Ч4", Timeframe.H4),
        ("1d D 1D day 24h 24 24ч день дневной 1440 сутки daily 1в", Timeframe.D1),
    ],
)
def test_sloppy_timeframes_are_understood(texts: str, timeframe: Timeframe) -> None:
    for text in texts.split():
        assert parse_timeframe(text) is timeframe, text


def test_spaces_do_not_matter() -> None:
    assert parse_timeframe(" 1 hour ") is Timeframe.H1


@pytest.mark.parametrize(
    "text", ["", " ", "m", "week", "1w", "7m", "0", "-", "4x", "h4h", "99999999", "²h", "4h" * 20]
)
def test_what_is_no_timeframe_is_none(text: str) -> None:
    assert parse_timeframe(text) is None


@given(st.text(max_size=40))
def test_hostile_text_never_raises(text: str) -> None:
    assert parse_timeframe(text) is None or text.strip()


@given(st.sampled_from(list(Timeframe)))
def test_every_timeframe_reads_its_own_name(timeframe: Timeframe) -> None:
    assert parse_timeframe(timeframe.value) is timeframe
    assert parse_timeframe(timeframe.value.upper()) is timeframe
