"""Pictures of prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engines.core.candle import Candles, FloatArray, IntArray

ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Theme(StrEnum):
    """Palette of pictures."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An indicator over the candles: `lines` with one entry a candle, NaN where undefined, the one that
    matters most first. Between the two of `band` is filled; in a cloud by which of them is higher. Stepped
    lines stay where they are until they move."""

    name: str
    lines: Sequence[FloatArray]
    band: tuple[FloatArray, FloatArray] | None = None
    is_cloud: bool = False
    is_stepped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaneLine:
    """A line of a pane, as in `Overlay`; `name` may be empty."""

    name: str
    values: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """An indicator on a scale of its own, below the candles.

    At most three `lines` are drawn; `columns` stand on zero. `bounds` are the ends of the scale (else they
    follow the values), `guides` heights to mark. It needs a line or columns.
    """

    name: str
    lines: Sequence[PaneLine] = ()
    columns: FloatArray | None = None
    bounds: tuple[float, float] | None = None
    guides: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A horizontal price line with a short name at its left end and its price on the axis."""

    name: str
    price: float
    kind: str = "neutral"  # "entry" | "stop" | "target" | "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleChart:
    """A picture to draw. All words arrive translated, `months` (short names, January first) too.

    `candles` must not be empty. `digits` are the decimals of a price. The first two `overlays` are drawn, and
    the `pane`.
    `zone` is the IANA name for the time axis; `drawn_at` (aware) is printed in that zone.
    """

    title: str
    subtitle: str
    candles: Candles
    timeframe_ms: int
    digits: int
    overlays: Sequence[Overlay] = ()
    pane: Pane | None = None
    levels: Sequence[Level] = ()
    entry_zone: tuple[float, float] | None = None
    theme: Theme = Theme.DARK
    zone: str = "UTC"
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityChart:
    """A curve of what an account was worth. All words arrive translated.

    `time_ms` (strictly rising, at least two) and `equity` have one entry a point; `opening` is what the
    account began with, named `opening_name` on its line. The rest is as in `CandleChart`.
    """

    title: str
    subtitle: str
    time_ms: IntArray
    equity: FloatArray
    opening: float
    opening_name: str
    digits: int = 2
    theme: Theme = Theme.DARK
    zone: str = "UTC"
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime


class Charts(Protocol):
    """Draws away from the event loop."""

    async def candles(self, chart: CandleChart) -> bytes:
        """PNG bytes, 2160 x 1440 pixels (1080 x 720 at twice the density)."""
        ...

    async def equity(self, chart: EquityChart) -> bytes:
        """PNG bytes of the same size."""
        ...

    async def close(self) -> None: ...
