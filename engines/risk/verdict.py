"""What the gate says of an intent."""

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
    """One limit with the number that was held against it. `code` names the limit (`per_order`, `margin`,
    `stale`, …) and picks the wording; `value` and `limit` are in `unit` (`usd`, `fraction`, `s`, `count`,
    `x`), `None` where there is no number."""

    code: str
    is_kept: bool
    value: Decimal | None = None
    limit: Decimal | None = None
    unit: str = "usd"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`quantity` is what may go (zero when denied); `decisive` is the check that cut or denied it, the first
    of them; `checks` are all that were made, in order."""

    ruling: Ruling
    quantity: Decimal
    decisive: Check | None = None
    checks: tuple[Check, ...] = field(default=())

    @property
    def reason(self) -> str:
        """Machine-readable: the code of what decided; empty when nothing did."""
        return "" if self.decisive is None else self.decisive.code
