"""What the gate says of an intent.

Codes of checks, with what `value` and `limit` are:

| code | unit | meaning |
|---|---|---|
| `malformed` | | the intent cannot be: `detail` says why |
| `latch` | | a latch stops entries; `detail` is its id |
| `expired` | | it came too late |
| `stale` | s | an input is too old, or (without a value) missing: `detail` names it |
| `leverage` | x | leverage of the position at the venue |
| `unbounded` | | a market order that says no worst price |
| `price_band` | fraction | the order's price lies too far from the market's |
| `crosses` | usd | a post-only limit (value) beyond the best price of the other side (limit) |
| `no_capital` | usd | the engine's account is empty |
| `drawdown` | fraction | the engine's loss since its high-water mark: warns, halves, halts |
| `daily_loss` | fraction | the engine's loss since 00:00 UTC |
| `portfolio_drawdown` | fraction | the whole desk's loss since its high-water mark: no more leverage |
| `positions` | count | positions at the same time; correlated ones of one direction count as one |
| `correlation` | fraction | goes with a position that is there already: half the size |
| `too_small` | usd | the order is below the smallest that the market takes |
| `per_order` | usd | size of one order |
| `per_day` | usd | the engine's entries since 00:00 UTC |
| `per_asset` | fraction | net exposure to one asset, of its portfolio |
| `per_engine` | x | exposure of the engine over its capital |
| `total_delta` | fraction | net exposure to one asset over all engines, of everything |
| `margin` | fraction | used margin, of the portfolio that stands for it |
| `cash_buffer` | usd | cash that a purchase takes (value) of what is above the buffer (limit) |
| `liquidation` | fraction | distance to liquidation (value) that must be kept (limit) |
| `too_much` | usd | money that the order takes (value) of what is free (limit) |
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Ruling(StrEnum):
    """Go, go smaller, or do not go."""

    ALLOW = "allow"
    SHRINK = "shrink"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One limit with the number that was held against it: `value` and `limit` are in `unit` (`usd`,
    `fraction`, `s`, `count`, `x`), `None` where there is no number. `code` names the limit and picks the
    wording. One that `is_kept` only warns."""

    code: str
    is_kept: bool
    value: Decimal | None = None
    limit: Decimal | None = None
    unit: str = "usd"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`quantity` is what may go (zero when denied). `decisive` is what denied it, or cut it most; `None` when
    it may go as it is. `checks` are all that denied, cut or warned, in the order made."""

    ruling: Ruling
    quantity: Decimal
    decisive: Check | None = None
    checks: tuple[Check, ...] = field(default=())

    @property
    def reason(self) -> str:
        """Machine-readable: the code of what decided; empty when nothing did."""
        return "" if self.decisive is None else self.decisive.code

    @property
    def warnings(self) -> tuple[Check, ...]:
        """Checks that were kept but are close to their end."""
        return tuple(check for check in self.checks if check.is_kept)
