"""What a kill found, does and has verified. Plain values, for screens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engines.risk.kill import KillPlan
from engines.risk.latch import KillLevel
from ports.venue_books import VenuePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class KillWish:
    """What was asked for. Personal paper trades are left alone unless `has_paper`; `is_kill` pulls the
    latch, otherwise trading goes on afterwards (`/close all`)."""

    level: KillLevel
    has_paper: bool = False
    is_kill: bool = True
    by: int | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPreview:
    """What would be sent at one account. `orders` rest there now; `None` while the venue does not answer:
    then `known` of ours are, by our own books."""

    account: str
    orders: int | None
    known: int
    perps: int
    spots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPreview:
    """What a level would do. `slippage` is in the quote currency, `None` where a price is missing;
    `slippage_share` the fraction of the NAV, where that is known."""

    wish: KillWish
    plan: KillPlan
    accounts: tuple[AccountPreview, ...]
    slippage: Decimal | None
    slippage_share: Decimal | None
    protective: int = 0
    """Stops and targets among the orders, which are canceled as well."""

    @property
    def sold(self) -> Mapping[str, Decimal]:
        """Coins that are sold, by asset."""
        sold: dict[str, Decimal] = {}
        for one in self.plan.spots:
            base = one.leg.instrument.base
            sold[base] = sold.get(base, Decimal(0)) + one.quantity
        return sold


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """How one account stands. `orders` and `perps` are what the venue still shows, `None`: not known yet;
    `closings` what of ours is still to be closed. `foreign` are positions that our books do not have: they
    stay. `problem` names why the last try failed (a `kind` of `Transient`, or a code)."""

    account: str
    tries: int = 0
    orders: int | None = None
    perps: int | None = None
    closings: int = 0
    protective: int = 0
    foreign: tuple[VenuePosition, ...] = ()
    problem: str | None = None
    verified_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether the venue itself showed that what was asked for is so."""
        return self.verified_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """All accounts. `canceled_at` is when every cancel was sent; `given_up` says why nothing more is done:
    `cleared` (an admin let entries go on), `replaced` (another kill took over), `broken`."""

    wish: KillWish
    accounts: Mapping[str, AccountReport] = field(default_factory=dict)
    canceled_at: datetime | None = None
    given_up: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether every account is verified."""
        return all(one.is_done for one in self.accounts.values())

    @property
    def verified_at(self) -> datetime | None:
        """When the last account was verified."""
        moments = [one.verified_at for one in self.accounts.values() if one.verified_at is not None]
        return max(moments, default=None) if self.is_done else None

    @property
    def foreign(self) -> Sequence[VenuePosition]:
        """Positions that are not ours."""
        return [position for one in self.accounts.values() for position in one.foreign]
