"""What an order would do, in figures that fit a narrow table."""

from dataclasses import dataclass
from decimal import Context, Decimal

from ports.tickets import Effect
from services.speech import Speech

_FOUR = Context(prec=4)
_WIDEST = 22
"""Columns that a row of 34 has beside its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectWords:
    """The exposure before and after, and its limit where there is room for it."""

    delta: str
    limit: str


def effect_words(effect: Effect, say: Speech) -> EffectWords:
    """Figures of four digits: a whole position is told by its order."""
    delta = f"{_short(effect.delta_before, say)} → {_short(effect.delta_after, say)}"
    limit = "" if effect.delta_limit is None else f"{say('max')} {_short(effect.delta_limit, say)}"
    return EffectWords(delta=delta, limit=limit if len(delta) + len(limit) < _WIDEST else "")


def _short(value: Decimal, say: Speech) -> str:
    """Four digits that count; `0.0114` of `0.011396`."""
    rounded = _FOUR.create_decimal(value)
    return say.number(rounded.normalize() if rounded else Decimal(0))
