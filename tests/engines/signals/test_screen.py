"""The ranking of the daily screen."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.screen import WEIGHTS, Candidate, Pick, Scores, judge, rank
from tests.build.frames import a_frame

DOWN = {"close": 90.0, "ema21": 95.0, "ema50": 98.0, "ema200": 105.0, "di_plus": 14.0, "di_minus": 28.0}
TURNING = {"rsi14": 44.0}


def a_candidate(symbol: str = "BTCUSDT", *, turnover: float = 5e6, **both: Any) -> Candidate:
    """A market in an uptrend that turns after a pullback; `both` change its two frames."""
    usual: dict[str, Any] = {"before": TURNING, **both}
    return Candidate(
        symbol=symbol,
        turnover=turnover,
        daily=a_frame(Timeframe.D1, **usual),
        four_hours=a_frame(Timeframe.H4, **usual),
    )


def judged(**both: Any) -> Pick:
    pick = judge(a_candidate(**both))
    assert pick is not None
    return pick


def codes(pick: Pick) -> list[str]:
    return [reason.code for reason in pick.reasons]


def test_the_weights_make_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert Scores(trend=100, setup=100, volume=100, volatility=100).total == pytest.approx(100)
    assert Scores(trend=100, setup=0, volume=0, volatility=0).total == pytest.approx(40)


def test_a_whole_uptrend_that_turns_after_a_pullback() -> None:
    pick = judged()
    assert pick.direction is Direction.LONG
    # aligned in full; ADX 30 is 60 % of the way; 1.5 times the volume; 4.5 % a day
    assert pick.scores.trend == pytest.approx(50 + 50 * 0.6)
    assert pick.scores.setup == 100
    assert pick.scores.volume == pytest.approx(50 + 50 * math.log2(1.5))
    assert pick.scores.volatility == 100
    assert codes(pick) == ["trend_up", "pullback_turning", "volume"]
    assert pick.reasons[2].numbers == {"times": 1.5}


def test_a_downtrend_is_its_mirror() -> None:
    pick = judged(**DOWN, rsi14=55.0, before={"rsi14": 56.0}, atr14=4.5)
    assert pick.direction is Direction.SHORT
    assert pick.scores.trend == judged().scores.trend
    assert pick.scores.setup == 100
    assert codes(pick)[:2] == ["trend_down", "pullback_turning"]


def test_without_a_trend_there_is_no_setup() -> None:
    pick = judged(close=103.0, ema21=105.0, ema50=102.0, ema200=104.0)
    assert pick.direction is None
    assert pick.scores.setup == 0
    assert pick.scores.trend < 34
    assert "no_trend" not in codes(pick)
    assert len(pick.reasons) == 2


@pytest.mark.parametrize(
    ("rsi", "before", "score", "code"),
    [
        (45.0, 44.0, 100.0, "pullback_turning"),
        (45.0, 46.0, 70.0, "pullback"),
        (30.0, 29.0, 100 * 10 / 15, "deep_pullback"),
        (15.0, 14.0, 0.0, "deep_pullback"),
        (60.0, 59.0, 60.0, "running"),
        (80.0, 79.0, 0.0, "running"),
    ],
)
def test_the_rsi_is_read_in_the_direction_of_the_trend(
    rsi: float, before: float, score: float, code: str
) -> None:
    pick = judged(rsi14=rsi, before={"rsi14": before})
    assert pick.scores.setup == pytest.approx(score)
    assert (code in codes(pick)) == (score >= 50)


@pytest.mark.parametrize(
    ("atr", "score", "code"),
    [
        (0.55, 0.0, "calm"),
        (2.2, 50.0, "calm"),
        (5.5, 100.0, "moves"),
        (12.65, 50.0, "wild"),
        (22, 0.0, "wild"),
    ],
)
def test_a_day_should_move_enough_and_not_wildly(atr: float, score: float, code: str) -> None:
    pick = judged(atr14=atr, rsi14=80.0, volume=500.0)
    assert pick.scores.volatility == pytest.approx(score)
    assert codes(pick)[1:] == ([code] if score >= 50 else codes(pick)[1:])


@pytest.mark.parametrize(
    ("volume", "score"), [(0.0, 0.0), (500.0, 0.0), (1000.0, 50.0), (2000.0, 100.0), (9000.0, 100.0)]
)
def test_volume_is_measured_against_its_average(volume: float, score: float) -> None:
    assert judged(volume=volume).scores.volume == pytest.approx(score)


def test_a_trend_whose_index_points_elsewhere_has_no_drive() -> None:
    assert judged(di_plus=10.0).scores.trend == pytest.approx(50)


@pytest.mark.parametrize("missing", ["ema50", "rsi14", "atr14", "adx14", "volume_sma20"])
def test_a_market_too_young_for_its_averages_is_left_out(missing: str) -> None:
    assert judge(a_candidate("AUSDT", turnover=1.0, **{missing: math.nan})) is None


def test_one_without_a_year_of_days_is_judged_by_what_there_is() -> None:
    assert judged(ema200=math.nan).scores.trend == judged().scores.trend


@pytest.mark.parametrize("values", [{"volume_sma20": 0.0}, {"close": 0.0}])
def test_a_market_on_which_nothing_trades_is_left_out(values: dict[str, float]) -> None:
    assert judge(a_candidate("AUSDT", turnover=1.0, **values)) is None


def test_the_best_come_first_and_equals_by_turnover_then_name() -> None:
    found = rank(
        [
            a_candidate("CUSDT"),
            a_candidate("AUSDT"),
            a_candidate("BIGUSDT", turnover=9e9),
            a_candidate("WEAKUSDT", turnover=9e9, adx14=16.0),
            a_candidate("YOUNGUSDT", ema50=math.nan),
        ],
        4,
    )
    assert [pick.symbol for pick in found] == ["BIGUSDT", "AUSDT", "CUSDT", "WEAKUSDT"]
    assert [pick.symbol for pick in rank([a_candidate("AUSDT")] * 5, 2)] == ["AUSDT"] * 2


_PRICE = st.floats(1e-8, 1e6)


@given(
    close=_PRICE,
    ema21=_PRICE,
    ema50=_PRICE,
    ema200=_PRICE,
    rsi14=st.floats(0, 100),
    atr14=st.floats(0, 1e6),
    adx14=st.floats(0, 100),
    di_plus=st.floats(0, 100),
    di_minus=st.floats(0, 100),
    volume=st.floats(0, 1e12),
    volume_sma20=st.floats(0, 1e12),
)
def test_every_score_stays_within_0_and_100_and_two_or_three_reasons_are_given(**values: float) -> None:
    pick = judge(a_candidate("AUSDT", turnover=1.0, **values))
    if pick is None:
        assert values["volume_sma20"] == 0
        return
    scores = pick.scores
    for score in (scores.trend, scores.setup, scores.volume, scores.volatility, pick.total):
        assert -1e-9 <= score <= 100 + 1e-9
    assert len(pick.reasons) in (2, 3)
