"""The money and the costs of a simulated run, as options say."""

from argparse import Namespace
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from engines.core.typo import edit_distance
from engines.risk.limits import Limits
from engines.simulate.costs import Fees
from engines.simulate.terms import OPEN_LIMITS, USUAL_FEES, Terms
from ports.errors import Fatal

_MOST_RATE: Final = Decimal("0.1")
_NAMES: Final = tuple(one.name for one in fields(Fees))


def terms_of(options: Namespace) -> Terms:
    """What `--capital`, `--fees`, `--slippage` and `--limits` say. Raises `Fatal`."""
    terms = Terms(
        opening=_capital(options.capital),
        fees=_fees(options.fees),
        limits=OPEN_LIMITS if options.limits == "open" else Limits(),
    )
    if options.slippage is None:
        return terms
    return replace(terms, slippage=_rate("--slippage", options.slippage))


def number_of(option: str, text: str) -> Decimal:
    """A number above 0. Raises `Fatal` that names the option."""
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise Fatal(f"{option} {text}: a number above 0")
    return number


def _capital(text: str) -> Decimal:
    return number_of("--capital", text)


def _fees(text: str | None) -> Fees:
    fees = USUAL_FEES
    for part in filter(None, (text or "").split(",")):
        name, _, rate = (piece.strip() for piece in part.partition("="))
        if name not in _NAMES:
            near = min(_NAMES, key=lambda one: edit_distance(name, one))
            raise Fatal(f"--fees {part}: did you mean {near}=…? There are {', '.join(_NAMES)}")
        fees = replace(fees, **{name: _rate(f"--fees {name}", rate)})
    return fees


def rate_of(text: str, most: Decimal) -> Decimal | None:
    """A fraction, `0.0002`, or as percent, `0.02%`, at most `most` above or below 0; else `None`."""
    try:
        rate = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and abs(rate) <= most else None


def _rate(option: str, text: str) -> Decimal:
    """Makers may be paid: a rate may be below 0."""
    rate = rate_of(text, _MOST_RATE)
    if rate is None:
        raise Fatal(f"{option} {text}: a fraction such as 0.0002, or 0.02%, of at most 10%")
    if option == "--slippage" and rate < 0:
        raise Fatal(f"{option} {text}: fills are never better than the price; at least 0")
    return rate
