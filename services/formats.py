"""Numbers and spans as people read them, per language. Pure."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
UNKNOWN: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Separators of one language."""

    thousands: str
    decimal: str
    thousand: str
    million: str
    billion: str


_NUMBERS = {
    "en": Numbers(",", ".", "K", "M", "B"),
    "ru": Numbers(NBSP, ",", f"{NBSP}тыс", f"{NBSP}млн", f"{NBSP}млрд"),
}


def numbers(language: str) -> Numbers:
    """Separators of a language; English for one we do not speak."""
    return _NUMBERS.get(language, _NUMBERS["en"])


def decimal(value: Decimal, digits: int, language: str) -> str:
    """`value` with that many digits after the separator, thousands separated, a real minus sign."""
    signs = numbers(language)
    rounded = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    text = f"{rounded if rounded else abs(rounded):,f}"  # never a minus before a zero
    text = text.replace(",", "\0").replace(".", signs.decimal).replace("\0", signs.thousands)
    return text.replace("-", MINUS)


def digits_of(tick: Decimal) -> int:
    """Digits after the point that a price of this tick shows: 0.010 has two."""
    exponent = tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def price(value: Decimal | None, tick: Decimal, language: str) -> str:
    """A price with the digits of its tick."""
    return UNKNOWN if value is None else decimal(value, digits_of(tick), language)


def percent(fraction: Decimal | None, language: str, *, digits: int = 1) -> str:
    """A change with its arrow and sign: `▲ +1.2 %`. Never colour alone."""
    if fraction is None:
        return UNKNOWN
    value = (fraction * 100).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    arrow = "▲" if value > 0 else "▼" if value < 0 else "•"
    sign = "+" if value > 0 else ""
    return f"{arrow}{NBSP}{sign}{decimal(value, digits, language)}{NBSP}%"


def compact(value: Decimal | None, language: str) -> str:
    """A big amount in three or four signs: `1.24B`, `845M`, `12.3K`."""
    if value is None:
        return UNKNOWN
    signs = numbers(language)
    for scale, name in ((9, signs.billion), (6, signs.million), (3, signs.thousand)):
        scaled = value.scaleb(-scale)
        if abs(scaled) >= 1:
            digits = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
            return decimal(scaled, digits, language) + name
    return decimal(value, 0, language)
