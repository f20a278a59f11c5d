"""One market as its venue shows it at a moment: price, candles, the last 24 hours, order book, trades."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import empty, overlay, resample
from sandbox.market.candle import Candle, joined, one_row
from sandbox.market.depth import Depth, depth_around
from sandbox.market.ladder import MINUTE_MS, Ladder
from sandbox.market.shocks import Shocks
from sandbox.market.source import DAY_MS, FundingRates, Listing, Premium

_HOUR_MS = Timeframe.H1.ms
_MIN_NOTIONAL = Decimal(5)

STEPS = {
    minutes * MINUTE_MS: level
    for minutes, level in (
        (1, Timeframe.M1),
        (3, Timeframe.M1),
        (5, Timeframe.M5),
        (15, Timeframe.M15),
        (30, Timeframe.M15),
        (60, Timeframe.H1),
        (120, Timeframe.H1),
        (240, Timeframe.H4),
        (360, Timeframe.H1),
        (720, Timeframe.H4),
        (1440, Timeframe.D1),
    )
}
"""Candle lengths that a book serves (ms), and the level each is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The last 24 hours of a market. Turnover is in the quote currency, estimated from typical prices."""

    last: float
    open: float
    hour_ago: float
    high: float
    low: float
    volume: float
    turnover: float

    @property
    def change(self) -> float:
        """Change of the price as a fraction."""
        return self.last / self.open - 1 if self.open else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade that was reported to the public."""

    at_ms: int
    price: float
    size: float
    is_buy: bool


