"""How a report writes numbers, times and sentences, in the language of its reader."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from engines.metrics.bootstrap import LEVEL, Interval
from engines.metrics.days import DAY_MS, DAYS_A_YEAR
from engines.simulate.assessment import Assessment, Standing
from engines.simulate.run import Run
from ports.report_language import ReportLanguage

_MINUS: Final = "\N{MINUS SIGN}"
_NONE: Final = "–"
_THIN: Final = "\N{NARROW NO-BREAK SPACE}"


def number(say: ReportLanguage, value: float | None, digits: int = 2) -> str:
    """`1 234.50`."""
    if value is None:
        return _NONE
    plain = f"{value:,.{digits}f}"
    text = plain.replace(",", "\0").replace(".", say.decimal).replace("\0", say.thousands)
    is_zero = not any(digit in text for digit in "123456789")
    return text.removeprefix("-") if is_zero else text.replace("-", _MINUS)


def percent(say: ReportLanguage, value: float | None, digits: int = 1) -> str:
    """A fraction as `12.3 %`."""
    return _NONE if value is None else f"{number(say, value * 100, digits)}{_THIN}%"


def change(say: ReportLanguage, value: float | None, digits: int = 1) -> str:
    """The same with its sign."""
    text = percent(say, value, digits)
    return f"+{text}" if value is not None and value > 0 and text[0] != "+" else text


def between(say: ReportLanguage, interval: Interval | None) -> str:
    """The ends of an interval of fractions."""
    if interval is None:
        return _NONE
    return f"{change(say, interval.low)} … {change(say, interval.high)}"


def date(say: ReportLanguage, at: datetime) -> str:
    """`2025-01-31`."""
    return f"{at:{say.date}}"


def minute(say: ReportLanguage, at: datetime) -> str:
    """`2025-01-31 12:00`."""
    return f"{at:{say.date} %H:%M}"


def days(say: ReportLanguage, value: float, digits: int = 0) -> str:
    """`31 days`."""
    if digits:
        return say("{n} days", n=number(say, value, digits))
    return say.plural("{n} day", "{n} days", round(value), n=number(say, value, 0))


def hours(say: ReportLanguage, value: float, digits: int = 0) -> str:
    """`5 hours`."""
    if digits:
        return say("{n} hours", n=number(say, value, digits))
    return say.plural("{n} hour", "{n} hours", round(value), n=number(say, value, 0))


def span(say: ReportLanguage, years: float) -> str:
    """`2.0 years`, or days for what is shorter than one."""
    length = years * DAYS_A_YEAR
    return say("{n} years", n=number(say, years, 1)) if length >= DAYS_A_YEAR else days(say, length)


def lasting(say: ReportLanguage, length_ms: float) -> str:
    """`31 days`, or hours for what is shorter than two."""
    length = length_ms / DAY_MS
    return days(say, length) if length >= 2 else hours(say, length * 24)


def level(say: ReportLanguage) -> str:
    """Of the intervals: `95 %`."""
    return percent(say, LEVEL, 0)


def verdict(say: ReportLanguage, said: Assessment) -> str:
    """The first sentence of a report: whether it earned, beside holding, and how sure that is."""
    metrics, years = said.metrics, span(say, said.metrics.years)
    if not metrics.rounds.closed and not metrics.rounds.still_open:
        return say("**It did not trade** in {years}", years=years) + f"{_beside(say, said)}."
    begins = _begins(say)[said.profit, metrics.roi > 0]
    ends = said.intervals.roi
    sure = say(" ({level} interval {ends})", level=level(say), ends=between(say, ends)) if ends else ""
    earned = say("{change} in {years}", change=change(say, metrics.roi), years=years)
    return f"**{begins}:** {earned}{sure}{_beside(say, said)}."


def _begins(say: ReportLanguage) -> Mapping[tuple[Standing, bool], str]:
    return {
        (Standing.ABOVE, True): say("It earned more than luck alone would likely have made"),
        (Standing.ABOVE, False): say("It lost, though most draws of its days earn"),
        (Standing.BELOW, True): say("It earned, though most draws of its days lose"),
        (Standing.BELOW, False): say("It lost more than bad luck alone would likely have cost"),
        (Standing.UNCLEAR, True): say("It ended with a gain that luck alone could have made"),
        (Standing.UNCLEAR, False): say("It ended with a loss that bad luck alone could have made"),
        (Standing.UNKNOWN, True): say("It ended with a gain, over too short a time to say more"),
        (Standing.UNKNOWN, False): say("It ended without a gain, over too short a time to say more"),
    }


def _beside(say: ReportLanguage, said: Assessment) -> str:
    holding = said.holding
    if holding is None:
        return ""
    came_to = say("; holding {name} came to {change}", name=holding.name, change=change(say, holding.roi))
    return came_to + _lead(say, said)


def _lead(say: ReportLanguage, said: Assessment) -> str:
    """How much more a year than holding, as far as that is known."""
    words = {
        Standing.ABOVE: say("it beat holding by more than luck would likely make"),
        Standing.BELOW: say("it lagged holding by more than luck would likely make"),
        Standing.UNCLEAR: say("luck alone could explain the difference to holding"),
    }.get(said.lead)
    if words is None:
        return ""
    ends = between(say, said.intervals.excess)
    return say(", and {words} ({ends} a year against it)", words=words, ends=ends)


def halted(say: ReportLanguage, run: Run) -> Iterator[str]:
    """Whether the drawdown limit ended the run before its time."""
    if run.halted_at is not None:
        denied = [one for one in run.blocked if one.gate == "latch"]
        yield say(
            "The drawdown limit halted the account: from {date} on no entry was let through ({count} were "
            "asked for), as on the desk, where an admin has to clear it.",
            date=date(say, run.halted_at),
            count=number(say, len(denied), 0),
        )
