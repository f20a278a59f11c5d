"""What a replay is played on: recorded markets, their candles, fundings, halts and ends. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.strategies.strategy import MarketKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Fundings:
    """Settlements of a perpetual, in order of time: `rate` is a fraction of the notional, longs pay it when
    it is positive. As many rates as times."""

    time_ms: IntArray
    rate: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a person's or another system's signal allows of a market from `at_ms` on: `"BUY"`, `"SELL"` or
    `"NONE"`."""

    at_ms: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMarket:
    """One market. `series` has its candles by timeframe; orders meet those of the finest, and coarser ones
    that are not recorded are added up from it. `marks` are candles of the mark price on any timeframe
    (`None`: the traded prices are it). After `delisted_ms` it is gone: what is held then is closed at the
    last close."""

    instrument: Instrument
    series: Mapping[Timeframe, Candles]
    fundings: Fundings | None = None
    marks: Candles | None = None
    delisted_ms: int | None = None

    @property
    def finest(self) -> Timeframe:
        """The timeframe on which orders are filled."""
        return min(self.series, key=lambda timeframe: timeframe.ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From `start_ms` until before `stop_ms` nothing reaches the venue: nothing new is placed or cancelled,
    while what rests there goes on. `key` is the market (`None`: all)."""

    start_ms: int
    stop_ms: int
    key: MarketKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything that happened. Decisions and the account begin at `start_ms` and end before `stop_ms`; bars
    before the start only warm up. `gates` are by market, in order of time."""

    markets: tuple[RecordedMarket, ...]
    start_ms: int
    stop_ms: int
    outages: tuple[Outage, ...] = ()
    gates: Mapping[MarketKey, tuple[Gate, ...]] = field(default_factory=dict)
