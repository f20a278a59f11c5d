"""The language of a person as a report takes it along into another process."""

import gettext
from collections.abc import Mapping, Sequence
from typing import Final

from babel.dates import get_month_names
from babel.messages.catalog import Catalog

from ports.report_language import ENGLISH, PLURAL_COUNTS, ReportLanguage
from services import formats

_DATES: Final[Mapping[str, str]] = {"ru": "%d.%m.%Y"}


def report_language(code: str, catalogue: Catalog | None) -> ReportLanguage:
    """Everything that a catalogue translates, with the numbers and dates of that language; its words stay
    English without a catalogue."""
    signs = formats.numbers(code)
    names = get_month_names("abbreviated", "stand-alone", locale=code)
    return ReportLanguage(
        code=code,
        words={} if catalogue is None else _words(catalogue),
        forms=ENGLISH.forms if catalogue is None else _forms(catalogue),
        thousands=signs.thousands,
        decimal=signs.decimal,
        date=_DATES.get(code, ENGLISH.date),
        months=[names[month] for month in range(1, 13)],
    )


def _words(catalogue: Catalog) -> dict[str, str | Sequence[str]]:
    found: dict[str, str | Sequence[str]] = {}
    for message in catalogue:
        if message.id and message.string and not message.fuzzy:
            name = message.id if isinstance(message.id, str) else message.id[0]
            found[name] = message.string
    return found


def _forms(catalogue: Catalog) -> tuple[int, ...]:
    form_of = gettext.c2py(catalogue.plural_expr)
    return tuple(int(form_of(count)) for count in range(PLURAL_COUNTS))
