"""What happened between two looks at a candle that is still forming."""

from dataclasses import replace

from engines.core.candle import Bar
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.signals.stretch import Stretch, stretch_of
from tests.build.candles import JANUARY_MS

FIVE_MIN = Timeframe.M5.ms
FORMING = Bar(
    symbol="BTCUSDT",
    kind=MarketKind.SPOT,
    timeframe=Timeframe.M5,
    time_ms=JANUARY_MS,
    open=100.0,
    high=103.0,
    low=98.0,
    close=101.0,
    volume=5.0,
    is_closed=False,
    at_ms=JANUARY_MS + 60_000,
)


def test_the_first_telling_of_a_candle_is_all_of_it() -> None:
    whole = Stretch(
        start_ms=JANUARY_MS, at_ms=JANUARY_MS + 60_000, open=100.0, high=103.0, low=98.0, close=101.0
    )
    assert stretch_of(None, FORMING) == whole


def test_extremes_told_before_do_not_count_again() -> None:
    later = replace(FORMING, close=102.0, at_ms=JANUARY_MS + 120_000)
    stretch = stretch_of(FORMING, later)
    assert (stretch.open, stretch.high, stretch.low, stretch.close) == (101.0, 102.0, 101.0, 102.0)
    assert (stretch.start_ms, stretch.at_ms) == (JANUARY_MS + 60_000, JANUARY_MS + 120_000)


def test_new_extremes_count() -> None:
    stretch = stretch_of(FORMING, replace(FORMING, high=105.0, low=97.0, at_ms=JANUARY_MS + 120_000))
    assert (stretch.high, stretch.low) == (105.0, 97.0)


def test_a_new_candle_begins_whole() -> None:
    new = replace(FORMING, time_ms=JANUARY_MS + FIVE_MIN, at_ms=JANUARY_MS + FIVE_MIN + 1_000)
    assert stretch_of(FORMING, new) == stretch_of(None, new)


def test_a_closed_candle_tells_up_to_its_close_however_late_it_is_heard() -> None:
    closed = replace(FORMING, is_closed=True, at_ms=JANUARY_MS + FIVE_MIN + 700)
    assert stretch_of(FORMING, closed).at_ms == JANUARY_MS + FIVE_MIN
