"""What prices do to the alerts of one market."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from engines.alerts.alert import Alert, AlertState, PercentMove, Way
from engines.alerts.daily_range import DailyRange, DayRange
from engines.alerts.market_watch import MarketWatch
from tests.build.alerts import HOUR, Counted, above, below, extreme, moving
from tests.build.clock import NOON

MINUTE = timedelta(minutes=1)


def watching(*alerts: Alert, days: DailyRange | None = None) -> MarketWatch:
    windows = {one.condition.window for one in alerts if isinstance(one.condition, PercentMove)}
    watch = MarketWatch(windows, days)
    for alert in alerts:
        watch.put(alert)
    return watch


def fired(
    watch: MarketWatch, prices: Iterable[int | str], *, start: datetime = NOON, step: timedelta = MINUTE
) -> list[tuple[int, Decimal, int]]:
    """(number, price, place in `prices`) of everything that fired."""
    return [
        (change.alert.id, change.price, place)
        for place, price in enumerate(prices)
        for change in watch.tick(Decimal(price), start + place * step)
        if change.is_fired
    ]


class TestLevels:
    def test_one_fires_once_when_the_price_is_at_or_beyond_it(self) -> None:
        watch = watching(above(105, 1), above(110, 2), below(95, 3))

        assert fired(watch, [100, 104, 105, 106, 100, 106]) == [(1, Decimal(105), 2)]
        assert fired(watch, [94, 120], start=NOON + HOUR) == [(3, Decimal(94), 0), (2, Decimal(120), 1)]

    def test_a_fired_one_is_done_and_says_when_and_at_what_price(self) -> None:
        (change,) = watching(above(105)).tick(Decimal(106), NOON)

        assert change.alert.state is AlertState.DONE
        assert change.alert.count == 1
        assert change.alert.fired_at == NOON
        assert change.alert.fired_price == 106

    def test_a_price_that_dances_on_a_repeating_level_is_told_once_in_its_rest(self) -> None:
        watch = watching(above(100, rest=HOUR))

        dance = [99, 100, 99, 101, 98, 100] * 10
        assert [place for _, _, place in fired(watch, dance)] == [1]

    def test_after_its_rest_it_waits_until_the_price_came_back(self) -> None:
        watch = watching(above(100, rest=HOUR))
        assert len(fired(watch, [99, 100])) == 1

        later = NOON + HOUR + MINUTE
        assert fired(watch, [101, 100, "99.95", 101, 103], start=later) == []
        assert fired(watch, ["99.9", 101], start=later + HOUR) == [(1, Decimal(101), 1)]

    def test_a_price_that_came_back_during_the_rest_and_is_back_again_counts_anew_afterwards(self) -> None:
        watch = watching(above(100, rest=HOUR))

        assert len(fired(watch, [99, 100, 90])) == 1
        assert fired(watch, [90, 100], start=NOON + 2 * HOUR) == [(1, Decimal(100), 1)]

    def test_one_that_is_not_armed_is_armed_by_the_way_back(self) -> None:
        watch = watching(below(100, is_armed=False))

        assert fired(watch, [95, 99, 100]) == []
        (change,) = watch.tick(Decimal("100.1"), NOON + HOUR)
        assert change.alert.is_armed
        assert not change.is_fired
        assert change.alert.since == NOON + HOUR
        assert fired(watch, [99], start=NOON + 2 * HOUR) == [(1, Decimal(99), 0)]

    @pytest.mark.parametrize("state", [AlertState.MUTED, AlertState.DONE, AlertState.DELETED])
    def test_one_that_does_not_watch_never_fires(self, state: AlertState) -> None:
        assert fired(watching(above(100, state=state)), [99, 101]) == []

    def test_a_dropped_one_never_fires_and_dropping_twice_is_fine(self) -> None:
        watch = watching(above(100, 1), above(100, 2))
        watch.drop(1)
        watch.drop(1)

        assert [number for number, _, _ in fired(watch, [101])] == [2]

    def test_a_resting_one_that_was_dropped_stays_away(self) -> None:
        watch = watching(above(100, rest=HOUR))
        assert len(fired(watch, [100])) == 1
        watch.drop(1)

        assert fired(watch, [90, 100, 90, 100], start=NOON + 2 * HOUR) == []


class TestMoves:
    def test_a_fall_is_measured_from_the_high_inside_the_window(self) -> None:
        watch = watching(moving(Way.DOWN, "5"))

        assert fired(watch, [100, 110, 105, "104.6", "104.5"]) == [(1, Decimal("104.5"), 4)]

    def test_what_left_the_window_does_not_count(self) -> None:
        watch = watching(moving(Way.DOWN, "5", 2 * MINUTE))

        assert fired(watch, [100, 98, 97, 96, 95, 94]) == []

    def test_a_rise_and_either_way(self) -> None:
        watch = watching(moving(Way.UP, "3", alert_id=1), moving(None, "3", alert_id=2))

        assert fired(watch, [100, "96.9"]) == [(2, Decimal("96.9"), 1)]
        assert [number for number, _, _ in fired(watch, [100], start=NOON + 2 * MINUTE)] == [1]

    def test_how_far_it_moved_is_told(self) -> None:
        watch = watching(moving(Way.UP, "3"))
        watch.tick(Decimal(100), NOON)

        (change,) = watch.tick(Decimal(107), NOON + MINUTE)

        assert change.move == Decimal("0.07")

    def test_a_repeating_one_waits_until_the_market_calmed_down(self) -> None:
        watch = watching(moving(Way.DOWN, "5", 3 * HOUR, rest=HOUR))
        assert len(fired(watch, [100, 95])) == 1

        assert fired(watch, [95, "95.9", 94], start=NOON + HOUR + 2 * MINUTE) == []
        assert len(fired(watch, [96, 95], start=NOON + HOUR + 10 * MINUTE)) == 1

    def test_a_warm_window_fires_on_the_first_price(self) -> None:
        watch = watching(moving(Way.DOWN, "5"))
        watch.warm(Decimal(100), NOON)

        assert fired(watch, [95], start=NOON + MINUTE) == [(1, Decimal(95), 0)]

    def test_a_hundred_people_share_one_window(self) -> None:
        watch = watching(*(moving(Way.DOWN, str(1 + number), alert_id=number) for number in range(90)))

        assert watch.windows == {HOUR}
        assert [number for number, _, _ in fired(watch, [100, "96.5"])] == [0, 1, 2]

    def test_a_window_that_is_not_followed_is_our_mistake(self) -> None:
        with pytest.raises(KeyError):
            MarketWatch().put(moving(Way.UP, "3"))


class TestExtremes:
    @staticmethod
    def days() -> DailyRange:
        rows = [(300, 1), (200, 90), (150, 95)]
        first = date(2026, 3, 1)
        return DailyRange(
            [
                DayRange(first + timedelta(days=number), Decimal(high), Decimal(low))
                for number, (high, low) in enumerate(rows)
            ]
        )

    def test_only_a_price_beyond_the_extreme_is_a_new_one(self) -> None:
        watch = watching(
            extreme(Way.UP, 2, 1), extreme(Way.DOWN, 2, 2), extreme(Way.UP, 3, 3), days=self.days()
        )

        assert fired(watch, [199, 200, "200.01", 201]) == [(1, Decimal("200.01"), 2)]
        assert fired(watch, [90, "89.99"], start=NOON + HOUR) == [(2, Decimal("89.99"), 1)]

    def test_today_moves_the_level_and_a_repeating_one_fires_at_the_next_high_after_its_rest(self) -> None:
        watch = watching(extreme(Way.UP, 1, rest=HOUR), days=self.days())

        assert [place for _, _, place in fired(watch, [149, 151, 152, 180, 160])] == [1]
        later = NOON + 2 * HOUR
        assert fired(watch, [170, 180, 181], start=later) == [(1, Decimal(181), 2)]

    def test_a_day_later_the_oldest_day_is_forgotten(self) -> None:
        watch = watching(extreme(Way.UP, 2), days=self.days())
        assert fired(watch, [160, 170]) == []

        assert fired(watch, [160, "170.5"], start=NOON + timedelta(days=1)) == [(1, Decimal("170.5"), 1)]

    def test_while_nothing_is_known_nothing_is_new(self) -> None:
        watch = watching(extreme(Way.UP, 5))

        assert watch.tick(Decimal(100), NOON) == []


@pytest.mark.parametrize("armed", [10, 10_000])
def test_a_price_is_looked_at_as_often_with_ten_alerts_as_with_ten_thousand(armed: int) -> None:
    each = armed // 5
    watch = watching(
        *(above(101 + number, number) for number in range(each)),
        *(below(Decimal(99) - Decimal(number) / 1000, each + number) for number in range(each)),
        *(moving(Way.UP, str(5 + number / 100), alert_id=2 * each + number) for number in range(each)),
        *(moving(None, str(5 + number / 100), alert_id=3 * each + number) for number in range(each)),
        *(extreme(Way.UP, 1 + number % 365, 4 * each + number) for number in range(each)),
        days=DailyRange([DayRange(date(2026, 3, 3), Decimal(200), Decimal(1))]),
    )
    watch.tick(Decimal(100), NOON)

    Counted.looks = 0
    assert watch.tick(Counted(100), NOON + MINUTE) == []

    assert Counted.looks <= 6
