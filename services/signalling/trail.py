"""How far one market was followed, and what it did since the last look."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, resample
from engines.market.plan import FIVE
from engines.signals.stretch import Stretch, stretch_of


@dataclass(slots=True, kw_only=True, repr=False)
class Trail:
    """A market with live signals. It was looked at until `at_ms`; `last` is the telling of the five-minute
    candle that this look was at, `None` on its border. While the trail `is_behind`, what was missed is to be
    filled with minutes before the next look counts; not before `ask_after` (wire time)."""

    symbol: str
    at_ms: int
    last: Bar | None = None
    is_behind: bool = False
    is_filling: bool = False
    ask_after: datetime | None = None
    bars: list[Bar] = field(default_factory=list)
    """Tellings not looked at yet."""

    def hear(self, bar: Bar) -> None:
        """A telling of the stream; of those that wait for the past only the newest counts."""
        if self.is_behind:
            self.bars.clear()
        self.bars.append(bar)

    def follow(self, bar: Bar) -> Stretch | None:
        """The stretch from the last look to `bar`. `None` for old news, and where something is missing
        between the two: then the trail is behind."""
        if bar.time_ms + bar.timeframe.ms <= self.at_ms:
            return None
        is_same = self.last is not None and self.last.time_ms == bar.time_ms
        if not is_same and bar.time_ms != self.at_ms:
            self.is_behind = True
            return None
        stretch = stretch_of(self.last, bar)
        if stretch.at_ms < self.at_ms:
            return None
        self.at_ms, self.last = stretch.at_ms, None if bar.is_closed else bar
        return stretch

    def catch_up(self, minutes: Candles, until_ms: int) -> Sequence[Stretch]:
        """The stretches of closed minutes, the first of which opens the five minutes of `at_ms`; the look is
        at `until_ms` then."""
        fresh = between(minutes, self.at_ms - Timeframe.M1.ms + 1, until_ms)
        self.at_ms = max(self.at_ms, until_ms)
        begun = between(minutes, FIVE.floor(self.at_ms), until_ms)
        self.last = _forming(self.symbol, begun, self.at_ms) if len(begun) else None
        return [_minute(fresh, row) for row in range(len(fresh))]


def _minute(candles: Candles, row: int) -> Stretch:
    time_ms = int(candles.time_ms[row])
    return Stretch(
        start_ms=time_ms,
        at_ms=time_ms + Timeframe.M1.ms,
        open=float(candles.open[row]),
        high=float(candles.high[row]),
        low=float(candles.low[row]),
        close=float(candles.close[row]),
    )


def _forming(symbol: str, minutes: Candles, at_ms: int) -> Bar:
    """The five-minute candle as it was told at `at_ms`."""
    whole = resample(minutes, FIVE.ms)
    return Bar(
        symbol=symbol,
        kind=MarketKind.SPOT,
        timeframe=FIVE,
        time_ms=int(whole.time_ms[0]),
        open=float(whole.open[0]),
        high=float(whole.high[0]),
        low=float(whole.low[0]),
        close=float(whole.close[0]),
        volume=float(whole.volume[0]),
        is_closed=False,
        at_ms=at_ms,
    )
