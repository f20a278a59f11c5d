"""What a person wants to hear of, and how an alert goes through its life."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from engines.alerts.formula import Formula
from engines.core.instrument import Instrument


class Way(StrEnum):
    """Which way the price goes."""

    UP = "up"
    DOWN = "down"

    @property
    def opposite(self) -> "Way":
        """The way back."""
        return Way.DOWN if self is Way.UP else Way.UP


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """The price is at or beyond `price`, coming from the other side."""

    way: Way
    price: Decimal


@dataclass(frozen=True, slots=True)
class PercentMove:
    """The price is `share` (0.03: three percent) away from its extreme inside the last `window`: above its
    low, below its high, or either where `way` is `None`."""

    way: Way | None
    share: Decimal
    window: timedelta


@dataclass(frozen=True, slots=True)
class NewExtreme:
    """The price is above the high (below the low) of the last `days` daily candles and of today."""

    way: Way
    days: int


Condition = PriceLevel | PercentMove | NewExtreme | Formula


class AlertState(StrEnum):
    """`WATCHING` fires, `MUTED` waits for its person, `DONE` has fired once or expired, `DELETED` can be
    brought back for a while."""

    WATCHING = "watching"
    MUTED = "muted"
    DONE = "done"
    DELETED = "deleted"

    @property
    def is_live(self) -> bool:
        """Whether it is in its person's list."""
        return self in (AlertState.WATCHING, AlertState.MUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An alert before it has a number.

    `rest` is the pause after it fired; without one it fires once. One that is not `is_armed` waits until the
    price comes back to where it can start from. Prices before `since` do not count. Times are market time.
    """

    owner: int
    instrument: Instrument
    condition: Condition
    rest: timedelta | None
    is_armed: bool
    since: datetime
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def symbol(self) -> str:
        """The market it watches."""
        return self.instrument.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Draft):
    """An alert with its number and what became of it. `count` is how often it has fired."""

    id: int
    state: AlertState = AlertState.WATCHING
    count: int = 0
    fired_at: datetime | None = None
    fired_price: Decimal | None = None

    @property
    def rests_until(self) -> datetime | None:
        """When it may watch again; `None` where it has nothing to rest from."""
        if self.rest is None or self.fired_at is None:
            return None
        until = self.fired_at + self.rest
        return until if self.since < until else None

    def fired(self, price: Decimal, at: datetime) -> "Alert":
        """It after firing: done or at rest. What it waits for has to go back first; an extreme has moved on
        with the price, so that it can be reached again at once."""
        return replace(
            self,
            state=AlertState.DONE if self.rest is None else self.state,
            is_armed=isinstance(self.condition, NewExtreme),
            since=at,
            count=self.count + 1,
            fired_at=at,
            fired_price=price,
        )

    def armed(self, at: datetime) -> "Alert":
        """It once the price is where it can start from."""
        return replace(self, is_armed=True, since=at)

    def disarmed(self, at: datetime) -> "Alert":
        """It once what it waits for came true unheard, while it rests."""
        return replace(self, is_armed=False, since=at)

    def is_expired(self, now: datetime) -> bool:
        """Whether nobody wants to hear of it any more."""
        return self.expires_at is not None and self.expires_at <= now
