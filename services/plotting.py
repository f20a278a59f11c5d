"""Indicators as they are drawn: over the candles or in a pane below."""

from collections.abc import Mapping

from engines.core.candle import FloatArray
from engines.indicators.catalog import Spec
from engines.indicators.spoken import PART_TITLES
from ports.charts import Overlay, Pane, PaneLine
from services.speech import Speech

_COLUMNS = "hist"
_STEPPED = {"support", "resistance"}


def overlay(spec: Spec, columns: Mapping[str, FloatArray], shown: int) -> Overlay:
    """The lines of `spec` over the last `shown` candles, those that matter most first."""
    drawn = [name for name in spec.outputs if name in spec.lines]
    band = spec.about.band
    return Overlay(
        name=spec.title,
        lines=[columns[name][-shown:] for name in drawn],
        band=None if band is None else _pair(spec, columns, band, shown),
        is_cloud=spec.kind == "ichimoku",
        is_stepped=spec.kind in _STEPPED,
    )


def pane(spec: Spec, columns: Mapping[str, FloatArray], shown: int, speech: Speech) -> Pane:
    """The lines of `spec` on a scale of their own; a histogram as columns."""
    about = spec.about
    named = [(about.parts[spec.columns.index(name)], name) for name in spec.outputs if name in spec.lines]
    histogram = [columns[name][-shown:] for part, name in named if part == _COLUMNS]
    lines = [
        PaneLine(name=_title(part, speech), values=columns[name][-shown:])
        for part, name in named
        if part != _COLUMNS
    ]
    return Pane(
        name=spec.title,
        lines=lines,
        columns=histogram[0] if histogram else None,
        bounds=about.bounds,
        guides=about.guides,
    )


def _title(part: str, speech: Speech) -> str:
    if part == "signal":
        return speech("signal")
    return PART_TITLES.get(part, part.replace("_", " "))


def _pair(
    spec: Spec, columns: Mapping[str, FloatArray], band: tuple[int, int], shown: int
) -> tuple[FloatArray, FloatArray]:
    one, other = (columns[spec.columns[place]][-shown:] for place in band)
    return one, other
