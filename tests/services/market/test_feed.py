"""What a feed's meter remembers and counts."""

from datetime import timedelta

from ports.errors import Transient
from services.market.feed import FeedMeter
from tests.build.clock import NOON, HandClock


def a_meter(clock: HandClock) -> FeedMeter:
    return FeedMeter("bybit_stream", clock, quiet_after_s=30.0, well="streaming")


def test_messages_breaks_and_losses_are_counted() -> None:
    meter = a_meter(HandClock())
    meter.heard()
    meter.failed(Transient("gone"))
    meter.failed(Transient("still gone"))
    meter.heard()
    meter.lost(3)
    assert meter.counts() == {"messages": 2, "breaks": 1, "lost": 3}
    assert meter.health().params == {"count": 0, "messages": 2, "breaks": 1, "lost": 3}


def test_delays_are_ranked_over_the_last_messages() -> None:
    meter = a_meter(HandClock())
    for number in range(1000):
        meter.heard(NOON - timedelta(seconds=9 if number < 400 else 0.01 * (number % 100 + 1)))
    assert meter.delay_ms(0.5) == 520.0
    assert meter.delay_ms(0.99) == 1000.0
    assert meter.counts()["delay_p99_ms"] == 1000.0


def test_a_delay_is_real_time_however_fast_the_market_runs() -> None:
    meter = a_meter(HandClock(speed=60.0))
    meter.heard(NOON - timedelta(seconds=6))
    assert meter.delay_ms(0.5) == 100.0


def test_without_messages_nothing_is_known_of_delays() -> None:
    meter = a_meter(HandClock())
    assert meter.delay_ms(0.5) is None
    assert "delay_p50_ms" not in meter.counts()
    assert (meter.health().code, meter.health().is_ok) == ("waiting", False)
