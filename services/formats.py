"""Numbers and spans as people read them, per language. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
UNKNOWN: Final = "\N{EN DASH}"

_NEARLY_ONE = Decimal("0.9995")
_NEARLY_TEN = Decimal("9.995")
_NEARLY_HUNDRED = Decimal("99.95")
_WHOLE_FROM = Decimal(1000)
_COMPACT_FROM = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Separators of one language."""

    thousands: str
    decimal: str
    thousand: str
    million: str
    billion: str
    trillion: str


_NUMBERS = {
    "en": Numbers(",", ".", "K", "M", "B", "T"),
    "ru": Numbers(NBSP, ",", f"{NBSP}тыс", f"{NBSP}млн", f"{NBSP}млрд", f"{NBSP}трлн"),
}


def numbers(language: str) -> Numbers:
    """Separators of a language; English for one we do not speak."""
    return _NUMBERS.get(language, _NUMBERS["en"])


def decimal(value: Decimal, digits: int, language: str) -> str:
    """`value` with that many digits after the separator, thousands separated, a real minus sign."""
    if not value.is_finite():
        return UNKNOWN
    signs = numbers(language)
    rounded = _rounded(value, digits)
    text = f"{rounded if rounded else abs(rounded):,f}"  # never a minus before a zero
    text = text.replace(",", "\0").replace(".", signs.decimal).replace("\0", signs.thousands)
    return text.replace("-", MINUS)


def _rounded(value: Decimal, digits: int) -> Decimal:
    """`value` to that many digits; its own precision, because the usual one refuses huge numbers."""
    context = Context(prec=max(28, value.adjusted() + digits + 2))
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=context)


def digits_of(tick: Decimal) -> int:
    """Digits after the point that a price of this tick shows: 0.010 has two."""
    exponent = tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def price(value: Decimal | None, tick: Decimal, language: str) -> str:
    """A price with the digits of its tick."""
    return UNKNOWN if value is None else decimal(value, digits_of(tick), language)


def number(value: Decimal, language: str) -> str:
    """A number with the digits that it has: `87,210.5`."""
    return decimal(value, digits_of(value), language) if value.is_finite() else UNKNOWN


def signed(value: Decimal | None, digits: int, language: str) -> str:
    """A number with its sign, none before a zero: `+18.42`."""
    if value is None or not value.is_finite():
        return UNKNOWN
    return f"{'+' if _rounded(value, digits) > 0 else ''}{decimal(value, digits, language)}"


def share(fraction: Decimal | None, language: str, *, digits: int = 1, has_sign: bool = False) -> str:
    """A fraction in percent, without an arrow: `0.9 %`, or with its sign `+0.9 %`."""
    if fraction is None or not fraction.is_finite():
        return UNKNOWN
    value = fraction.scaleb(2)
    return f"{signed(value, digits, language) if has_sign else decimal(value, digits, language)}{NBSP}%"


def brief(value: Decimal | None, language: str, *, has_sign: bool = False) -> str:
    """An amount in at most nine signs, for tables: `+18.42`, `−123,456`, `1.24M`, `−1,24млрд`."""
    if value is None or not value.is_finite():
        return UNKNOWN
    sign = "+" if has_sign and value > 0 else ""
    if abs(value) >= _COMPACT_FROM:
        return sign + compact(value, language).replace(NBSP, "")
    digits = 2 if abs(value) < _WHOLE_FROM else 0
    return signed(value, digits, language) if has_sign else decimal(value, digits, language)


def percent(fraction: Decimal | None, language: str, *, digits: int = 1) -> str:
    """A change with its arrow and sign: `▲ +1.2 %`. Never colour alone."""
    if fraction is None or not fraction.is_finite():
        return UNKNOWN
    value = _rounded(fraction.scaleb(2), digits)
    arrow = "▲" if value > 0 else "▼" if value < 0 else "•"
    sign = "+" if value > 0 else ""
    return f"{arrow}{NBSP}{sign}{decimal(value, digits, language)}{NBSP}%"


def compact(value: Decimal | None, language: str) -> str:
    """A big amount in three or four signs: `1.24B`, `845M`, `12.3K`."""
    if value is None or not value.is_finite():
        return UNKNOWN
    signs = numbers(language)
    for scale, name in ((12, signs.trillion), (9, signs.billion), (6, signs.million), (3, signs.thousand)):
        scaled = value.scaleb(-scale)
        if abs(scaled) >= _NEARLY_ONE:  # 999 999 is a million in three signs, not a thousand thousands
            digits = 2 if abs(scaled) < _NEARLY_TEN else 1 if abs(scaled) < _NEARLY_HUNDRED else 0
            return decimal(scaled, digits, language) + name
    return decimal(value, 0, language)
