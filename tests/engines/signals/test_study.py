"""Signals on history: no look ahead, the same decisions as on the desk, random entries that match."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.market.aggregation import pick, resample
from engines.market.derive import completed
from engines.signals.closing import Look
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES, View
from engines.signals.history import History, histories
from engines.signals.rules import decide
from engines.signals.study import CONTROLS, at_random, follow, looks, study
from tests.build.candles import JANUARY_MS, some_candles

HOUR, DAY = 3_600_000, 86_400_000
DAYS = 40


@cache
def a_history() -> History:
    """Forty days of five minutes, and the hours that they make."""
    fives = some_candles(DAYS * 288, Timeframe.M5, seed=5, price=2_000.0)
    return next(histories("ETHUSDT", resample(fives, HOUR), fives))


@cache
def every_look() -> tuple[Look, ...]:
    return tuple(looks(a_history()))


def cut(history: History, stop_ms: int) -> History:
    """What was recorded before `stop_ms`."""
    return replace(
        history,
        hours=history.hours.closed_before(stop_ms, HOUR),
        fives=history.fives.closed_before(stop_ms, Timeframe.M5.ms),
    )


def bent(history: History, from_ms: int) -> History:
    """Another future from `from_ms` on: prices double and swing."""

    def after(candles: Candles) -> Candles:
        is_later = candles.time_ms >= from_ms
        factor = np.where(is_later, 2.0 + np.sin(candles.time_ms / 7e6), 1.0)
        return replace(
            candles,
            open=candles.open * factor,
            high=candles.high * factor * np.where(is_later, 1.05, 1.0),
            low=candles.low * factor * np.where(is_later, 0.95, 1.0),
            close=candles.close * factor,
            volume=candles.volume * np.where(is_later, 9.0, 1.0),
        )

    return replace(history, hours=after(history.hours), fives=after(history.fives))


def test_there_is_something_to_study() -> None:
    made = [look for look in every_look() if look.decision.proposal is not None]
    assert {look.decision.timeframe for look in made} == set(ENTRY_FRAMES)
    assert len(made) > 20


@pytest.mark.parametrize("day", [20, 33])
def test_another_future_changes_no_decision_before_it(day: int) -> None:
    at_ms = JANUARY_MS + day * DAY + 7 * HOUR
    before = [look.decision for look in every_look() if look.view.now_ms <= at_ms]
    other = [look.decision for look in looks(bent(a_history(), at_ms), stop_ms=at_ms + 1)]
    assert other == before


def test_a_recording_that_ends_earlier_gives_the_same_decisions_so_far() -> None:
    at_ms = JANUARY_MS + 27 * DAY
    before = [look.decision for look in every_look() if look.view.now_ms <= at_ms]
    assert [look.decision for look in looks(cut(a_history(), at_ms))] == before


def test_the_desk_decides_the_same_on_what_it_has_by_then() -> None:
    """The desk fills its indicators with a stored history at once, and knows nothing of a study."""
    seen = [look for look in every_look() if look.decision.proposal is not None][::6]
    for look in seen:
        known = cut(a_history(), look.view.now_ms)
        series = {
            Timeframe.M15: completed(known.fives, Timeframe.M5, Timeframe.M15),
            Timeframe.H1: known.hours,
            **{each: completed(known.hours, Timeframe.H1, each) for each in TREND_FRAMES},
        }
        states = {timeframe: HotState() for timeframe in series}
        for timeframe, candles in series.items():
            states[timeframe].push(candles)
        frames = {timeframe: states[timeframe].frame(timeframe) for timeframe in series}
        view = View(
            instrument=known.instrument,
            now_ms=look.view.now_ms,
            data_age_s=0.0,
            frames={timeframe: frame for timeframe, frame in frames.items() if frame is not None},
            last_signal_ms=look.view.last_signal_ms,
        )
        assert decide(view, look.decision.timeframe) == look.decision


def test_a_pair_rests_after_a_signal_on_whatever_timeframe() -> None:
    made = [look.view.now_ms for look in every_look() if look.decision.proposal is not None]
    assert all(later - earlier >= 4 * HOUR for earlier, later in pairwise(made))


def test_looks_are_only_those_asked_for_and_all_before_warms_up() -> None:
    start_ms, stop_ms = JANUARY_MS + 36 * DAY, JANUARY_MS + 37 * DAY
    part = list(looks(a_history(), start_ms=start_ms, stop_ms=stop_ms))
    assert len(part) == 96 + 24
    assert all(start_ms <= look.view.now_ms < stop_ms for look in part)
    assert part[0].view.frames[Timeframe.D1].time_ms == start_ms - DAY


def test_random_entries_match_signals_by_timeframe_and_month() -> None:
    found = study(a_history(), np.random.default_rng(1))
    signals = [look.decision for look in every_look() if look.decision.proposal is not None]
    assert len(signals) == len(found.trials) + found.unentered + found.unfinished
    assert sum(found.looks.values()) == len(every_look())
    assert found.looks["signal"] == len(signals)

    def by_month(pairs: list[tuple[Timeframe, int]]) -> dict[tuple[str, object], int]:
        counts: dict[tuple[str, object], int] = {}
        for timeframe, time_ms in pairs:
            key = timeframe.value, np.datetime64(time_ms, "ms").astype("datetime64[M]").item()
            counts[key] = counts.get(key, 0) + 1
        return counts

    made = by_month([(decision.timeframe, decision.at_ms) for decision in signals])
    drawn = by_month([(outcome.timeframe, outcome.made_ms) for outcome in found.controls])
    for key, count in drawn.items():
        assert 0.9 * CONTROLS * made[key] - 2 <= count <= CONTROLS * made[key]  # some are never entered
    assert set(drawn) == set(made)


def test_the_same_chance_draws_the_same_entries() -> None:
    start_ms = JANUARY_MS + 35 * DAY
    first, again = (study(a_history(), np.random.default_rng(4), start_ms=start_ms) for _ in range(2))
    assert first.controls
    assert first == again


def test_random_entries_go_either_way_and_keep_the_reward() -> None:
    month = [look for look in every_look() if look.decision.timeframe is Timeframe.H1][-500:]
    drawn = at_random(month, Timeframe.H1, 60, np.random.default_rng(2))
    assert len(drawn) == 60
    assert len({proposal.created_at for proposal in drawn}) == 60
    longs = sum(proposal.direction.sign > 0 for proposal in drawn)
    assert 15 <= longs <= 45
    assert all(proposal.risk_reward >= 2.0 for proposal in drawn)


def test_a_signal_is_followed_on_the_finest_candles() -> None:
    history = a_history()
    made = [look.decision.proposal for look in every_look() if look.decision.proposal is not None]
    coarse = replace(history, fives=history.fives.rows(0, 0))
    for proposal in made[:20]:
        fine = follow(proposal, history)
        assert fine.seen_ms % HOUR != 0 or not fine.state.is_live
        assert follow(proposal, coarse).seen_ms % HOUR == 0


def test_a_signal_at_the_end_of_the_recording_stays_open() -> None:
    history = a_history()
    last = [look.decision.proposal for look in every_look() if look.decision.proposal is not None][-1]
    shortened = cut(history, round(last.created_at.timestamp() * 1000))
    assert follow(last, shortened).state.is_live


def test_a_long_hole_ends_a_series_and_a_short_one_does_not() -> None:
    hours = some_candles(1_000, Timeframe.H1)
    short = pick(hours, np.r_[0:400, 440:1_000])
    long = pick(hours, np.r_[0:400, 449:1_000])
    assert [len(each.hours) for each in histories("BTCUSDT", short)] == [960]
    assert [len(each.hours) for each in histories("BTCUSDT", long)] == [400, 551]


def test_each_series_has_its_own_five_minutes_and_grid() -> None:
    fives = some_candles(20 * 288, Timeframe.M5, price=0.5)
    hours = resample(fives, HOUR)
    holed = pick(hours, np.r_[0:100, 200 : len(hours)])
    first, second = histories("DOGEUSDT", holed, fives)
    assert first.fives.time_ms[-1] == first.hours.time_ms[-1] + HOUR - Timeframe.M5.ms
    assert second.fives.time_ms[0] == second.hours.time_ms[0]
    assert (first.instrument.pair, str(first.instrument.tick)) == ("DOGE/USDT", "0.00001")


def test_of_two_timeframes_that_close_together_the_surer_one_speaks() -> None:
    by_close: dict[int, list[Look]] = {}
    for look in every_look():
        by_close.setdefault(look.view.now_ms, []).append(look)
    pairs = [seen for seen in by_close.values() if len(seen) == len(ENTRY_FRAMES)]
    displaced = []
    for seen in pairs:
        made = [look.decision for look in seen if look.decision.proposal is not None]
        rivals = [
            decide(replace(look.view, last_signal_ms=None), look.decision.timeframe)
            for look in seen
            if look.decision.proposal is None and look.view.last_signal_ms == look.view.now_ms
        ]
        displaced += rivals
        assert all(made[0].confidence >= rival.confidence for rival in rivals)
    assert displaced
