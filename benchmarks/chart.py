"""Pictures."""

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from adapters.charts.candle_chart import draw_candle_chart
from benchmarks.frame import Measure, cpu_s, measures
from engines.core.candle import Candles
from engines.indicators.ema import ema
from ports.charts import CandleChart, Level, Overlay

_COUNT = 150
_HOUR_MS = 3_600_000


@measures("chart.render_ms")
def candle_picture() -> Measure:
    """One candle picture with two averages, three levels, an entry zone and volume."""
    chart = _chart()
    size_kb = len(draw_candle_chart(chart)) / 1000
    value = cpu_s(lambda: draw_candle_chart(chart))
    reference = cpu_s(lambda: _with_axes(chart), runs=7)
    note = (
        f"CPU, {_COUNT} candles, {size_kb:.0f} kB; reference: the same picture as a matplotlib plot with axes"
    )
    return Measure(value * 1000, reference * 1000, note)


def _chart() -> CandleChart:
    rng = np.random.default_rng(11)
    close = 100_000 * np.exp(np.cumsum(rng.normal(0, 0.004, _COUNT)))
    opened = np.concatenate([[100_000.0], close[:-1]])
    candles = Candles(
        time_ms=1_751_000_400_000 + np.arange(_COUNT) * _HOUR_MS,
        open=opened,
        high=np.maximum(opened, close) * 1.002,
        low=np.minimum(opened, close) * 0.998,
        close=close,
        volume=rng.lognormal(3, 0.6, _COUNT),
    )
    last = float(close[-1])
    return CandleChart(
        title="BTC/USDT · 1h",
        subtitle="▲ +1.2 % · Bybit · 4 s",
        candles=candles,
        timeframe_ms=_HOUR_MS,
        digits=2,
        overlays=[Overlay(name=f"EMA {length}", lines=[ema(close, length)]) for length in (20, 50)],
        levels=[
            Level(name="Stop", price=last * 0.98, kind="stop"),
            Level(name="TP1", price=last * 1.02, kind="target"),
            Level(name="TP2", price=last * 1.03, kind="target"),
        ],
        entry_zone=(last * 0.995, last * 0.998),
        drawn_at=datetime(2025, 7, 3, 12, tzinfo=UTC),
    )


def _with_axes(chart: CandleChart) -> bytes:
    """The same content in the way of the tutorials."""
    candles, places = chart.candles, np.arange(_COUNT)
    figure = Figure(figsize=(10.8, 7.2), dpi=200)
    FigureCanvasAgg(figure)
    prices, volume = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    for is_up, color in ((candles.close >= candles.open, "green"), (candles.close < candles.open, "red")):
        prices.vlines(places[is_up], candles.low[is_up], candles.high[is_up], color=color)
        body = (candles.close - candles.open)[is_up]
        prices.bar(places[is_up], body, bottom=candles.open[is_up], color=color, width=0.7)
        volume.bar(places[is_up], candles.volume[is_up], color=color, width=0.7)
    for overlay in chart.overlays:
        prices.plot(places, overlay.lines[0], label=overlay.name)
    for level in chart.levels:
        prices.axhline(level.price)
        prices.text(0, level.price, level.name)
    if chart.entry_zone:
        prices.axhspan(*chart.entry_zone, alpha=0.2)
    prices.set_title(chart.title)
    prices.legend()
    prices.grid(visible=True)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
