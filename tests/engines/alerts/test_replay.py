"""What would have been heard while nobody listened."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from engines.alerts.alert import Way
from engines.alerts.market_watch import MarketWatch
from engines.alerts.replay import day_ranges, replay, warm
from engines.core.candle import Candles
from tests.build.alerts import HOUR, above, below, moving
from tests.build.clock import NOON

MINUTE = timedelta(minutes=1)
Row = tuple[float, float, float, float]


def candles(*rows: Row, start: datetime = NOON, length: timedelta = MINUTE) -> Candles:
    """Candles of (open, high, low, close)."""
    columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    first_ms, step_ms = int(start.timestamp() * 1000), int(length.total_seconds() * 1000)
    return Candles(
        time_ms=first_ms + step_ms * np.arange(len(rows), dtype=np.int64),
        open=columns[0],
        high=columns[1],
        low=columns[2],
        close=columns[3],
        volume=np.ones(len(rows)),
    )


def test_a_touch_inside_a_candle_is_found_with_its_time() -> None:
    bars = candles((100, 101, 99, 100), (100, 106, 99, 101), (101, 102, 100, 101))

    (change,) = replay(MarketWatch(), [above(105)], bars, length=MINUTE, until=NOON + 3 * MINUTE)

    assert change.is_fired
    assert NOON + MINUTE <= change.at < NOON + 2 * MINUTE


def test_what_a_candle_did_before_the_alert_began_is_not_counted() -> None:
    bars = candles((100, 106, 99, 101), (101, 102, 100, 101))
    young = above(105, since=NOON + MINUTE / 2)

    assert replay(MarketWatch(), [young], bars, length=MINUTE, until=NOON + 2 * MINUTE) == []


def test_the_close_of_the_candle_in_which_it_began_is_counted() -> None:
    bars = candles((100, 106, 99, 106))
    young = above(105, since=NOON + MINUTE / 2)

    (change,) = replay(MarketWatch(), [young], bars, length=MINUTE, until=NOON + MINUTE)

    assert change.at == NOON + MINUTE


def test_a_forming_candle_ends_now() -> None:
    now = NOON + MINUTE / 3

    (change,) = replay(MarketWatch(), [below(90)], candles((100, 100, 95, 85)), length=MINUTE, until=now)

    assert change.at == now


def test_one_that_begins_after_the_last_candle_watches_from_then_on() -> None:
    watch = MarketWatch()

    replay(
        watch, [above(105, since=NOON + HOUR)], candles((100, 106, 99, 101)), length=MINUTE, until=NOON + HOUR
    )

    assert len(watch.tick(Decimal(105), NOON + HOUR)) == 1


def test_a_repeating_one_rests_in_the_past_too() -> None:
    bars = candles(*[(99, 101, 98, 99)] * 120)

    changes = replay(MarketWatch(), [above(100, rest=HOUR)], bars, length=MINUTE, until=NOON + 120 * MINUTE)

    fired = [change.at for change in changes if change.is_fired]
    assert len(fired) == 2
    assert fired[1] - fired[0] >= HOUR


def test_a_warm_window_remembers_the_wick() -> None:
    watch = MarketWatch({HOUR})
    warm(watch, candles((100, 120, 99, 100)), length=MINUTE)

    (change,) = replay(
        watch,
        [moving(Way.DOWN, "15")],
        candles((101, 102, 101, 101), start=NOON + MINUTE),
        length=MINUTE,
        until=NOON + 2 * MINUTE,
    )

    assert change.move is not None
    assert round(change.move, 3) == Decimal("0.158")


def test_without_candles_everybody_is_put() -> None:
    watch = MarketWatch()

    assert replay(watch, [above(105)], candles(), length=MINUTE, until=NOON) == []
    assert len(watch.tick(Decimal(105), NOON)) == 1


def test_daily_candles_are_ranges_of_their_days() -> None:
    (first, second) = day_ranges(candles((100, 120.5, 80, 90), (90, 95, 1e-8, 91), length=timedelta(days=1)))

    assert (first.day, first.high, first.low) == (NOON.date(), Decimal("120.5"), Decimal(80))
    assert second.low == Decimal("0.00000001")
