"""What alerts on indicators wait for: comparisons of series at the close of candles. Values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engines.core.timeframe import Timeframe
from engines.indicators.catalog import find


class Op(StrEnum):
    """How two series are compared. A crossing is true at the one close that it happens at."""

    ABOVE = "above"
    BELOW = "below"
    CROSSES_ABOVE = "crosses_above"
    CROSSES_BELOW = "crosses_below"
    CROSSES = "crosses"

    @property
    def is_crossing(self) -> bool:
        """Whether the close before counts too."""
        return self in (Op.CROSSES_ABOVE, Op.CROSSES_BELOW, Op.CROSSES)

    @property
    def turned(self) -> "Op":
        """The same seen from the other side: `a` above `b` is `b` below `a`."""
        return _TURNED.get(self, self)


_TURNED = {
    Op.ABOVE: Op.BELOW,
    Op.BELOW: Op.ABOVE,
    Op.CROSSES_ABOVE: Op.CROSSES_BELOW,
    Op.CROSSES_BELOW: Op.CROSSES_ABOVE,
}


@dataclass(frozen=True, slots=True)
class Series:
    """One series of numbers, times `factor`: the column `output` of the indicator `spec` (its canonical name)
    on candles of that timeframe."""

    spec: str
    output: str
    timeframe: Timeframe
    factor: Decimal = Decimal(1)

    @property
    def stem(self) -> str:
        """The indicator as screens call it: `EMA 200`, `MACD`, `MACD 5/35/5`; `CLOSE` and so on for what
        candles have."""
        known = find(self.spec)
        if known is None:
            return self.spec.upper()
        is_usual = known.numbers == known.about.usual
        numbers = () if is_usual and len(known.numbers) > 1 else known.numbers
        kind = _STEMS.get(known.kind, known.kind.upper().replace("_", " "))
        return " ".join([kind, "/".join(f"{one:g}" for one in numbers)]).strip()

    @property
    def part(self) -> str:
        """Which output of the indicator it is: `signal`, `upper`; empty for the one without a name."""
        known = find(self.spec)
        if known is None or self.output not in known.columns:
            return ""
        return known.about.parts[known.columns.index(self.output)]


_STEMS = {
    "stochrsi": "Stoch RSI",
    "volume_sma": "Volume SMA",
    "obv_ema": "OBV EMA",
    "supertrend": "SuperTrend",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A series against another one, or against a number."""

    left: Series
    op: Op
    right: Series | Decimal

    @property
    def series(self) -> tuple[Series, ...]:
        """The one or two series in it."""
        return (self.left, self.right) if isinstance(self.right, Series) else (self.left,)

    @property
    def timeframe(self) -> Timeframe:
        """The shortest one in it: it can change at each close of that."""
        return min((one.timeframe for one in self.series), key=lambda frame: frame.ms)


@dataclass(frozen=True, slots=True)
class Formula:
    """One or several comparisons of which all hold, or at least one where `is_any`."""

    comparisons: tuple[Comparison, ...]
    is_any: bool = False

    @property
    def series(self) -> Iterator[Series]:
        """Every series in it."""
        return (series for one in self.comparisons for series in one.series)

    @property
    def timeframe(self) -> Timeframe:
        """The shortest one in it: it is judged at each close of that."""
        return min((one.timeframe for one in self.comparisons), key=lambda frame: frame.ms)

    @property
    def specs(self) -> Mapping[Timeframe, frozenset[str]]:
        """The indicators that it needs on each timeframe."""
        frames = {one.timeframe for one in self.series}
        return {
            frame: frozenset(one.spec for one in self.series if one.timeframe is frame) for frame in frames
        }
