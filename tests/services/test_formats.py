"""Numbers as people read them, in both languages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import formats

LANGUAGES = st.sampled_from(["en", "ru"])
FINITE = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal("-1e40"), max_value=Decimal("1e40")
)


def read_back(text: str, language: str) -> Decimal:
    signs = formats.numbers(language)
    plain = text.replace(signs.thousands, "").replace(signs.decimal, ".").replace(formats.MINUS, "-")
    return Decimal(plain)


@given(FINITE, st.integers(0, 12), LANGUAGES)
def test_a_number_reads_back_as_itself_rounded(value: Decimal, digits: int, language: str) -> None:
    text = formats.decimal(value, digits, language)

    assert abs(read_back(text, language) - value) <= Decimal("0.5").scaleb(-digits)
    fraction = text.partition(formats.numbers(language).decimal)[2]
    assert len(fraction) == digits


@given(FINITE, st.integers(0, 12), LANGUAGES)
def test_a_sign_is_a_real_minus_and_never_stands_before_zero(
    value: Decimal, digits: int, language: str
) -> None:
    text = formats.decimal(value, digits, language)

    assert "-" not in text
    assert text.startswith(formats.MINUS) == (read_back(text, language) < 0)


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "1,234,567.50"), ("ru", "1\u00a0234\u00a0567,50"), ("xx", "1,234,567.50")]
)
def test_thousands_are_separated_as_the_language_does(language: str, shown: str) -> None:
    assert formats.decimal(Decimal("1234567.5"), 2, language) == shown


@pytest.mark.parametrize(
    ("tick", "digits"), [("0.01", 2), ("0.010", 2), ("1", 0), ("10", 0), ("0.5", 1), ("1E-10", 10)]
)
def test_a_price_shows_the_digits_of_its_tick(tick: str, digits: int) -> None:
    assert formats.digits_of(Decimal(tick)) == digits


def test_tiny_prices_keep_their_digits() -> None:
    assert formats.price(Decimal("0.0000001234"), Decimal("1E-10"), "en") == "0.0000001234"
    assert formats.price(Decimal("1.234E-7"), Decimal("1E-10"), "ru") == "0,0000001234"


@pytest.mark.parametrize("value", [None, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_not_known_is_a_dash(value: Decimal | None) -> None:
    assert formats.price(value, Decimal("0.01"), "en") == formats.UNKNOWN
    assert formats.percent(value, "en") == formats.UNKNOWN
    assert formats.compact(value, "en") == formats.UNKNOWN


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        ("0.012", "▲ +1.2 %"),
        ("-0.012", "▼ −1.2 %"),
        ("0", "• 0.0 %"),
        ("-0.0004", "• 0.0 %"),
        ("0.0005", "▲ +0.1 %"),
        ("123.4", "▲ +12,340.0 %"),
    ],
)
def test_a_change_has_an_arrow_and_a_sign(fraction: str, shown: str) -> None:
    assert formats.percent(Decimal(fraction), "en").replace(formats.NBSP, " ") == shown


@given(FINITE, LANGUAGES, st.integers(0, 3))
def test_the_arrow_agrees_with_the_sign_of_the_shown_number(
    fraction: Decimal, language: str, digits: int
) -> None:
    text = formats.percent(fraction, language, digits=digits)
    arrow, _, number = text.partition(formats.NBSP)

    assert text.endswith(f"{formats.NBSP}%")
    assert {"▲": number[0] == "+", "▼": number[0] == formats.MINUS, "•": number[0] == "0"}[arrow]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("999", "999"),
        ("999.9", "1.00K"),
        ("12345", "12.3K"),
        ("999999", "1.00M"),
        ("845000000", "845M"),
        ("1240000000", "1.24B"),
        ("9999999999", "10.0B"),
        ("-1240000000", "−1.24B"),
        ("999499999999", "999B"),
        ("260341000000000", "260T"),
    ],
)
def test_big_amounts_take_three_signs(value: str, shown: str) -> None:
    assert formats.compact(Decimal(value), "en") == shown


@given(st.decimals(min_value=0, max_value=Decimal("999e9"), allow_nan=False), LANGUAGES)
def test_a_compact_amount_is_short_and_within_a_percent(value: Decimal, language: str) -> None:
    text = formats.compact(value, language)

    assert len(text) <= 9
    signs = formats.numbers(language)
    units = ((12, signs.trillion), (9, signs.billion), (6, signs.million), (3, signs.thousand), (0, ""))
    for scale, name in units:
        if text.endswith(name):
            shown = read_back(text.removesuffix(name), language).scaleb(scale)
            assert abs(shown - value) <= max(value / 100, Decimal("0.5"))
            break


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0", "0.00"), ("0.001", "0.00"), ("-0.001", "0.00"), ("18.416", "+18.42"), ("-1234.5", "−1,234.50")],
)
def test_a_gain_has_its_sign_and_a_zero_has_none(value: str, shown: str) -> None:
    assert formats.signed(Decimal(value), 2, "en") == shown


@pytest.mark.parametrize(
    ("fraction", "plain", "with_sign"),
    [("0.009", "0.9 %", "+0.9 %"), ("-0.0134", "−1.3 %", "−1.3 %"), ("0.00001", "0.0 %", "0.0 %")],
)
def test_a_share_has_no_arrow(fraction: str, plain: str, with_sign: str) -> None:
    shown = [formats.share(Decimal(fraction), "en", has_sign=has_sign) for has_sign in (False, True)]
    assert [one.replace(formats.NBSP, " ") for one in shown] == [plain, with_sign]


def test_a_number_keeps_the_digits_that_it_has() -> None:
    assert formats.number(Decimal("87210.50"), "en") == "87,210.5"
    assert formats.number(Decimal("1E+3"), "en") == "1,000"
    assert formats.number(Decimal("0.00001234"), "ru") == "0,00001234"


@given(FINITE, LANGUAGES, st.booleans())
def test_a_brief_amount_fits_its_column(value: Decimal, language: str, has_sign: bool) -> None:
    if abs(value) < Decimal("9.99e11"):
        assert len(formats.brief(value, language, has_sign=has_sign)) <= 9


def test_amounts_that_are_not_known_are_dashes() -> None:
    for shown in (formats.signed(None, 2, "en"), formats.share(None, "en"), formats.brief(None, "en")):
        assert shown == formats.UNKNOWN
