"""What trips a breaker, and how long it holds."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.risk.breakers import (
    CALM_CANDLE,
    Breaker,
    MinuteCandle,
    daily_loss,
    drawdown,
    next_midnight,
)
from engines.risk.mark import first_mark
from tests.build.orders import NOW, after

D = Decimal


def test_a_breaker_holds_until_it_was_calm_for_long_enough() -> None:
    breaker = Breaker(CALM_CANDLE)
    assert not breaker.look(NOW, is_troubled=False)
    assert breaker.look(after(1), is_troubled=True)
    assert breaker.look(after(1 + 29 * 60), is_troubled=True)
    assert breaker.look(after(1 + 58 * 60), is_troubled=False)
    assert not breaker.look(after(1 + 59 * 60), is_troubled=False)
    assert not breaker.look(after(1 + 60 * 60), is_troubled=False)


def test_a_clock_set_back_begins_the_calm_anew() -> None:
    breaker = Breaker(CALM_CANDLE)
    breaker.look(after(3600), is_troubled=True)
    assert breaker.look(NOW, is_troubled=False)
    assert breaker.look(after(29 * 60), is_troubled=False)
    assert not breaker.look(after(30 * 60), is_troubled=False)


def test_a_minute_candle_ranges_from_its_low_to_its_high() -> None:
    candle = MinuteCandle()
    assert candle.push(D(100), NOW) == 0
    assert candle.push(D(96), after(10)) == D("0.04")
    assert candle.push(D(103), after(20)) == D("0.07")
    assert candle.push(D(100), after(59)) == D("0.07")


def test_the_next_minute_opens_where_the_last_one_closed() -> None:
    """A jump between two minutes is inside the second."""
    candle = MinuteCandle()
    candle.push(D(90), NOW)
    candle.push(D(100), after(50))
    assert candle.push(D(92), after(70)) == D("0.08")


def test_after_a_silence_nothing_is_known_of_the_way() -> None:
    candle = MinuteCandle()
    candle.push(D(100), NOW)
    assert candle.push(D(50), after(61)) == 0


def test_what_comes_late_does_not_count() -> None:
    candle = MinuteCandle()
    candle.push(D(100), after(30))
    assert candle.push(D(50), after(29)) == 0
    assert candle.close == D(100)


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 90)), min_size=1, max_size=50))
def test_a_range_is_never_negative_and_holds_every_price_of_its_minute(
    ticks: list[tuple[int, int]],
) -> None:
    candle, at = MinuteCandle(), NOW
    for price, wait_s in ticks:
        at += timedelta(seconds=wait_s)
        share = candle.push(D(price), at)
        assert candle.low <= price <= candle.high
        assert share == (candle.high - candle.low) / candle.open >= 0


def test_losses_are_fractions_of_their_marks() -> None:
    mark = first_mark(D(1000), {}, NOW)
    assert drawdown(mark, D(800)) == D("0.2")
    assert daily_loss(mark, D(970)) == D("0.03")
    assert drawdown(mark, D(1200)) == 0
    assert drawdown(first_mark(D(0), {}, NOW), D(-5)) == 0


def test_the_next_midnight() -> None:
    assert next_midnight(NOW) == NOW.replace(hour=0) + timedelta(days=1)
