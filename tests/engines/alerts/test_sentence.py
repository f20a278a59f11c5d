"""Sentences about alerts, in both languages, as people write them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.alerts.alert import Way
from engines.alerts.sentence import read_sentence
from engines.market.number import nearest, parse_number

UP, DOWN = Way.UP, Way.DOWN
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "coin", "way", "price"),
    [
        ("btc > 100k", "btc", UP, 100_000),
        ("btc>100k", "btc", UP, 100_000),
        ("BTC ≥ $100,000", "btc", UP, 100_000),
        ("btc above 100000", "btc", UP, 100_000),
        ("100000 btc", "btc", None, 100_000),
        ("btc 100000", "btc", None, 100_000),
        ("btc 100 000", "btc", None, 100_000),
        ("btc 100 000 usdt", "btc", None, 100_000),
        ("btc 1.5k", "btc", None, 1500),
        ("btc 1,5к", "btc", None, 1500),
        ("btc 100 тыс", "btc", None, 100_000),
        ("btc/usdt below 60k", "btc/usdt", DOWN, 60_000),
        ("tell me when btc drops below 60k", "btc", DOWN, 60_000),
        ("биток выше 100к", "биток", UP, 100_000),
        ("когда биткоин дойдёт до 100 000$?", "биткоин", None, 100_000),
        ("эфир ниже 2 тысяч", "эфир", DOWN, 2000),
        ("1000pepe > 0.01", "1000pepe", UP, Decimal("0.01")),
        ("shib < 0,00001", "shib", DOWN, Decimal("0.00001")),
        ("one > 0.02", "one", UP, Decimal("0.02")),
        ("btc low 60000", "btc", DOWN, 60_000),
        ("btc -5", "btc", None, -5),
        ("btc 0", "btc", None, 0),
        ("btc 1e99", "btc", None, Decimal("1e99")),
    ],
)
def test_a_price(text: str, coin: str, way: Way | None, price: int | Decimal) -> None:
    said = read_sentence(text)

    assert said.names == [coin]
    assert said.way is way
    assert said.prices[0] == price
    assert said.says_something
    assert not said.is_repeating


@pytest.mark.parametrize(
    ("text", "way", "share", "window"),
    [
        ("eth -5% 1h", DOWN, "0.05", HOUR),
        ("eth - 5 % 1 h", DOWN, "0.05", HOUR),
        ("eth −5%/1h", DOWN, "0.05", HOUR),
        ("eth +3% in 15m", UP, "0.03", 15 * MINUTE),
        ("eth ±3% 15 min", None, "0.03", 15 * MINUTE),
        ("eth 3% in 15 minutes", None, "0.03", 15 * MINUTE),
        ("eth drops 2.5% within 2 hours", DOWN, "0.025", 2 * HOUR),
        ("eth up 3 percent for 4h", UP, "0.03", 4 * HOUR),
        ("eth упадёт на 5% за час", DOWN, "0.05", HOUR),
        ("eth вырастет на 3,5 процента за 15 минут", UP, "0.035", 15 * MINUTE),
        ("eth -5% за сутки", DOWN, "0.05", DAY),
        ("eth -5%", DOWN, "0.05", None),
    ],
)
def test_a_move(text: str, way: Way | None, share: str, window: timedelta | None) -> None:
    said = read_sentence(text)

    assert said.names == ["eth"]
    assert said.way is way
    assert said.share == Decimal(share)
    assert said.span == window
    assert said.says_something


@pytest.mark.parametrize(
    ("text", "way", "span"),
    [
        ("sol high 30d", UP, 30 * DAY),
        ("30d high sol", UP, 30 * DAY),
        ("sol new high for 30 days", UP, 30 * DAY),
        ("sol low 7d", DOWN, 7 * DAY),
        ("новый максимум sol за 30 дней", UP, 30 * DAY),
        ("sol минимум за неделю", DOWN, 7 * DAY),
        ("sol мин 2 недели", DOWN, 14 * DAY),
        ("sol хай за месяц", UP, 30 * DAY),
        ("sol high", UP, None),
    ],
)
def test_an_extreme(text: str, way: Way, span: timedelta | None) -> None:
    said = read_sentence(text)

    assert said.names == ["sol"]
    assert said.extreme is way
    assert said.span == span
    assert said.says_something


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("every 4h", 4 * HOUR),
        ("every 30 min", 30 * MINUTE),
        ("every day", DAY),
        ("repeat", None),
        ("повторять", None),
        ("каждые 4 часа", 4 * HOUR),
        ("раз в час", HOUR),
        ("repeat every 2h", 2 * HOUR),
    ],
)
def test_a_repeating_one(text: str, rest: timedelta | None) -> None:
    for base in ("btc > 100k", "btc -5% 1h"):
        said = read_sentence(f"{base} {text}")

        assert said.is_repeating
        assert said.rest == rest
        assert said.names == ["btc"]


@pytest.mark.parametrize("text", ["btc > 100k once", "один раз btc 100k"])
def test_one_that_is_to_fire_once(text: str) -> None:
    said = read_sentence(text)

    assert not said.is_repeating
    assert said.names == ["btc"]


@pytest.mark.parametrize("text", ["btc > 100k for 3d", "btc выше 100к на 3 дня", "btc 100k в течение 3 дней"])
def test_one_that_ends_by_itself(text: str) -> None:
    assert read_sentence(text).lasts == 3 * DAY


@pytest.mark.parametrize("text", ["", "btc", "btc > nan", "btc > 100k -5%", "hello there", "btc 1h"])
def test_what_names_nothing_to_wait_for_or_two_things(text: str) -> None:
    assert not read_sentence(text).says_something


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    said = read_sentence(text)

    assert said.share is None or said.share >= 0
    assert all(isinstance(one, Decimal) for one in said.prices)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("100,000", [100_000, 100]),
        ("1.234", ["1.234", 1234]),
        ("1,234,567", [1_234_567]),
        ("1.234.567,89", ["1234567.89"]),
        ("1,234.5", ["1234.5"]),
        ("0,123", ["0.123"]),
        ("0.1234", ["0.1234"]),
        (".5", ["0.5"]),
        ("2млн", [2_000_000]),
        ("1.2.3", []),
        ("12x", []),
        ("abc", []),
        ("nan", []),
        ("", []),
    ],
)
def test_readings_of_a_number(text: str, readings: list[int | str]) -> None:
    assert list(parse_number(text)) == [Decimal(one) for one in readings]


def test_the_reading_near_the_price_is_meant() -> None:
    readings = parse_number("1,234")

    assert nearest(readings, Decimal("1.3")) == Decimal("1.234")
    assert nearest(readings, Decimal(2000)) == 1234
    assert nearest([Decimal(-5)], Decimal(100)) == -5
