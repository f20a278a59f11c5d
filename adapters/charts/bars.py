"""Candles and their volume."""

import numpy as np

from adapters.charts.sheet import Sheet
from engines.core.candle import FloatArray

_BODY = 0.74  # of the room of one candle
_MAX_BODY = 56
_MIN_HEIGHT = 3  # so that an open equal to the close stays visible


def draw_volume(sheet: Sheet) -> None:
    """Bars below the prices, in the colours of their candles."""
    candles = sheet.chart.candles
    volume = np.nan_to_num(candles.volume)
    highest = volume.max()
    if highest <= 0:
        return
    left, right = _sides(sheet)
    heights = volume / highest * (sheet.volume_top - sheet.floor)
    traded = np.flatnonzero(volume > 0)
    floors = np.full(len(volume), sheet.floor)
    bars = np.stack([left, floors, right, floors + np.maximum(heights, 2.0)], axis=1)[traded]
    is_up = (candles.close >= candles.open)[traded]
    sheet.canvas.boxes(bars[is_up], sheet.colors.up_volume)
    sheet.canvas.boxes(bars[~is_up], sheet.colors.down_volume)


def draw_candles(sheet: Sheet) -> None:
    """Hollow bodies where the price rose, filled where it fell: colour is never the only sign."""
    candles = sheet.chart.candles
    is_up = candles.close >= candles.open
    bodies = _bodies(sheet)
    wicks = _wicks(sheet, bodies)
    for rows, color in ((is_up, sheet.colors.up), (~is_up, sheet.colors.down)):
        sheet.canvas.boxes(wicks[rows], color)
        sheet.canvas.boxes(bodies[rows], color)
    sheet.canvas.boxes(_hollows(bodies[is_up], _outline(sheet)), sheet.colors.background)


def _sides(sheet: Sheet) -> tuple[FloatArray, FloatArray]:
    half = max(1.0, min(sheet.time.slot * _BODY, _MAX_BODY)) / 2
    left = np.rint(sheet.time.x - half)
    return left, left + max(1.0, float(np.rint(2 * half)))


def _bodies(sheet: Sheet) -> FloatArray:
    candles = sheet.chart.candles
    left, right = _sides(sheet)
    bottom = np.rint(sheet.prices.heights(np.minimum(candles.open, candles.close)))
    top = np.rint(sheet.prices.heights(np.maximum(candles.open, candles.close)))
    thin = top - bottom < _MIN_HEIGHT
    bottom = np.where(thin, bottom - 1, bottom)
    top = np.where(thin, bottom + _MIN_HEIGHT, top)
    return np.stack([left, bottom, right, top], axis=1)


def _wicks(sheet: Sheet, bodies: FloatArray) -> FloatArray:
    candles = sheet.chart.candles
    thickness = _outline(sheet)
    body_width = bodies[:, 2] - bodies[:, 0]
    left = bodies[:, 0] + np.floor((body_width - thickness) / 2)
    low, high = sheet.prices.heights(candles.low), sheet.prices.heights(candles.high)
    return np.stack([left, low, left + thickness, high], axis=1)


def _outline(sheet: Sheet) -> float:
    """Thickness of outlines and wicks: as thick as stays hollow, so that a small picture keeps it."""
    body = min(sheet.time.slot * _BODY, _MAX_BODY)
    return float(np.clip(np.rint(body / 4), 1, 4))


def _hollows(bodies: FloatArray, outline: float) -> FloatArray:
    inner: FloatArray = bodies + np.array([outline, outline, -outline, -outline])
    return inner[(inner[:, 2] > inner[:, 0]) & (inner[:, 3] > inner[:, 1])]
