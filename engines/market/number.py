"""Understanding numbers as people type them: `95 000`, `0,5`, `99k`, `1.5тыс`, `$100`."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

LARGEST = Decimal("1e15")
"""Amounts from here on are slips of the finger."""

_WORDS = {
    3: "k к thousand тыс тысяч тысячи тысяча тыщ т",
    6: "mln mio million millions млн миллион миллиона миллионов лям",
    9: "bn billion млрд",
}
SCALES = {name: power for power, names in _WORDS.items() for name in names.split()}
"""What follows a number and makes it bigger, with its power of ten."""

_AMOUNT_SCALES = SCALES | dict.fromkeys(("kk", "кк", "m", "м"), 6)
_SHAPE = re.compile(
    r"(?P<sign>[+\-−–]?)\$?(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>e[+-]?\d{1,3})?(?P<unit>[^\W\d_]*[%$₮]?)"
)
_BARE = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>e[+-]?\d{1,4})?(?P<scale>[^\W\d_]*)"
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?P<mark>[.,])\d{3}(?:(?P=mark)\d{3})*")
_TWO_PRICES = re.compile(r"\d{4,},\d{4,}")
_MINUSES = ("-", "−", "–")
_APART = re.compile(r"(?<=\d)[\u00a0\u202f\u2009'_](?=\d{3}(?!\d))|(?<=\d) (?=000(?!\d))")


def joined(text: str) -> str:
    """`text` with the thousands of its numbers joined: `95 000` is one number, `99 101` are two."""
    return _APART.sub("", text)


def number(text: str) -> tuple[Decimal, str] | None:
    """The number that the whole of `text` is, and the unit written behind it (`"%"`, `"x"`, `"usdt"`…).

    `None` when it is no number. Thousands and millions are counted in; absurdly large and tiny ones come
    back as they are, for whoever knows the bounds.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    digits = shape["digits"].rstrip(".,")
    spelled = () if _TWO_PRICES.fullmatch(digits) else _spellings(digits)
    value = _decimal(f"{spelled[0]}{shape['exponent'] or ''}") if spelled else None
    if value is None:
        return None
    unit = shape["unit"]
    scale, rest = _scale(unit)
    value = value.scaleb(scale)
    return (-value if shape["sign"] in _MINUSES else value), rest


def _scale(unit: str) -> tuple[int, str]:
    """Power of ten at the head of a unit, and what follows it: `("kusdt")` is `(3, "usdt")`."""
    if unit in _AMOUNT_SCALES:
        return _AMOUNT_SCALES[unit], ""
    for name in ("k", "к"):
        if unit.startswith(name) and unit[1:] in ("$", "₮", "u", "usd", "usdt"):
            return SCALES[name], unit[1:]
    return 0, unit


def parse_number(text: str) -> Sequence[Decimal]:
    """Every number that `text` may be, the likeliest first; none where it is none.

    `100,000` is read with a thousands' comma first and then as a hundred with decimals: a price near by tells
    which was meant. A lone `m` behind a number is not read: it may mean minutes.
    """
    shape = _BARE.fullmatch(text)
    if shape is None or (shape["scale"] and shape["scale"] not in SCALES):
        return ()
    power = SCALES.get(shape["scale"], 0)
    values = [
        _decimal(f"{shape['sign']}{one}{shape['exponent'] or ''}") for one in _spellings(shape["digits"])
    ]
    return tuple(dict.fromkeys(value * 10**power for value in values if value is not None))


def nearest(readings: Sequence[Decimal], price: Decimal) -> Decimal:
    """The reading that is the fewest times away from `price`; the first where none is above zero."""
    fitting = [one for one in readings if one > 0]
    return min(fitting, key=lambda one: max(one / price, price / one), default=readings[0])


def _spellings(digits: str) -> Sequence[str]:
    """`digits` with a point for decimals and no other marks, in each way it may be meant, the likeliest
    first."""
    marks = [one for one in digits if one in ".,"]
    if not marks:
        return (digits,)
    last = marks[-1]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        return (digits.replace(other, "").replace(last, "."),)
    whole, pointed = digits.replace(last, ""), digits.replace(last, ".")
    if _THOUSANDS.fullmatch(digits) is None:
        return (pointed,) if len(marks) == 1 else ()
    if len(marks) > 1:
        return (whole,)
    return (whole, pointed) if last == "," else (pointed, whole)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
