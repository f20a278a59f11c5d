"""Circuit breakers: what trips them, and how long it has to be calm again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from engines.risk.mark import Mark

MINUTE: Final = timedelta(minutes=1)
WILD: Final = Decimal("0.07")
"""Range of a one-minute candle, as a fraction of its open, that stops trading."""
CALM_CANDLE: Final = timedelta(minutes=30)
"""Market time without a wild candle after which trading goes on."""
CALM_FEED: Final = timedelta(seconds=60)
"""Wire time that a feed has to be fresh again."""


@dataclass(slots=True)
class Breaker:
    """Trips at the first trouble, and holds until there was none for `calm`."""

    calm: timedelta
    troubled_at: datetime | None = None

    def look(self, now: datetime, *, is_troubled: bool) -> bool:
        """Whether it holds now. Of a clock set back, what is left begins anew."""
        if is_troubled or (self.troubled_at is not None and now < self.troubled_at):
            self.troubled_at = now
        elif self.troubled_at is not None and now - self.troubled_at >= self.calm:
            self.troubled_at = None
        return self.troubled_at is not None


@dataclass(slots=True)
class MinuteCandle:
    """The one-minute candle of an asset, built from prices. A new one opens where the one before closed, as
    the venues' do, unless nothing was heard for a minute."""

    open: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    low: Decimal = Decimal(0)
    close: Decimal = Decimal(0)
    at: datetime | None = None

    def push(self, price: Decimal, at: datetime) -> Decimal:
        """The range of the candle with this price in it, as a fraction of its open. A price that is older
        than the last one does not count."""
        if self.at is None or at - self.at > MINUTE:
            self._begin(price)
        elif at >= self.at and _minute(at) != _minute(self.at):
            self._begin(self.close)
        if self.at is None or at >= self.at:
            self.high, self.low = max(self.high, price), min(self.low, price)
            self.close, self.at = price, at
        return (self.high - self.low) / self.open

    def _begin(self, price: Decimal) -> None:
        self.open = self.high = self.low = price


def drawdown(mark: Mark, equity: Decimal) -> Decimal:
    """The loss since the high-water mark as a fraction of it; never negative, and none of a mark at zero."""
    return _loss(mark.high_water, equity)


def daily_loss(mark: Mark, equity: Decimal) -> Decimal:
    """The loss since 00:00 UTC as a fraction; never negative."""
    return _loss(mark.day_start, equity)


def next_midnight(now: datetime) -> datetime:
    """When the next day of that clock begins."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _loss(mark: Decimal, equity: Decimal) -> Decimal:
    if mark <= 0:
        return Decimal(0)
    return max(mark - equity, Decimal(0)) / mark


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
