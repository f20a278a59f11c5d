"""High-water marks: what losses are measured from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The most that an account was worth, and its worth when the UTC day began, in the quote currency.

    `contributed` is what came from outside by asset (deposits less withdrawals), as it was when the mark was
    written: money that comes or goes moves the marks by as much, and is neither profit nor loss. `is_halted`:
    a latch was pulled for the loss, and nobody has cleared it yet.
    """

    high_water: Decimal
    day: date
    day_start: Decimal
    contributed: Mapping[str, Decimal] = field(default_factory=dict)
    is_halted: bool = False


def first_mark(equity: Decimal, contributed: Mapping[str, Decimal], now: datetime) -> Mark:
    """Of an account that was never looked at."""
    day = now.astimezone(UTC).date()
    return Mark(high_water=equity, day=day, day_start=equity, contributed=dict(contributed))


def moved(
    mark: Mark,
    equity: Decimal,
    contributed: Mapping[str, Decimal],
    prices: Mapping[str, Decimal],
    now: datetime,
) -> Mark | None:
    """`mark` after an account was found to be worth `equity`. `None` while the price of a coin that came or
    went is missing."""
    came = _came(mark.contributed, contributed, prices)
    if came is None:
        return None
    today = now.astimezone(UTC).date()
    return replace(
        mark,
        high_water=max(mark.high_water + came, equity),
        day=today,
        day_start=mark.day_start + came if today == mark.day else equity,
        contributed=dict(contributed),
    )


def rebased(mark: Mark, equity: Decimal) -> Mark:
    """Losses count from here: somebody has looked at them and lets the account go on."""
    return replace(mark, high_water=equity, is_halted=False)


def _came(
    before: Mapping[str, Decimal], after: Mapping[str, Decimal], prices: Mapping[str, Decimal]
) -> Decimal | None:
    total = Decimal(0)
    for asset in {*before, *after}:
        amount = after.get(asset, Decimal(0)) - before.get(asset, Decimal(0))
        if amount and asset not in prices:
            return None
        total += amount * prices[asset] if amount else Decimal(0)
    return total
