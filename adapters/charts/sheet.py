"""Geometry of a candle picture and what its layers share. All lengths are pixels of the 2160 x 1440 picture.

A phone shows it about 390 wide, a fifth: sizes are chosen to be read there.
"""

from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from adapters.charts.canvas import Canvas
from adapters.charts.lettering import width
from adapters.charts.palette import Palette, palette
from adapters.charts.price_scale import PriceScale, price_text, prices_in_view
from adapters.charts.timeline import Timeline, timeline
from ports.charts import CandleChart

WIDTH, HEIGHT = 2160, 1440
TITLE_SIZE, TEXT_SIZE, LABEL_SIZE = 62, 46, 44
EDGE = 32  # free room left and right of words
HEADER = 190
FOOTER = 88
TAG_HEIGHT = 62
PLOT_TOP = HEIGHT - HEADER
PANE_HEIGHT = 310
VOLUME_SHARE = 1 / 5  # of the plot above the pane
TICK_GAP = 128
OVERLAYS = 2
_MOST_OUT_OF_VIEW = 3  # at each end


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One picture being drawn. `axis` is the x where the price axis begins. From the bottom: the pane if
    there is one, volume from `floor` to `volume_top`, prices from `prices_bottom`."""

    chart: CandleChart
    canvas: Canvas
    colors: Palette
    zone: tzinfo
    axis: float
    floor: float
    prices: PriceScale
    time: Timeline

    @property
    def volume_top(self) -> float:
        """Where the highest bar of volume ends."""
        return volume_top(self.floor)

    @property
    def prices_bottom(self) -> float:
        """Below it no price stands."""
        return prices_bottom(self.floor)

    @property
    def last_is_up(self) -> bool:
        """Whether the last candle closed at its open or above."""
        return bool(self.chart.candles.close[-1] >= self.chart.candles.open[-1])


def sheet(chart: CandleChart) -> Sheet:
    """An empty sheet with scales fitted to `chart`.

    Raises `ValueError` when there are no candles, `ZoneInfoNotFoundError` (a KeyError) for an unknown zone.
    """
    if not len(chart.candles):
        raise ValueError("a chart needs at least one candle")
    colors = palette(chart.theme)
    floor = FOOTER + (PANE_HEIGHT if chart.pane else 0)
    prices = _price_scale(chart, prices_bottom(floor))
    axis = WIDTH - _axis_width(chart, prices)
    return Sheet(
        chart=chart,
        canvas=Canvas(WIDTH, HEIGHT, colors.background),
        colors=colors,
        zone=ZoneInfo(chart.zone),
        axis=axis,
        floor=floor,
        prices=prices,
        time=timeline(chart.candles.time_ms, chart.timeframe_ms, left=0, right=axis),
    )


def volume_top(floor: float) -> float:
    """Where the highest bar of volume ends that stands on `floor`."""
    return floor + (PLOT_TOP - floor) * VOLUME_SHARE


def prices_bottom(floor: float) -> float:
    """Below it no price stands."""
    return volume_top(floor) + 24


def _price_scale(chart: CandleChart, bottom: float) -> PriceScale:
    """Levels out of view get room at the ends, so that their tags do not push the others off their lines."""
    low, high = prices_in_view(chart.candles, _marks(chart), chart.digits)
    below = min(sum(level.price < low for level in chart.levels), _MOST_OUT_OF_VIEW)
    above = min(sum(level.price > high for level in chart.levels), _MOST_OUT_OF_VIEW)
    return PriceScale(
        low=low,
        high=high,
        bottom=bottom + below * TAG_HEIGHT,
        top=PLOT_TOP - 8 - above * TAG_HEIGHT,
    )


def _marks(chart: CandleChart) -> list[float]:
    marks = [level.price for level in chart.levels] + list(chart.entry_zone or ())
    for overlay in chart.overlays[:OVERLAYS]:
        for line in overlay.lines:
            marks += line.tolist()
    return marks


def _axis_width(chart: CandleChart, prices: PriceScale) -> float:
    shown = [prices.high, float(chart.candles.close[-1]), *(level.price for level in chart.levels)]
    return max(width(price_text(price, chart.digits), LABEL_SIZE, bold=True) for price in shown) + 2 * EDGE
