"""Each rule by itself, what all of them come to, and the gates behind them."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.cells import cells_of
from engines.indicators.frame import Frame
from engines.signals import entry_rules, trend_rules
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES, Decision, View
from engines.signals.entry_rules import ENTRY_RULES
from engines.signals.evidence import Finding, Gate, GateName, GateState
from engines.signals.gates import Params
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.regime import regime
from engines.signals.rule import find
from engines.signals.rules import decide
from engines.signals.trend_rules import TREND_RULES
from engines.signals.weighing import weigh
from tests.build.clock import NOON
from tests.build.frames import a_frame
from tests.build.markets import an_instrument

NOON_MS = int(NOON.timestamp() * 1000)
LONG, SHORT = Direction.LONG, Direction.SHORT
H1, H4, D1 = Timeframe.H1, Timeframe.H4, Timeframe.D1
RULES = {rule.name: rule for rule in (*TREND_RULES, *ENTRY_RULES)}
UP_SWINGS = ((90.0, 1.0, -1.0), (95.0, 1.0, -1.0))
DOWN_SWINGS = ((120.0, 1.0, 1.0), (115.0, 1.0, 1.0))


def shaped(frame: Frame, swings: tuple[tuple[float, float, float], ...] = (), **bar: Any) -> Frame:
    """The frame with another bar."""
    return replace(frame, swings=np.array(swings).reshape(-1, 3), **bar)


def found(rule: str, frame: Frame) -> Direction | None:
    return finding_of(rule, frame).speaks_for


def finding_of(rule: str, frame: Frame) -> Finding:
    """What one rule finds in a frame."""
    for rules, signs in ((TREND_RULES, trend_rules.signs), (ENTRY_RULES, entry_rules.signs)):
        for finding in find(rules, signs(cells_of(frame)), frame.timeframe, frame):
            if finding.rule == rule:
                return finding
    raise KeyError(rule)


def an_entry(**values: Any) -> Frame:
    """A bar of the hour that came back to its average and turned up: a pullback, RSI turns, MACD crosses."""
    known = {"ema21": 109.0, "macd_hist": 0.5, "vwap": 108.0, "obv": 5.0, "obv_ema21": 4.0} | values
    before = {"ema21": 108.5, "rsi14": 40.0, "macd_hist": -0.5}
    return shaped(a_frame(H1, close=110.0, before=before, **known), open=108.5, low=108.8, high=110.5)


def a_view(**changes: Any) -> View:
    """An uptrend with an entry for a long, on fresh data."""
    usual: dict[str, Any] = {
        "instrument": an_instrument(),
        "now_ms": NOON_MS,
        "data_age_s": 1.0,
        "frames": {
            H1: an_entry(),
            H4: shaped(a_frame(H4), UP_SWINGS),
            D1: shaped(a_frame(D1), UP_SWINGS),
        },
        "last_signal_ms": None,
    }
    return View(**usual | changes)


def with_frames(**changes: Frame) -> View:
    view = a_view()
    names = {"h1": H1, "h4": H4, "d1": D1}
    return replace(view, frames={**view.frames, **{names[name]: frame for name, frame in changes.items()}})


def gates(decision: Decision) -> Mapping[GateName, Gate]:
    return {gate.name: gate for gate in decision.gates}


def blocked(decision: Decision) -> Gate:
    """The gate that blocked; all before it passed, none after it was reached."""
    states = [gate.state for gate in decision.gates]
    place = states.index(GateState.BLOCKED)
    assert states[:place] == [GateState.PASSED] * place
    assert states[place + 1 :] == [GateState.NOT_REACHED] * (len(states) - place - 1)
    assert decision.proposal is None
    return decision.gates[place]


# rules


@pytest.mark.parametrize(
    ("rule", "values", "before", "expected"),
    [
        ("ema50_ema200", {"ema50": 96.0, "ema200": 95.0}, {}, LONG),
        ("ema50_ema200", {"ema50": 94.0, "ema200": 95.0}, {}, SHORT),
        ("ema50_ema200", {"ema50": math.nan}, {}, None),
        ("price_ema200", {"ema200": 109.0}, {}, LONG),
        ("price_ema200", {"ema200": 111.0}, {}, SHORT),
        ("ema9_ema21", {"ema9": 101.0, "ema21": 100.0}, {}, LONG),
        ("ema9_ema21", {"ema9": 99.0, "ema21": 100.0}, {}, SHORT),
        ("adx_di", {"adx14": 20.0}, {}, LONG),
        ("adx_di", {"adx14": 19.9}, {}, None),
        ("adx_di", {"adx14": 30.0, "di_plus": 10.0}, {}, SHORT),
        ("rsi_turn", {"rsi14": 45.0}, {"rsi14": 44.0}, LONG),
        ("rsi_turn", {"rsi14": 50.0}, {"rsi14": 46.0}, None),
        ("rsi_turn", {"rsi14": 58.0}, {"rsi14": 60.0}, SHORT),
        ("macd_cross", {"macd_hist": 0.1}, {"macd_hist": 0.0}, LONG),
        ("macd_cross", {"macd_hist": -0.1}, {"macd_hist": 0.2}, SHORT),
        ("macd_cross", {"macd_hist": 0.2}, {"macd_hist": 0.1}, None),
        ("stochrsi_cross", {"stochrsi_k": 25.0, "stochrsi_d": 20.0}, {"stochrsi_k": 10.0}, LONG),
        ("stochrsi_cross", {"stochrsi_k": 55.0, "stochrsi_d": 50.0}, {"stochrsi_k": 45.0}, None),
        ("stochrsi_cross", {"stochrsi_k": 75.0, "stochrsi_d": 80.0}, {"stochrsi_k": 90.0}, SHORT),
        ("obv", {"obv": 2.0, "obv_ema21": 1.0}, {}, LONG),
        ("obv", {"obv": -2.0, "obv_ema21": 1.0}, {}, SHORT),
        ("vwap", {"vwap": 109.0}, {}, LONG),
        ("vwap", {"vwap": 111.0}, {}, SHORT),
    ],
)
def test_a_rule_of_indicators(
    rule: str, values: dict[str, float], before: dict[str, float], expected: Direction | None
) -> None:
    assert found(rule, a_frame(H1, before=before, **values)) is expected


@pytest.mark.parametrize(
    ("rule", "bar", "values", "expected"),
    [
        ("pullback_ema21", {"low": 104.0}, {}, LONG),
        ("pullback_ema21", {"low": 105.5}, {}, None),
        ("pullback_ema21", {"close": 104.0, "high": 106.0}, {}, None),  # the average rises
        ("level_holds", {"low": 101.0, "open": 109.0}, {"support": 100.0}, LONG),
        ("level_holds", {"low": 102.0, "open": 109.0}, {"support": 100.0}, None),
        ("level_holds", {"high": 114.0, "open": 111.0}, {"resistance": 115.0}, SHORT),
        ("bollinger_return", {"close_before": 99.0}, {"bb_lower": 100.0, "bb_upper": 120.0}, LONG),
        ("bollinger_return", {"close_before": 121.0}, {"bb_lower": 100.0, "bb_upper": 120.0}, SHORT),
        ("bollinger_return", {"close_before": 119.0}, {"bb_lower": 100.0, "bb_upper": 120.0}, None),
        ("breakout", {"close_before": 107.0}, {"resistance": 108.0}, LONG),
        ("breakout", {"close_before": 107.0, "volume": 1499.0}, {"resistance": 108.0}, None),
        ("breakout", {"close_before": 109.0}, {"resistance": 108.0}, None),
        ("breakout", {"close_before": 113.0}, {"support": 112.0}, SHORT),
        ("volume", {"open": 109.0}, {}, LONG),
        ("volume", {"open": 111.0}, {}, SHORT),
        ("volume", {"open": 109.0, "volume": 1000.0}, {}, None),
    ],
)
def test_a_rule_of_the_bar(
    rule: str, bar: dict[str, Any], values: dict[str, float], expected: Direction | None
) -> None:
    frame = a_frame(H1, before={"ema21": 104.5}, **values)
    assert found(rule, shaped(frame, **bar)) is expected


@pytest.mark.parametrize(
    ("swings", "expected"),
    [
        (UP_SWINGS, LONG),
        (DOWN_SWINGS, SHORT),
        (UP_SWINGS + DOWN_SWINGS, None),
        (UP_SWINGS[:1], None),
        (UP_SWINGS[::-1], None),
        ((), None),
    ],
)
def test_the_structure_of_swings(
    swings: tuple[tuple[float, float, float], ...], expected: Direction | None
) -> None:
    assert found("swing_structure", shaped(a_frame(H4), swings)) is expected


def test_a_falling_average_that_caps_the_bar_is_a_pullback_for_a_short() -> None:
    frame = shaped(a_frame(H1, ema21=112.0, before={"ema21": 113.0}), high=112.5)
    assert found("pullback_ema21", frame) is SHORT


@pytest.mark.parametrize("rule", RULES)
def test_what_is_not_known_speaks_for_nobody_and_shows_no_numbers(rule: str) -> None:
    nothing = replace(
        shaped(a_frame(H1, close=100.0), low=100.0, high=100.0),
        now=np.full(26, math.nan),
        before=np.full(26, math.nan),
    )
    finding = finding_of(rule, nothing)
    assert finding.speaks_for is None
    assert all(math.isfinite(value) for value in finding.numbers.values())


def test_names_are_unique() -> None:
    assert len(RULES) == len(TREND_RULES) + len(ENTRY_RULES)


# weighing


def trend_of(frame4: Frame, day: Frame) -> tuple[float, Direction | None]:
    weight = weigh({H4: frame4, D1: day}, H1, 0.25)
    return weight.trend, weight.direction


BEARISH: dict[str, Any] = {"ema9": 90.0, "ema21": 95.0, "ema50": 98.0, "ema200": 120.0, "di_plus": 5.0}


def test_a_full_trend_is_one() -> None:
    up, down = shaped(a_frame(H4), UP_SWINGS), shaped(a_frame(H4, **BEARISH), DOWN_SWINGS)
    assert trend_of(up, shaped(a_frame(D1), UP_SWINGS)) == (1.0, LONG)
    assert trend_of(down, shaped(a_frame(D1, **BEARISH), DOWN_SWINGS)) == (-1.0, SHORT)


def test_opposite_timeframes_have_no_direction() -> None:
    up, down = a_frame(H4), a_frame(D1, **BEARISH)
    assert trend_of(up, down) == (0.0, None)


def test_what_cannot_be_read_weakens_the_trend() -> None:
    day = a_frame(D1, ema200=math.nan, ema50=math.nan)
    assert trend_of(a_frame(H4), day)[0] < trend_of(a_frame(H4), a_frame(D1))[0]
    assert weigh({H4: a_frame(H4)}, H1, 0.25).trends == {H4: 0.75, D1: 0.0}


def test_confidence_is_the_share_that_agrees() -> None:
    weight = weigh(a_view().frames, H1, 0.25)
    # all trend points; pullback 2, RSI 1.5, MACD 1.5, volume, OBV, VWAP 1 each: more than enough
    assert (weight.triggers, weight.entry) == (5.0, 8.0)
    assert (weight.confidence, weight.strength) == (1.0, 100.0)


def test_evidence_against_lowers_confidence() -> None:
    frames = {**a_view().frames, H1: an_entry(vwap=112.0, obv=3.0, macd_hist=-0.6)}
    weight = weigh(frames, H1, 0.25)
    assert weight.entry == 2.0 + 1.5 + 1.0 - 1.0 - 1.0
    assert weight.confidence == pytest.approx(0.6 + 0.4 * 2.5 / 6)


def test_timeframes_that_disagree_lower_confidence() -> None:
    torn = shaped(a_frame(D1, ema50=94.0, ema200=120.0, adx14=10.0), UP_SWINGS)  # 2 + 1 against, 1 + 2 for
    level = replace(torn, now=torn.now.copy())
    against = shaped(level)  # without its swings: 3 against, 1 for
    frames = a_view().frames
    even = weigh({**frames, D1: level}, H1, 0.25)
    conflict = weigh({**frames, D1: against}, H1, 0.25)
    assert even.trends[D1] == 0.0
    assert even.confidence == pytest.approx(0.6 * 11 / 16 + 0.4)
    assert conflict.trends[D1] == -0.25
    assert conflict.confidence == pytest.approx(0.8 * (0.6 * 9 / 16 + 0.4))


def test_what_reads_65_percent_is_pushed() -> None:
    four, day = (shaped(a_frame(one, adx14=10.0), UP_SWINGS) for one in (H4, D1))  # 12 of 16 points agree
    entry = replace(an_entry(ema21=100.0, obv=3.0), volume=0.0)  # RSI and MACD; VWAP for it, OBV against
    weight = weigh({H1: entry, H4: four, D1: day}, H1, 0.25)
    assert (weight.entry, weight.confidence) == (3.0, LEAST_PUSHED)


def test_without_a_direction_there_is_no_confidence() -> None:
    weight = weigh({H4: a_frame(H4), D1: a_frame(D1, **BEARISH)}, H1, 0.25)
    assert (weight.direction, weight.confidence, weight.strength) == (None, 0.0, 50.0)


# gates


def test_a_signal_passes_all_gates() -> None:
    decision = decide(a_view(), H1)
    assert [gate.name for gate in decision.gates] == list(GateName)
    assert {gate.state for gate in decision.gates} == {GateState.PASSED}
    proposal = decision.proposal
    assert proposal is not None
    assert (proposal.direction, proposal.timeframe, proposal.confidence) == (LONG, H1, 1.0)
    assert (proposal.created_at, proposal.expires_at) == (NOON, NOON + timedelta(hours=8))
    assert (float(proposal.price), decision.price) == (110.0, 110.0)
    assert (proposal.gates, proposal.findings) == (decision.gates, decision.findings)
    assert proposal.risk_reward == 2.0
    assert set(proposal.indicators) == {H1, H4, D1}
    assert proposal.indicators[H4]["ema200"] == 95.0
    assert all(math.isfinite(value) for values in proposal.indicators.values() for value in values.values())


def test_every_rule_is_in_the_decision_whatever_it_found() -> None:
    asked = [(finding.rule, finding.timeframe) for finding in decide(a_view(), H1).findings]
    trend = [(rule.name, timeframe) for timeframe in TREND_FRAMES for rule in TREND_RULES]
    assert asked == [*trend, *((rule.name, H1) for rule in ENTRY_RULES)]


def test_old_data_block() -> None:
    gate = blocked(decide(a_view(data_age_s=61.0), H1))
    assert (gate.name, gate.opens) == (GateName.DATA, {"age_s": 60.0})


@pytest.mark.parametrize("timeframe", [H1, H4, D1])
def test_a_missing_timeframe_blocks(timeframe: Timeframe) -> None:
    frames = {each: frame for each, frame in a_view().frames.items() if each is not timeframe}
    decision = decide(a_view(frames=frames), H1)
    assert blocked(decision).numbers[f"missing_{timeframe}"] == 1.0
    assert len(decision.findings) == 20


def test_one_bar_behind_is_forgiven_and_two_are_not() -> None:
    frame = a_view().frames[H4]
    behind = replace(frame, time_ms=frame.time_ms - H4.ms)
    assert decide(with_frames(h4=behind), H1).proposal is not None
    two = replace(frame, time_ms=frame.time_ms - 2 * H4.ms)
    assert blocked(decide(with_frames(h4=two), H1)).numbers["late_4h"] == 1.0


def test_the_bar_of_the_entry_has_to_be_the_last_one() -> None:
    frame = a_view().frames[H1]
    behind = replace(frame, time_ms=frame.time_ms - H1.ms)
    assert blocked(decide(with_frames(h1=behind), H1)).numbers["late_1h"] == 1.0


def test_an_entry_that_warms_up_blocks() -> None:
    assert blocked(decide(with_frames(h1=an_entry(atr_norm=math.nan)), H1)).numbers["warming_1h"] == 1.0


def test_a_market_without_a_trend_says_what_price_would_change_it() -> None:
    view = with_frames(h4=a_frame(H4), d1=a_frame(D1, **BEARISH))
    decision = decide(view, H1)
    gate = blocked(decision)
    assert (gate.name, decision.direction) == (GateName.TREND, None)
    assert gate.opens == {"trend": 0.25, "above": 120.0, "below": 95.0}


def test_without_an_event_it_says_what_would_be_one() -> None:
    quiet = shaped(
        a_frame(H1, ema21=105.0, resistance=115.0, before={"rsi14": 50.0}), open=109.0, low=108.0, high=111.0
    )
    decision = decide(with_frames(h1=quiet), H1)
    gate = blocked(decision)
    assert (gate.name, decision.direction) == (GateName.ENTRY, LONG)
    assert gate.numbers == {"triggers": 0.0, "least": 2.0}
    assert gate.opens == {"triggers": 2.0, "pullback": 105.0, "above": 115.0}


def test_a_strong_level_ahead_blocks_and_says_from_where_there_would_be_room() -> None:
    wall = shaped(a_frame(H4), (*UP_SWINGS, (118.0, 3.0, 1.0)))
    gate = blocked(decide(with_frames(h4=wall), H1))
    assert gate.name is GateName.REWARD
    assert gate.numbers["obstacle"] == 118.0
    assert gate.numbers["risk_reward"] < 2.0
    assert gate.opens["above"] == 118.0
    risk = 7.5  # 1.5 ATR
    assert gate.opens["pullback"] == pytest.approx(117.5 - 2 * risk)  # the target lies 0.1 ATR in front


def test_a_level_touched_twice_is_no_wall() -> None:
    assert decide(with_frames(h4=shaped(a_frame(H4), (*UP_SWINGS, (118.0, 2.0, 1.0)))), H1).proposal


def test_too_coarse_a_grid_blocks() -> None:
    gate = blocked(decide(a_view(instrument=an_instrument(tick=Decimal(50))), H1))
    assert (gate.name, gate.numbers["tick"]) == (GateName.REWARD, 50.0)


def test_a_wild_market_blocks() -> None:
    gate = blocked(decide(with_frames(h1=an_entry(atr14=15.5)), H1))
    assert (gate.name, gate.opens) == (GateName.VOLATILITY, {"atr": 15.0})


def test_little_evidence_blocks() -> None:
    gate = blocked(decide(a_view(), H1, Params(least_confidence=1.01)))
    assert (gate.name, gate.numbers["confidence"]) == (GateName.CONFIDENCE, 1.0)


@pytest.mark.parametrize(("minutes", "is_open"), [(239, False), (240, True)])
def test_a_pair_rests_four_hours(minutes: int, is_open: bool) -> None:
    decision = decide(a_view(last_signal_ms=NOON_MS - minutes * 60_000), H1)
    assert (decision.proposal is not None) is is_open
    if not is_open:
        assert blocked(decision).opens == {"in_ms": 60_000.0}


def test_a_downtrend_gives_a_short() -> None:
    entry = shaped(
        a_frame(H1, ema21=111.0, vwap=115.0, macd_hist=-0.5, before={"ema21": 112.0, "macd_hist": 0.5}),
        open=111.5,
        high=111.2,
        low=109.5,
    )
    trend = {each: shaped(a_frame(each, **BEARISH), DOWN_SWINGS) for each in TREND_FRAMES}
    decision = decide(a_view(frames={H1: entry, **trend}), H1)
    assert decision.proposal is not None
    assert (decision.proposal.direction, decision.strength < 30) == (SHORT, True)
    assert decision.proposal.stop > decision.proposal.entry_high


def test_a_view_of_nothing_has_no_price() -> None:
    with pytest.raises(ValueError, match="BTCUSDT: no frame"):
        decide(a_view(frames={}), H1)


def test_the_same_view_gives_the_same_decision() -> None:
    for entry in ENTRY_FRAMES:
        assert decide(a_view(), entry) == decide(a_view(), entry)


# regime


@pytest.mark.parametrize(
    ("day", "four", "expected"),
    [
        ({}, {}, "bull_calm"),
        (BEARISH, {"atr14": 6.1}, "bear_wild"),
        ({"ema50": 94.0}, {"atr14": 6.0}, "range_calm"),
        ({"ema200": math.nan}, {"atr_norm": math.nan}, "range_calm"),
    ],
)
def test_the_regime(day: dict[str, Any], four: dict[str, Any], expected: str) -> None:
    assert regime({D1: a_frame(D1, **day), H4: a_frame(H4, **four)}) == expected
