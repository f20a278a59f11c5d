"""Understanding numbers as people type them: `95 000`, `0,5`, `99k`, `1.5тыс`, `$100`."""

import re
from decimal import Decimal

LARGEST = Decimal("1e15")
"""Amounts from here on are slips of the finger."""

_SCALES = dict.fromkeys(("k", "к", "тыс", "тысяч", "тыщ"), 3) | dict.fromkeys(
    ("kk", "кк", "m", "м", "млн"), 6
)
_SHAPE = re.compile(
    r"(?P<sign>[+\-−–]?)\$?(?P<digits>\d[\d.,]*|[.,]\d+)(?P<exponent>e[+-]?\d{1,3})?(?P<unit>[^\W\d_]*[%$₮]?)"
)
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
    digits = _plain(shape["digits"].rstrip(".,"))
    if digits is None:
        return None
    value = Decimal(f"{digits}{shape['exponent'] or ''}")
    unit = shape["unit"]
    scale, rest = _scale(unit)
    value = value.scaleb(scale)
    return (-value if shape["sign"] in _MINUSES else value), rest


def _scale(unit: str) -> tuple[int, str]:
    """Power of ten at the head of a unit, and what follows it: `("kusdt")` is `(3, "usdt")`."""
    if unit in _SCALES:
        return _SCALES[unit], ""
    for name in ("k", "к"):
        if unit.startswith(name) and unit[1:] in ("$", "₮", "u", "usd", "usdt"):
            return _SCALES[name], unit[1:]
    return 0, unit


def _plain(digits: str) -> str | None:
    """`digits` with a point for its decimals and nothing between its thousands."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        last = max(digits.rfind("."), digits.rfind(","))
        whole = re.sub(r"[.,]", "", digits[:last])
        return f"{whole}.{digits[last + 1 :]}" if digits.count(digits[last]) == 1 else None
    if points > 1 or commas > 1:
        groups = re.split(r"[.,]", digits)
        is_grouped = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3
        return "".join(groups) if is_grouped else None
    if re.fullmatch(r"\d{4,},\d{4,}", digits):  # two prices with a comma between
        return None
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", digits):
        return digits.replace(",", "")
    return digits.replace(",", ".")
