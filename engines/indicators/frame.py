"""What is known of one market and timeframe when a bar has closed."""

from dataclasses import dataclass

from engines.core.candle import FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators.columns import PLACE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """The last closed bar, its indicators and those of the bar before it. Values.

    `time_ms` is the open time of the bar (UTC ms). `now` and `before` have one entry a name in
    `engines.indicators.columns.HOT`, NaN while an indicator warms up. `swings` has one row a level at which
    the market turned, the one touched last at the end: price, strength, and +1 when a high touched it last,
    -1 when a low did.
    """

    timeframe: Timeframe
    time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_before: float
    now: FloatArray
    before: FloatArray
    swings: FloatArray

    def value(self, name: str) -> float:
        """An indicator at this bar, NaN while it warms up. Raises `KeyError` for a name that is not hot."""
        return float(self.now[PLACE[name]])

    def earlier(self, name: str) -> float:
        """The same at the bar before."""
        return float(self.before[PLACE[name]])

    @property
    def closed_ms(self) -> int:
        """When the bar closed."""
        return self.time_ms + self.timeframe.ms
