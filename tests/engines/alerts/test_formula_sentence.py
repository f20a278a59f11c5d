"""Sentences about indicators, in both languages, as people write them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.alerts.formula_clause import Problem
from engines.alerts.formula_sentence import FormulaSentence, read_formula, written
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec
from engines.indicators.kind import KINDS, Kind

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def understood(text: str) -> FormulaSentence:
    said = read_formula(text)
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("text", "coin", "formula"),
    [
        ("eth rsi14 1h < 30 and close > ema200", "eth", "rsi14 1h < 30 and close 1h > ema200 1h"),
        ("btc ema9 crosses above ema21 4h", "btc", "ema9 4h crosses above ema21 4h"),
        ("sol macd cross signal 15m", "sol", "macd 15m crosses macd_signal 15m"),
        ("btc price above vwap", "btc", "close 1h > vwap 1h"),
        ("btc close > 100k", "btc", "close 1h > 100000"),
        ("btc close > 100 000 4h", "btc", "close 4h > 100000"),
        ("btc volume > 2 * volume_sma20", "btc", "volume 1h > 2 * volume_sma20 1h"),
        ("btc volume > 2x volume_sma20", "btc", "volume 1h > 2 * volume_sma20 1h"),
        ("btc volume > 1.5x average", "btc", "volume 1h > 1.5 * volume_sma20 1h"),
        ("btc volume > 2x", "btc", "volume 1h > 2 * volume_sma20 1h"),
        ("tell me when the rsi of btc is over 70", "btc", "rsi14 1h > 70"),
        ("tell me when btc rsi is above 70 on 4h", "btc", "rsi14 4h > 70"),
        ("when the price of btc has rsi < 30", "btc", "rsi14 1h < 30"),
        ("btc 30 > rsi", "btc", "rsi14 1h < 30"),
        ("btc rsi 7 < 30", "btc", "rsi7 1h < 30"),
        ("btc rsi(7) < 30", "btc", "rsi7 1h < 30"),
        ("btc macd > 12", "btc", "macd 1h > 12"),
        ("btc macd(5, 35, 5) hist > 0", "btc", "macd5_35_5_hist 1h > 0"),
        ("btc macd hist > 0", "btc", "macd_hist 1h > 0"),
        ("btc ema 9 crosses down ema 21", "btc", "ema9 1h crosses below ema21 1h"),
        ("btc ema9 crossover ema21", "btc", "ema9 1h crosses above ema21 1h"),
        ("eth stochrsi k cross d 1h", "eth", "stochrsi_k 1h crosses stochrsi_d 1h"),
        ("btc price below lower bollinger band 4h", "btc", "close 4h < bb_lower 4h"),
        ("btc price below bb lower", "btc", "close 1h < bb_lower 1h"),
        ("btc price above upper band", "btc", "close 1h > bb_upper 1h"),
        ("btc rsi oversold 5m", "btc", "rsi14 5m < 30"),
        ("btc cci20 < -100", "btc", "cci20 1h < -100"),
        ("btc supertrend_direction > 0", "btc", "supertrend_direction 1h > 0"),
        ("btc rsi < 30 or > 70", "btc", "rsi14 1h < 30 or rsi14 1h > 70"),
        ("btc rsi < 30, close > ema50", "btc", "rsi14 1h < 30 and close 1h > ema50 1h"),
        ("btc rsi 15m < 30 and close > ema200 4h", "btc", "rsi14 15m < 30 and close 4h > ema200 4h"),
        ("btc close 1h > ema200 4h", "btc", "close 1h > ema200 4h"),
        ("btc 1h close > 4h ema200 and rsi < 70", "btc", "close 1h > ema200 4h and rsi14 4h < 70"),
        ("btc close > ema 200 daily", "btc", "close 1d > ema200 1d"),
        ("btc rsi перекуплен 4ч", "btc", "rsi14 4h > 70"),
        ("эфир rsi ниже 30 и цена выше ema200 1ч", "эфир", "rsi14 1h < 30 and close 1h > ema200 1h"),
        ("биток цена ниже нижней полосы боллинджера 4ч", "биток", "close 4h < bb_lower 4h"),
        ("sol macd пересечёт сигнальную вверх 15м", "sol", "macd 15m crosses above macd_signal 15m"),
        ("macd пересекает сигнальную снизу вверх sol", "sol", "macd 1h crosses above macd_signal 1h"),
        ("биток объём больше 2х среднего", "биток", "volume 1h > 2 * volume_sma20 1h"),
        ("vidya rsi < 30", "vidya", "rsi14 1h < 30"),
        ("btc above ema200 4h", "btc", "close 4h > ema200 4h"),
        ("btc crosses vwap", "btc", "close 1h crosses vwap 1h"),
        ("btc ниже нижней полосы боллинджера 4ч", "btc", "close 4h < bb_lower 4h"),
        ("btc rsi < 30 and above ema200", "btc", "rsi14 1h < 30 and close 1h > ema200 1h"),
        ("btc ema9 > ema21 and > ema50", "btc", "ema9 1h > ema21 1h and ema9 1h > ema50 1h"),
        ("btc macd crosses above 0 on 4h", "btc", "macd 4h crosses above 0"),
        ("btc close crosses ema200 from below 4h", "btc", "close 4h crosses above ema200 4h"),
        ("btc close breaks ema200 from above", "btc", "close 1h crosses below ema200 1h"),
    ],
)
def test_a_formula(text: str, coin: str, formula: str) -> None:
    said = understood(text)

    assert said.names == [coin]
    assert said.problem is None
    assert said.formula is not None
    assert written(said.formula) == formula


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("btc rsi", Problem.UNCLEAR),
        ("btc rsi 30", Problem.UNCLEAR),
        ("btc ema9 ema21", Problem.WAY),
        ("btc rsi > ema9 > ema21", Problem.UNCLEAR),
        ("btc rsi <", Problem.UNCLEAR),
        ("btc above rsi", Problem.UNCLEAR),
        ("btc ema9 overbought", Problem.UNCLEAR),
        ("btc rsi < 30 and ema9 > ema21 or close > 5", Problem.MIXED),
        ("btc rsi 2h < 30", Problem.TIMEFRAME),
        ("btc rsi 15m 1h 4h < 30", Problem.UNCLEAR),
        ("btc rsi < 30 and rsi > 1 and rsi > 2 and rsi > 3 and rsi > 4", Problem.LONG),
    ],
)
def test_what_is_about_indicators_and_still_no_formula(text: str, problem: Problem) -> None:
    said = understood(text)

    assert said.problem is problem
    assert said.formula is None


def test_what_a_word_is_that_nobody_knows() -> None:
    assert understood("btc rsi < 30 and foo14 > 2").names == ["btc", "foo14"]
    assert understood("btc rsi not < 30").names == ["btc", "not"]
    assert understood("rsi перекуплен 4ч").names == []
    assert understood("btc rsi 2h < 30").text == "2h"


@pytest.mark.parametrize(
    "text",
    [
        "btc > 100k",
        "btc price crosses 100k",
        "so btc > 100k",
        "eth -5% 1h",
        "sol high 30d",
        "high > 0.5",
        "low 60000 btc",
        "tell me when btc drops below 60k",
        "btc last price above 5",
        "новый максимум sol за 30 дней",
        "биток курс на 100к",
        "",
    ],
)
def test_prices_moves_and_extremes_are_none_of_its_business(text: str) -> None:
    assert read_formula(text) is None


@pytest.mark.parametrize(
    ("text", "is_repeating", "rest", "lasts"),
    [
        ("btc rsi < 30", False, None, None),
        ("btc rsi < 30 every 4h", True, 4 * HOUR, None),
        ("btc rsi < 30 every 4 hours for 3d", True, 4 * HOUR, 3 * DAY),
        ("btc rsi < 30 repeat", True, None, None),
        ("btc rsi < 30 once", False, None, None),
        ("every 4h once btc rsi < 30", False, None, None),
        ("btc rsi на 4ч ниже 30 каждые 2 часа на 3 дня", True, 2 * HOUR, 3 * DAY),
        ("btc rsi ниже 30 раз в час", True, HOUR, None),
    ],
)
def test_how_often_and_for_how_long(
    text: str, is_repeating: bool, rest: timedelta | None, lasts: timedelta | None
) -> None:
    said = understood(text)

    assert (said.is_repeating, said.rest, said.lasts) == (is_repeating, rest, lasts)
    assert said.formula is not None
    assert said.formula.comparisons[0].right == 30


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    kind: Kind = draw(st.sampled_from([one for one in KINDS.values() if one.name not in ("high", "low")]))
    lengths = st.integers(1, 1000)
    fractions = st.integers(1, 50).map(lambda tenths: tenths / 10)
    numbers = (draw(lengths if one.is_whole else fractions) for one in kind.parameters)
    return Spec(kind.name, draw(st.sampled_from([tuple(numbers), kind.usual])))


@st.composite
def series(draw: st.DrawFn) -> Series:
    spec = draw(specs())
    factor = draw(st.sampled_from(["1", "2", "0.5", "1.25"]))
    output = draw(st.sampled_from(spec.outputs))
    return Series(spec.name, output, draw(st.sampled_from(list(Timeframe))), Decimal(factor))


@st.composite
def formulas(draw: st.DrawFn) -> Formula:
    numbers = st.decimals(-1_000_000, 1_000_000, places=3).map(lambda one: one.normalize() + 0)
    comparisons = st.builds(Comparison, series(), st.sampled_from(list(Op)), series() | numbers)
    several = draw(st.lists(comparisons, min_size=1, max_size=4))
    return Formula(tuple(several), is_any=len(several) > 1 and draw(st.booleans()))


@given(formulas())
def test_what_is_written_means_the_same(formula: Formula) -> None:
    said = understood(f"btcusdt {written(formula)}")

    assert said.formula == formula
    assert said.names == ["btcusdt"]


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    said = read_formula(f"btc rsi {text} < 30")

    assert said is None or (said.formula is None) == (said.problem is not None)
