"""How a report writes numbers, times and sentences. English."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from engines.metrics.bootstrap import LEVEL, Interval
from engines.metrics.days import DAY_MS, DAYS_A_YEAR
from engines.simulate.assessment import Assessment, Standing
from engines.simulate.run import Blocked

_MINUS: Final = "\N{MINUS SIGN}"
_NONE: Final = "–"
_THIN: Final = "\N{NARROW NO-BREAK SPACE}"


def number(value: float | None, digits: int = 2) -> str:
    """`1 234.50`."""
    if value is None:
        return _NONE
    text = f"{value:,.{digits}f}".replace(",", _THIN)
    is_zero = not any(digit in text for digit in "123456789")
    return text.removeprefix("-") if is_zero else text.replace("-", _MINUS)


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction as `12.3 %`."""
    return _NONE if value is None else f"{number(value * 100, digits)}{_THIN}%"


def change(value: float | None, digits: int = 1) -> str:
    """The same with its sign."""
    text = percent(value, digits)
    return f"+{text}" if value is not None and value > 0 and text[0] != "+" else text


def between(interval: Interval | None) -> str:
    """The ends of an interval of fractions."""
    if interval is None:
        return _NONE
    return f"{change(interval.low)} … {change(interval.high)}"


def date(at: datetime) -> str:
    """`2025-01-31`."""
    return f"{at:%Y-%m-%d}"


def span(years: float) -> str:
    """`2.0 years`, or days for what is shorter than one."""
    days = years * DAYS_A_YEAR
    return f"{number(years, 1)} years" if days >= DAYS_A_YEAR else f"{number(days, 0)} days"


def lasting(length_ms: float) -> str:
    """`31 days`, or hours for what is shorter than two."""
    days = length_ms / DAY_MS
    return f"{number(days, 0)} days" if days >= 2 else f"{number(days * 24, 0)} hours"


def level() -> str:
    """Of the intervals: `95 %`."""
    return percent(LEVEL, 0)


def verdict(said: Assessment) -> str:
    """The first sentence of a report: whether it earned, beside holding, and how sure that is."""
    metrics = said.metrics
    if not metrics.rounds.closed and not metrics.rounds.still_open:
        return f"**It did not trade** in {span(metrics.years)}{_beside(said)}."
    begins = _BEGINS[said.profit, metrics.roi > 0]
    sure = f" ({level()} interval {between(said.intervals.roi)})" if said.intervals.roi else ""
    return f"**{begins}:** {change(metrics.roi)} in {span(metrics.years)}{sure}{_beside(said)}."


_BEGINS: Final[Mapping[tuple[Standing, bool], str]] = {
    (Standing.ABOVE, True): "It earned more than luck alone would likely have made",
    (Standing.ABOVE, False): "It lost, though most draws of its days earn",
    (Standing.BELOW, True): "It earned, though most draws of its days lose",
    (Standing.BELOW, False): "It lost more than bad luck alone would likely have cost",
    (Standing.UNCLEAR, True): "It ended with a gain that luck alone could have made",
    (Standing.UNCLEAR, False): "It ended with a loss that bad luck alone could have made",
    (Standing.UNKNOWN, True): "It ended with a gain, over too short a time to say more",
    (Standing.UNKNOWN, False): "It ended without a gain, over too short a time to say more",
}


def _beside(said: Assessment) -> str:
    holding = said.holding
    if holding is None:
        return ""
    return f"; holding {holding.name} came to {change(holding.roi)}{_lead(said)}"


def _lead(said: Assessment) -> str:
    """How much more a year than holding, as far as that is known."""
    words = {
        Standing.ABOVE: "it beat holding by more than luck would likely make",
        Standing.BELOW: "it lagged holding by more than luck would likely make",
        Standing.UNCLEAR: "luck alone could explain the difference to holding",
    }.get(said.lead)
    return f", and {words} ({between(said.intervals.excess)} a year against it)" if words else ""


def halted(blocked: Sequence[Blocked]) -> Iterator[str]:
    """Whether the drawdown limit ended the run before its time."""
    denied = [one for one in blocked if one.gate == "latch" and one.reason.startswith("drawdown")]
    if denied:
        first = date(denied[0].at)
        yield (
            f"The drawdown limit halted the account: from {first} on no entry was let through "
            f"({len(denied)} were asked for), as on the desk, where an admin has to clear it."
        )
