"""How the desk speaks: words from gettext, screens from templates, numbers and times per person."""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime, get_month_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ports.report_language import ReportLanguage
from services import formats
from services.backtesting.report_language import report_language

_OTHER_WAY = str.maketrans("+-", "-+")

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский"}


@dataclass(frozen=True, slots=True)
class Speech:
    """One language in one time zone. Calling it translates: `say("Refresh")`."""

    language: str
    zone: str
    translations: gettext.NullTranslations
    environment: Environment

    def __call__(self, message: str, /, **params: object) -> str:
        """`message` in this language, `{name}` filled from `params`. Plain text: not escaped."""
        text = self.translations.gettext(message)
        return text.format(**params) if params else text

    def render(self, template: str, /, **values: object) -> str:
        """A template as Telegram HTML, all values escaped; a value it lacks is an error."""
        return self.environment.get_template(template).render(say=self, **values).strip()

    def price(self, value: Decimal | None, tick: Decimal) -> str:
        """A price with the digits of its tick."""
        return formats.price(value, tick, self.language)

    def percent(self, fraction: Decimal | None, digits: int = 1) -> str:
        """A signed change with its arrow."""
        return formats.percent(fraction, self.language, digits=digits)

    def compact(self, value: Decimal | None) -> str:
        """A big amount in a few signs."""
        return formats.compact(value, self.language)

    def number(self, value: Decimal | int) -> str:
        """A number with the digits that it has."""
        return formats.number(Decimal(value), self.language)

    def figure(self, value: Decimal | None, digits: int = 1) -> str:
        """A number with so many digits."""
        return formats.UNKNOWN if value is None else formats.decimal(value, digits, self.language)

    def money(self, value: Decimal | None) -> str:
        """An amount with two digits."""
        return formats.UNKNOWN if value is None else formats.decimal(value, 2, self.language)

    def gain(self, value: Decimal | None) -> str:
        """A profit or loss with its sign and two digits."""
        return formats.signed(value, 2, self.language)

    def brief(self, value: Decimal | None, *, has_sign: bool = False) -> str:
        """An amount for a narrow column."""
        return formats.brief(value, self.language, has_sign=has_sign)

    def share(self, fraction: Decimal | None, digits: int = 1, *, has_sign: bool = False) -> str:
        """A fraction in percent, without an arrow."""
        return formats.share(fraction, self.language, digits=digits, has_sign=has_sign)

    def r(self, value: Decimal | None) -> str:
        """Multiples of the risk: `+1.1R`."""
        return formats.UNKNOWN if value is None else f"{formats.signed(value, 1, self.language)}R"

    def age(self, seconds: float | None) -> str:
        """How long ago, short: `12 s`, `4 min`, `3 h`, `2 d`."""
        if seconds is None:
            return formats.UNKNOWN
        whole = max(int(seconds), 0)
        for length, unit in ((86_400, "{n} d"), (3600, "{n} h"), (60, "{n} min")):
            if whole >= length:
                return self(unit, n=whole // length)
        return self("{n} s", n=whole)

    def time(self, at: datetime, pattern: str = "d MMM HH:mm") -> str:
        """A moment in the person's zone (CLDR pattern)."""
        return format_datetime(at, pattern, tzinfo=zone_of(self.zone), locale=self.language)

    @property
    def zone_name(self) -> str:
        """The zone as people read it: `UTC+3` for `Etc/GMT-3`, whose sign is the other way round."""
        offset = self.zone.removeprefix("Etc/GMT")
        if offset == self.zone or not offset:
            return self.zone
        return f"UTC{offset.translate(_OTHER_WAY)}"

    def months(self) -> tuple[str, ...]:
        """Short names of the months, January first."""
        names = get_month_names("abbreviated", "stand-alone", locale=self.language)
        return tuple(names[month] for month in range(1, 13))


class Rendering:
    """Makes `Speech` of every language from the templates and the catalogues; both are read once."""

    def __init__(self, templates: Path, locales: Path) -> None:
        self._environments: dict[str, Environment] = {}
        self._catalogues: dict[str, gettext.NullTranslations] = {}
        self._reports: dict[str, ReportLanguage] = {}
        for language in LANGUAGES:
            texts = _read(locales, language)
            catalogue = gettext.NullTranslations() if texts is None else _compiled(texts)
            self._reports[language] = report_language(language, texts)
            environment = Environment(
                loader=FileSystemLoader(templates),
                autoescape=True,
                auto_reload=False,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n"],
            )
            environment.globals["_"] = catalogue.gettext
            getattr(environment, "install_gettext_translations")(catalogue, newstyle=False)  # noqa: B009 - added by the i18n extension
            self._environments[language] = environment
            self._catalogues[language] = catalogue

    def speech(self, language: str, zone: str = "UTC") -> Speech:
        """Speech for a language, English where we do not speak it."""
        known = language if language in self._environments else "en"
        return Speech(known, zone, self._catalogues[known], self._environments[known])

    def report_language(self, language: str) -> ReportLanguage:
        """The same language as a report takes it along, English where we do not speak it."""
        return self._reports.get(language, self._reports["en"])


def language_of(code: str | None, default: str = "en") -> str:
    """The language we speak for a client's code (`"ru-RU"`), else the default."""
    short = (code or "").split("-")[0].lower()
    return short if short in LANGUAGES else default


def zone_of(name: str) -> ZoneInfo:
    """The zone by its IANA name, UTC for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _read(locales: Path, language: str) -> Catalog | None:
    """The catalogue of a language; English needs none."""
    path = locales / language / "LC_MESSAGES" / "perpetuum.po"
    if not path.exists():
        return None
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _compiled(catalogue: Catalog) -> gettext.GNUTranslations:
    """Translations compiled in memory, so that they can never be stale."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
