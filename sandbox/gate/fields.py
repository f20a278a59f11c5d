"""Reading the JSON of a private request."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.gate.wire import BAD_VALUE, Declined

Body = Mapping[str, Any]

_MOST_DIGITS = 18  # before or behind the point
_TEXT = re.compile(r"t-[0-9A-Za-z_.-]{1,28}")


def text_of(body: Body, otherwise: str) -> str:
    """The client's own name of an order; `otherwise` when it gave none."""
    text = body.get("text")
    if text in (None, ""):
        return otherwise
    if not isinstance(text, str) or not _TEXT.fullmatch(text):
        raise Declined(BAD_VALUE, "invalid argument: text must be t- and at most 28 of [0-9A-Za-z_.-]")
    return text


def word(body: Body, name: str, allowed: Mapping[Any, Any], default: str | None = None) -> Any:
    """What one of some words stands for."""
    said = body.get(name, default)
    if said is None:
        raise Declined("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
    if not isinstance(said, str | int) or said not in allowed:
        raise Declined(BAD_VALUE, f"invalid argument: {name}")
    return allowed[said]


def decimal_of(body: Body, name: str) -> Decimal | None:
    """A number, as text or as JSON number; `None` when it is not given."""
    said = body.get(name)
    if said is None or said == "":
        return None
    try:
        number = Decimal(str(said))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or isinstance(said, bool) or abs(number.adjusted()) > _MOST_DIGITS:
        raise Declined(BAD_VALUE, f"invalid argument: {name}")
    return number


def needed_decimal(body: Body, name: str) -> Decimal:
    """A number that must be there."""
    number = decimal_of(body, name)
    if number is None:
        raise Declined("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
    return number


def seconds_of(body: Body, name: str) -> int | None:
    """A positive whole number of seconds; `None` when it is not given."""
    number = decimal_of(body, name)
    if number is None:
        return None
    if number <= 0 or number != number.to_integral_value():
        raise Declined(BAD_VALUE, f"invalid argument: {name}")
    return int(number)


def part(body: Body, name: str) -> Body:
    """An object inside the body."""
    inner = body.get(name)
    if not isinstance(inner, dict):
        raise Declined("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
    return inner


def flag(body: Body, name: str) -> bool:
    """True or false, also as text; false when it is not given."""
    said = body.get(name, False)
    if said in (True, "true", "True"):
        return True
    if said in (False, "false", "False", None):
        return False
    raise Declined(BAD_VALUE, f"invalid argument: {name}")
