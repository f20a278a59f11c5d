"""Reading prices as people type them: `100k`, `100 000`, `1,5к`, `$1.5k`, `100,000`, `2 млн`."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

_SCALES = {
    3: "k к thousand тыс тысяч тысячи тысяча тыщ т",
    6: "mln mio million millions млн миллион миллиона миллионов лям",
    9: "bn billion млрд",
}
SCALES = {name: Decimal(10) ** power for power, names in _SCALES.items() for name in names.split()}
"""What follows a number and makes it bigger."""

_NUMBER = re.compile(r"(?P<digits>[+-]?(?:\d[\d.,]*|[.,]\d+)(?:e[+-]?\d{1,4})?)(?P<scale>[^\W\d_]*)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?P<mark>[.,])\d{3}(?:(?P=mark)\d{3})*")


def parse_number(text: str) -> Sequence[Decimal]:
    """Every number that `text` may be, the likeliest first; none where it is none.

    `100,000` is read with a thousands' comma first and then as a hundred with decimals: a price near by tells
    which was meant.
    """
    shape = _NUMBER.fullmatch(text)
    if shape is None or (shape["scale"] and shape["scale"] not in SCALES):
        return ()
    scale = SCALES.get(shape["scale"], Decimal(1))
    readings = [plain * scale for one in _spellings(shape["digits"]) if (plain := _decimal(one)) is not None]
    return tuple(dict.fromkeys(readings))


def _spellings(digits: str) -> Sequence[str]:
    """`digits` with a point for decimals and no other marks, in each way it may be meant."""
    marks = [one for one in digits if one in ".,"]
    if not marks:
        return (digits,)
    last = marks[-1]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        return (digits.replace(other, "").replace(last, "."),)
    joined, pointed = digits.replace(last, ""), digits.replace(last, ".")
    if _THOUSANDS.fullmatch(digits) is None:
        return (pointed,) if len(marks) == 1 else ()
    if len(marks) > 1:
        return (joined,)
    return (joined, pointed) if last == "," else (pointed, joined)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def nearest(readings: Sequence[Decimal], price: Decimal) -> Decimal:
    """The reading that is the fewest times away from `price`; the first where none is above zero."""
    fitting = [one for one in readings if one > 0]
    return min(fitting, key=lambda one: max(one / price, price / one), default=readings[0])