class Book:
    """A listing's answers. Every question carries `now_ms`, and no answer knows anything later."""

    def __init__(
        self, listing: Listing, ladder: Ladder, shocks: Shocks, *, venue_premium: Premium | None = None
    ) -> None:
        self.listing = listing
        self.symbol = listing.symbol
        self._ladder = ladder
        self._shocks = shocks
        self._premiums = [one for one in (listing.premium, venue_premium) if one is not None]
        self._premium_by_day: dict[int, tuple[float, ...]] = {}
        self._window: tuple[int, int, Candle | None] | None = None

    @cached_property
    def price_decimals(self) -> int:
        """Decimals of the tick."""
        return self._ladder.source.price_decimals

    @cached_property
    def volume_decimals(self) -> int:
        """Decimals of the lot."""
        return self._ladder.source.volume_decimals

    @cached_property
    def price_format(self) -> str:
        """The `%` format of a price: thousands are printed for one answer."""
        return f"%.{self.price_decimals}f"

    @cached_property
    def volume_format(self) -> str:
        """The `%` format of an amount of base coin."""
        return f"%.{self.volume_decimals}f"

    @cached_property
    def instrument(self) -> Instrument:
        """The market's grid."""
        return Instrument(
            symbol=self.symbol,
            base=self.listing.base,
            quote="USDT",
            kind=self.listing.kind,
            tick=Decimal(1).scaleb(-self.price_decimals),
            lot=Decimal(1).scaleb(-self.volume_decimals),
            min_notional=_MIN_NOTIONAL if self.listing.kind is MarketKind.PERP else Decimal(1),
        )

    @property
    def first_ms(self) -> int:
        """Open time of the first candle."""
        return self._ladder.source.first_ms

    def is_listed(self, now_ms: int) -> bool:
        """Whether the market trades at `now_ms`: it has begun and not yet ended."""
        end_ms = self._ladder.source.end_ms
        return self.first_ms <= now_ms and (end_ms is None or now_ms <= end_ms)

    def price_text(self, price: float) -> str:
        """A price as the venue prints it."""
        return self.price_format % price

    def volume_text(self, volume: float) -> str:
        """An amount of base coin as the venue prints it."""
        return self.volume_format % volume

    def last(self, now_ms: int) -> float:
        """The last traded price."""
        return self._round(self._ladder.price(now_ms) * self._factor(now_ms))

    def grain(self, now_ms: int) -> Timeframe | None:
        """The finest timeframe that is known without a bridge."""
        return self._ladder.finest(now_ms)

    def candles(self, step_ms: int, start_ms: int, stop_ms: int, now_ms: int) -> Candles:
        """Candles of `step_ms` (one of `STEPS`) that open in `[start_ms, stop_ms)` and not after `now_ms`.

        The last one may still be forming.
        """
        start_ms = max(-(-start_ms // step_ms) * step_ms, self.first_ms // step_ms * step_ms)
        forming_ms = now_ms // step_ms * step_ms
        stop_ms = min(-(-stop_ms // step_ms) * step_ms, forming_ms + step_ms)
        if start_ms >= stop_ms:  # a source that is asked about the future would begin to make it
            return empty()
        closed = self._closed(step_ms, start_ms, min(stop_ms, forming_ms))
        if not start_ms <= forming_ms < stop_ms:
            return closed
        forming = self._until(forming_ms, now_ms)
        return closed if forming is None else overlay(closed, one_row(forming, forming_ms))

    def day(self, now_ms: int) -> Day:
        """The 24 hours before `now_ms`."""
        last = self.last(now_ms)
        before = max(now_ms - DAY_MS, self.first_ms)
        known = self._day_window(now_ms)
        candle = known if known is not None else Candle.at(now_ms, last)
        opened = self.last(before)
        typical = (opened + candle.high + candle.low + last) / 4
        return Day(
            last=last,
            open=opened,
            hour_ago=self.last(max(now_ms - _HOUR_MS, self.first_ms)),
            high=max(candle.high, last),
            low=min(candle.low, last),
            volume=candle.volume,
            turnover=candle.volume * typical,
        )

    def depth(self, levels: int, now_ms: int) -> Depth:
        """The order book around the last price."""
        return depth_around(
            self.last(now_ms),
            at_ms=now_ms,
            levels=levels,
            price_decimals=self.price_decimals,
            volume_decimals=self.volume_decimals,
            day_volume=self.day(now_ms).volume,
        )

    def trades(self, start_ms: int, stop_ms: int) -> list[Trade]:
        """Public trades in `[start_ms, stop_ms)`, oldest first: about one a second."""
        lot = 10.0**-self.volume_decimals
        dealt, before = [], 0.0
        for at_ms, price, size in self._ladder.trades(start_ms, stop_ms):
            shown = self._round(price * self._factor(at_ms))
            dealt.append(
                Trade(
                    at_ms=at_ms, price=shown, size=max(round(size / lot) * lot, lot), is_buy=shown >= before
                )
            )
            before = shown
        return dealt

    def funding(self, start_ms: int, stop_ms: int) -> FundingRates | None:
        """Recorded funding in `[start_ms, stop_ms)`; `None` when none was recorded for this market."""
        rates = self.listing.funding
        if rates is None:
            return None
        first, last = np.searchsorted(rates.time_ms, (start_ms, stop_ms))
        return FundingRates(time_ms=rates.time_ms[first:last], rate=rates.rate[first:last])

    def _factor(self, at_ms: int) -> float:
        factor = self._shocks.level(at_ms)
        for premium in self._premiums_of(at_ms // DAY_MS) if self._premiums else ():
            factor *= premium
        return factor

    def _premiums_of(self, day: int) -> tuple[float, ...]:
        """The premiums of a day; within it they do not change."""
        if day not in self._premium_by_day:
            moment = np.array([day * DAY_MS])
            self._premium_by_day[day] = tuple(float(premium(moment)[0]) for premium in self._premiums)
        return self._premium_by_day[day]

    def _factors(self, times_ms: IntArray) -> FloatArray | None:
        """What each of some candles is multiplied by; `None` when by nothing."""
        if not self._premiums and not len(self._shocks):
            return None
        factors = self._shocks.levels(times_ms)
        for premium in self._premiums:
            factors = factors * premium(times_ms)
        return factors

    def _round(self, price: float) -> float:
        return round(price, self.price_decimals)

    def _closed(self, step_ms: int, start_ms: int, stop_ms: int) -> Candles:
        level = STEPS[step_ms]
        rows = self._scaled(self._ladder.bars(level, start_ms, stop_ms))
        rows = rows if level.ms == step_ms else resample(rows, step_ms)
        for at_ms in self._shocks.within(start_ms, stop_ms):
            opened = at_ms // step_ms * step_ms
            both = self._span(opened, opened + step_ms)
            if both is not None:
                rows = overlay(one_row(both, opened), rows)
        return rows

    def _scaled(self, rows: Candles) -> Candles:
        factors = self._factors(rows.time_ms)
        if factors is None:
            return rows

        def on_grid(prices: FloatArray) -> FloatArray:
            return np.round(prices * factors, self.price_decimals)

        return Candles(
            time_ms=rows.time_ms,
            open=on_grid(rows.open),
            high=on_grid(rows.high),
            low=on_grid(rows.low),
            close=on_grid(rows.close),
            volume=rows.volume,
        )

    def _until(self, start_ms: int, now_ms: int) -> Candle | None:
        """The part of a candle opened at `start_ms` that has formed, with the price of this moment."""
        return joined(self._span(start_ms, now_ms), self._shown(self._ladder.moment(now_ms), now_ms))

    def _span(self, start_ms: int, stop_ms: int) -> Candle | None:
        """All that was traded in `[start_ms, stop_ms)` as one candle."""
        cuts = sorted({start_ms, stop_ms, *self._cuts(start_ms, stop_ms)})
        whole: Candle | None = None
        for first, last in pairwise(cuts):
            whole = joined(whole, self._shown(self._ladder.stretch(first, last), first))
        return whole

    def _cuts(self, start_ms: int, stop_ms: int) -> list[int]:
        """Moments inside a span at which the factor changes."""
        cuts = self._shocks.within(start_ms, stop_ms)
        if self._premiums:
            cuts.extend(range(-(-start_ms // DAY_MS) * DAY_MS, stop_ms, DAY_MS))
        return cuts

    def _shown(self, candle: Candle | None, at_ms: int) -> Candle | None:
        """A candle of the ladder at this market's prices."""
        return None if candle is None else candle.times(self._factor(at_ms), self.price_decimals)

    def _day_window(self, now_ms: int) -> Candle | None:
        """High, low and volume of the last 24 hours. All but the current minute is remembered."""
        minute_ms = now_ms - now_ms % MINUTE_MS
        if self._window is None or self._window[:2] != (minute_ms, len(self._shocks)):
            start_ms = max(minute_ms - DAY_MS, self.first_ms)
            self._window = (minute_ms, len(self._shocks), self._span(start_ms, minute_ms))
        return joined(self._window[2], self._until(minute_ms, now_ms))
