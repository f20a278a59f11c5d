"""From what somebody said about indicators to a formula, with a refusal that names the mend. Pure."""

import re
from collections.abc import Sequence

from engines.alerts.formula import Formula, Series
from engines.alerts.formula_clause import Problem
from engines.alerts.formula_sentence import MOST_COMPARISONS, FormulaSentence
from engines.core.instrument import Instrument
from engines.indicators.catalog import find, near
from engines.indicators.kind import Source
from ports.errors import Refused

MOST_RARE = 20
"""Alerts of one person on indicators that a worker reckons."""
MOST_LENGTH = 500
"""Bars that an indicator of an alert may look back: a thousand are there to settle it and to judge closes."""
_SHOWN_TEXT = 24
_LIKE_AN_INDICATOR = re.compile(r"[^\W\d_]{2,}_?\d{1,3}")

Form = tuple[str, str]


def formula_of(said: FormulaSentence, unknown: Sequence[str], text: str, instrument: Instrument) -> Formula:
    """The formula of a sentence in which the words `unknown` mean nothing.

    Raises `Refused`: `alert_word`, `alert_timeframe`, `alert_formula_unclear`, `alert_formula_way`,
    `alert_formula_mixed`, `alert_formula_long`, `alert_length`.
    """
    if unknown:
        raise Refused("alert_word", text=unknown[0][:_SHOWN_TEXT], forms=_mended(unknown[0], text))
    match said.problem:
        case Problem.TIMEFRAME:
            raise Refused("alert_timeframe", text=said.text, forms=_with_frames(said.text, text))
        case Problem.MIXED:
            raise Refused("alert_formula_mixed")
        case Problem.LONG:
            raise Refused("alert_formula_long", most=MOST_COMPARISONS)
        case Problem.WAY:
            raise Refused("alert_formula_way", pair=instrument.pair)
    if said.formula is None:
        raise Refused("alert_formula_unclear", forms=examples(instrument))
    if any(_looks_too_far(series) for series in said.formula.series):
        raise Refused("alert_length", most=MOST_LENGTH)
    return said.formula


def refuse_indicators(unknown: Sequence[str], text: str) -> None:
    """Raise `Refused("alert_word")` where a word that means nothing looks like an indicator that we do not
    know: an alert on a price instead would not be what was meant."""
    for word in unknown:
        if _LIKE_AN_INDICATOR.fullmatch(word):
            raise Refused("alert_word", text=word[:_SHOWN_TEXT], forms=_mended(word, text))


def is_rare(formula: Formula) -> bool:
    """Whether some of it is not reckoned here but by a worker."""
    return any(_is_of_the_library(series) for series in formula.series)


def examples(instrument: Instrument) -> Sequence[Form]:
    """Alerts on indicators of that market: (label, what it types)."""
    base, symbol = instrument.base, instrument.symbol
    said = ("rsi < 30 1h", "ema9 crosses ema21 4h", "macd crosses signal 1h")
    return [(f"{base} {what}", f"alert {symbol} {what}") for what in said]


def _is_of_the_library(series: Series) -> bool:
    spec = find(series.spec)
    return spec is not None and spec.source is Source.LIBRARY


def _mended(word: str, text: str) -> Sequence[Form]:
    return _replacing(word, text, near(word))


def _with_frames(word: str, text: str) -> Sequence[Form]:
    return _replacing(word, text, ("15m", "1h", "4h", "1d"))


def _replacing(word: str, text: str, names: Sequence[str]) -> Sequence[Form]:
    """`text` with each of `names` in place of `word`, whose letters may be of another case; nothing where it
    was written in two words."""
    place = text.casefold().find(word)
    before, after = text[:place], text[place + len(word) :]
    return [(name, f"alert {before}{name}{after}") for name in names] if place >= 0 else []


def _looks_too_far(series: Series) -> bool:
    spec = find(series.spec)
    return spec is not None and any(number > MOST_LENGTH for number in spec.numbers)
