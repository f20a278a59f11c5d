"""What proves that an order was not accepted, and what does not."""

import pytest

from adapters.venues.answer import Meaning, VenueAnswer, is_refusal
from adapters.venues.bybit_codes import bybit_meaning
from adapters.venues.gate_codes import gate_meaning


def an_answer(code: str, *, status: int = 200, text: str = "") -> VenueAnswer:
    return VenueAnswer(status=status, code=code, text=text)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("110007", Meaning.INSUFFICIENT_FUNDS),
        ("170131", Meaning.INSUFFICIENT_FUNDS),
        ("110094", Meaning.BELOW_MINIMUM),
        ("170140", Meaning.BELOW_MINIMUM),
        ("170218", Meaning.POST_ONLY_WOULD_TAKE),
        ("110072", Meaning.DUPLICATE_ID),
        ("170141", Meaning.DUPLICATE_ID),
        ("110017", Meaning.REDUCE_ONLY_REJECTED),
        ("110003", Meaning.PRICE_OUT_OF_BAND),
        ("110074", Meaning.HALTED),
        ("33004", Meaning.KEY_REFUSED),
        ("110001", Meaning.GONE),
        ("110043", Meaning.UNCHANGED),
        ("10006", Meaning.BUSY),
        ("10002", Meaning.SKEWED),
    ],
)
def test_bybit(code: str, meaning: Meaning) -> None:
    assert bybit_meaning(an_answer(code)) is meaning


@pytest.mark.parametrize(
    "code", ["10000", "10014", "10016", "170001", "170007", "170032", "170146", "", "42"]
)
def test_what_bybit_says_when_it_may_have_accepted_proves_nothing(code: str) -> None:
    assert bybit_meaning(an_answer(code)) is Meaning.UNCLEAR


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("BALANCE_NOT_ENOUGH", Meaning.INSUFFICIENT_FUNDS),
        ("POC_FILL_IMMEDIATELY", Meaning.POST_ONLY_WOULD_TAKE),
        ("ORDER_POC_IMMEDIATE", Meaning.POST_ONLY_WOULD_TAKE),
        ("REPEATED_CREATION", Meaning.DUPLICATE_ID),
        ("CONTRACT_NOT_FOUND", Meaning.UNKNOWN_SYMBOL),
        ("ORDER_NOT_FOUND", Meaning.GONE),
        ("NO_CHANGE", Meaning.UNCHANGED),
        ("TOO_MANY_REQUESTS", Meaning.BUSY),
        ("REQUEST_EXPIRED", Meaning.SKEWED),
        ("INVALID_KEY", Meaning.KEY_REFUSED),
        ("INVALID_PARAM_VALUE", Meaning.OTHER),
        ("AUTO_INVALID_PARAM_TRIGGER_RULE", Meaning.OTHER),
        ("INTERNAL", Meaning.UNCLEAR),
        ("TOO_BUSY", Meaning.UNCLEAR),
        ("NEVER_HEARD_OF", Meaning.UNCLEAR),
    ],
)
def test_gate(label: str, meaning: Meaning) -> None:
    assert gate_meaning(an_answer(label, status=400)) is meaning


def test_gate_words_a_small_size_as_a_bad_parameter() -> None:
    answer = an_answer("INVALID_PARAM_VALUE", status=400, text="Your order size 1 USDT is too small.")
    assert gate_meaning(answer) is Meaning.BELOW_MINIMUM


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_broken_server_proves_nothing_whatever_it_says(status: int) -> None:
    assert bybit_meaning(an_answer("110007", status=status)) is Meaning.UNCLEAR
    assert gate_meaning(an_answer("BALANCE_NOT_ENOUGH", status=status)) is Meaning.UNCLEAR


def test_the_status_speaks_where_the_body_does_not() -> None:
    assert bybit_meaning(an_answer("", status=429)) is Meaning.BUSY
    assert bybit_meaning(an_answer("", status=403, text="403, access too frequent.")) is Meaning.BUSY
    assert bybit_meaning(an_answer("", status=403, text="<html>Forbidden")) is Meaning.KEY_REFUSED
    assert gate_meaning(an_answer("", status=401)) is Meaning.KEY_REFUSED


def test_only_what_was_understood_and_not_done_is_a_refusal() -> None:
    assert {one for one in Meaning if not is_refusal(one)} == {Meaning.BUSY, Meaning.SKEWED, Meaning.UNCLEAR}
