"""The language that a report is written in, as plain values: whoever writes it may live in a process without
catalogues and templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ports.charts import ENGLISH_MONTHS

PLURAL_COUNTS: Final = 200
"""Counts from which the form of every other follows: those above repeat each hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLanguage:
    """Calling it translates, as a speech does: `say("Return")`. English unless said otherwise.

    `words` are texts by their English, those with plurals as one text a form; `forms` says which of them goes
    with 0, 1, … `PLURAL_COUNTS` - 1. `date` is a day in the signs of `strftime`, which pages read as well.
    """

    code: str = "en"
    words: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    forms: Sequence[int] = tuple(0 if count == 1 else 1 for count in range(PLURAL_COUNTS))
    thousands: str = "\N{NARROW NO-BREAK SPACE}"
    decimal: str = "."
    date: str = "%Y-%m-%d"
    months: Sequence[str] = ENGLISH_MONTHS

    def __call__(self, message: str, /, **params: object) -> str:
        """`message` in this language, `{name}` filled from `params`."""
        text = self.words.get(message, message)
        whole = text if isinstance(text, str) else text[0]
        return whole.format(**params) if params else whole

    def plural(self, one: str, more: str, count: int, /, **params: object) -> str:
        """The form that goes with `count` (0 or more), `{name}` filled from `params`."""
        texts = self.words.get(one, (one, more))
        form = self.forms[count if count < PLURAL_COUNTS else count % 100 + PLURAL_COUNTS - 100]
        text = texts if isinstance(texts, str) else texts[form]
        return text.format(**params)


ENGLISH: Final = ReportLanguage()
