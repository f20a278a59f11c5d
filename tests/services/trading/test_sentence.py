"""Sentences about trades, as people really type them."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Direction
from ports.errors import Refused
from services.trading.sentence import (
    Asked,
    CloseAsked,
    Level,
    Of,
    Size,
    StopAsked,
    Unit,
    read_close,
    read_stop,
    read_trade,
    written,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("btc long 100 sl 95000 tp 99k 101k 103k x3", "btc long 100u sl 95000 tp 99000 101000 103000 x3"),
        ("лонг биток 100 стоп 95к цели 99к 101к", "биток long 100u sl 95000 tp 99000 101000"),
        ("short eth 200$ @ 2900 sl 1% tp 2% 4%", "eth short 200u @2900 sl 1% tp 2% 4%"),
        ("x3 tp 99k sl 95k 100 long btc", "btc long 100u sl 95000 tp 99000 x3"),
        ("btc", "btc"),
        ("", ""),
        ("btc 1k 3x", "btc 1000u x3"),
        ("btc 1.5k х5", "btc 1500u x5"),
        ("btc ×2", "btc x2"),
        ("btc 1к$", "btc 1000u"),
        ("btc buy 100 usdt по 95000", "btc long 100u @95000"),
        ("btc long 100usdt at 95 000", "btc long 100u @95000"),
        ("btc long 0,5k sl 95,000", "btc long 500u sl 95000"),
        ("btc long 1\N{NO-BREAK SPACE}000 sl 87\N{NO-BREAK SPACE}210,5", "btc long 1000u sl 87210.5"),
        ("shib long 50 sl 0,00001234", "shib long 50u sl 0.00001234"),
        ("btc short 1,234.5", "btc short 1234.5u"),
        ("эфир шорт половину", "эфир short 50%"),
        ("btc long all", "btc long 100%"),
        ("btc long 50 % плечо 5", "btc long 50% x5"),
        ("btc risk 1% long", "btc long risk 1%"),
        ("лонг биток риск 0,5", "биток long risk 0.5%"),
        ("btc long 100 sl 1.5atr tp 1r 2R", "btc long 100u sl 1.5atr tp 1r 2r"),
        ("btc long 100 sl 1,5 атр", "btc long 100u sl 1.5atr"),
        ("btc long 100 sl -1% tp +2%", "btc long 100u sl 1% tp 2%"),
        ("btc trailing stop 2% long", "btc long trail 2%"),
        ("btc long trail 2", "btc long trail 2%"),
        ("btc long 100 no stop", "btc long 100u sl off"),
        ("лонг биток 100 без стопа", "биток long 100u sl off"),
        ("btc long 100 sl off tp none", "btc long 100u sl off tp off"),
        ("long btc 100 sl=95000 tp:99000,101000", "btc long 100u sl 95000 tp 99000 101000"),
        ("btc long tp 99k 101k 100$", "btc long 100u tp 99000 101000"),
        ("btc long sl95000 tp99k/101k", "btc long sl 95000 tp 99000 101000"),
        ("иес дщтп 100", "иес long 100u"),
        ("kjyu btc 100", "btc long 100u"),
        ("шортани эфир 20", "эфир short 20u"),
        ("1000pepe long 20", "1000pepe long 20u"),
        ("1inch long 20", "1inch long 20u"),
        ("btc/usdt short 20", "btc/usdt short 20u"),
        ("BYBIT:BTCUSDT long 10", "bybit:btcusdt long 10u"),
        ("я хочу лонг биток на 100 долларов по рынку со стопом 1 процент", "биток long 100u sl 1%"),
        ("Long BTC, 100 USDT!", "btc long 100u"),
        ("btc buy 500 stop at 85000", "btc long 500u sl 85000"),
        ("биток купить 500 стоп по 85000 цель @ 90000", "биток long 500u sl 85000 tp 90000"),
        ("btc buy 500 tp 90000 at 85000", "btc long 500u @85000 tp 90000"),
        ("btc buy 500 stop trailing 2%", "btc long 500u trail 2%"),
        ("long long btc", "btc long"),
    ],
)
def test_a_sloppy_sentence_is_understood(text: str, meant: str) -> None:
    assert written(read_trade(text)) == meant


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("btc long nan", "bad_amount", "nan"),
        ("btc long inf", "bad_amount", "inf"),
        ("btc long 1e99", "bad_amount", "1e99"),
        ("btc long 1e-30", "bad_amount", "1e-30"),
        ("btc long -5", "bad_amount", "-5"),
        ("btc long 0", "bad_amount", "0"),
        ("btc long 100 sl 0", "bad_amount", "0"),
        ("btc long 100 sl -95000", "bad_amount", "-95000"),
        ("btc long 100 sl 1r", "bad_amount", "1r"),
        ("btc long 100 @1%", "bad_amount", "1%"),
        ("btc long 100 trail 2r", "bad_amount", "2r"),
        ("btc long x0", "bad_amount", "x0"),
        ("btc long 100 200", "unclear_number", "200"),
        ("btc long 100 stop", "missing_number", "stop"),
        ("btc buy 500 limit", "missing_number", "limit"),
        ("btc buy 500 stop target 90000", "missing_number", "stop"),
        ("btc buy 500 limit stop 85000", "missing_number", "limit"),
        ("btc long 2atr", "unclear_number", "2atr"),
        ("btc long short", "said_twice", "short"),
        ("btc sl 1 sl 2", "said_twice", "2"),
        ("btc x2 x3", "said_twice", "x3"),
        ("btc long 100 tp 1 2 3 4", "too_many_targets", "4"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_word_that_does_not(text: str, code: str, at: str) -> None:
    with pytest.raises(Refused, match=code) as refused:
        read_trade(text)
    assert refused.value.params["text"] == at


POSITIVE = st.decimals(Decimal("0.000001"), Decimal(10**9), places=6)
LEVELS = st.builds(Level, POSITIVE, st.sampled_from([Unit.PRICE, Unit.FRACTION, Unit.ATR]))
TARGETS = st.lists(st.builds(Level, POSITIVE, st.sampled_from(Unit)), max_size=3).map(tuple)


@given(
    st.builds(
        Asked,
        names=st.just(("btc",)),
        direction=st.none() | st.sampled_from(Direction),
        size=st.none() | st.builds(Size, POSITIVE, st.sampled_from(Of)),
        price=st.none() | POSITIVE,
        stop=st.none() | LEVELS,
        targets=TARGETS,
        trail=st.none() | st.builds(Level, POSITIVE, st.sampled_from([Unit.FRACTION, Unit.ATR])),
        leverage=st.none() | POSITIVE,
        has_no_stop=st.booleans(),
        has_no_targets=st.booleans(),
    )
)
def test_what_is_written_is_read_back(asked: Asked) -> None:
    assert read_trade(written(asked)) == asked


@given(st.text(max_size=300))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (read_trade, read_close, read_stop):
        with suppress(Refused):
            assert read(text) is not None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", CloseAsked()),
        ("12", CloseAsked(name="12")),
        ("#12 half", CloseAsked(name="12", share=Decimal("0.5"))),
        ("eth 50% @2900", CloseAsked(name="eth", share=Decimal("0.5"), price=Decimal(2900))),
        ("эфир половину по 2900", CloseAsked(name="эфир", share=Decimal("0.5"), price=Decimal(2900))),
        ("закрой эфир", CloseAsked(name="эфир")),
        ("12 all 95k", CloseAsked(name="12", price=Decimal(95_000))),
        ("1/4 btc", CloseAsked(name="btc", share=Decimal("0.25"))),
    ],
)
def test_what_to_close_is_understood(text: str, meant: CloseAsked) -> None:
    assert read_close(text) == meant


@pytest.mark.parametrize("text", ["btc eth", "12 nan", "12 -5", "12 2900 3000", "12 1e99", "12 2 900,5"])
def test_what_cannot_be_closed_that_way_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_close(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12 2850", StopAsked(name="12", level=Level(Decimal(2850)))),
        ("eth 1%", StopAsked(name="eth", level=Level(Decimal("0.01"), Unit.FRACTION))),
        ("1% eth", StopAsked(name="eth", level=Level(Decimal("0.01"), Unit.FRACTION))),
        ("btc entry", StopAsked(name="btc", is_entry=True)),
        ("перенеси эфир в бу", StopAsked(name="эфир", is_entry=True)),
        ("btc sl 87k", StopAsked(name="btc", level=Level(Decimal(87_000)))),
        ("12", StopAsked(name="12")),
        ("", StopAsked()),
    ],
)
def test_where_a_stop_goes_is_understood(text: str, meant: StopAsked) -> None:
    assert read_stop(text) == meant
