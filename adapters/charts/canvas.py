"""A sheet of pixels to draw on: matplotlib artists in pixel coordinates, later ones above earlier ones.

Drawing without axes leaves out locators, formatters and autoscaling, which take most of the time of a plot.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from adapters.charts.lettering import face
from adapters.charts.png import png
from engines.core.candle import FloatArray

Align = Literal["left", "center", "right"]

_DPI = 72  # a point is then a pixel
_HALF_CAPITAL = 0.365  # of the font size, for the bundled font


class Canvas:
    """`width` x `height` pixels; x grows to the right, y upwards."""

    def __init__(self, width: int, height: int, background: str) -> None:
        self._figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=background)
        self._agg: Any = FigureCanvasAgg(self._figure)  # its methods carry no types

    def boxes(self, corners: FloatArray, color: str) -> None:
        """Filled rectangles on whole pixels; `corners` has rows of left, bottom, right, top."""
        if not len(corners):
            return
        left, bottom, right, top = np.rint(corners).T
        outline = np.stack([left, bottom, right, bottom, right, top, left, top], axis=1).reshape(-1, 4, 2)
        self._add(PolyCollection(list(outline), facecolors=color, edgecolors="none", antialiaseds=False))

    def box(self, left: float, bottom: float, right: float, top: float, color: str) -> None:
        """One filled rectangle."""
        self.boxes(np.array([[left, bottom, right, top]]), color)

    def strips(self, xs: FloatArray, low: FloatArray, high: FloatArray, color: str) -> None:
        """What lies between two lines, where both have two neighbouring points; nothing elsewhere."""
        lower, upper = np.column_stack([xs, low]), np.column_stack([xs, high])
        corners = np.stack([lower[:-1], lower[1:], upper[1:], upper[:-1]], axis=1)
        whole = corners[np.isfinite(corners).all(axis=(1, 2))]
        if len(whole):
            self._add(PolyCollection(list(whole), facecolors=color, edgecolors="none", antialiaseds=False))

    def lines(
        self,
        ends: Sequence[tuple[float, float, float, float]],
        color: str,
        thickness: float,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """Straight lines from (x0, y0) to (x1, y1); `dash` is pixels on and off."""
        if ends:
            style = "solid" if dash is None else (0, (dash[0] / thickness, dash[1] / thickness))
            segments = np.array(ends, dtype=float).reshape(-1, 2, 2)
            self._add(LineCollection(list(segments), colors=color, linewidths=thickness, linestyles=style))

    def curve(
        self, xs: FloatArray, ys: FloatArray, color: str, thickness: float, *, is_stepped: bool = False
    ) -> None:
        """A line through the points, interrupted where `ys` is NaN; a stepped one moves up and down only."""
        style: Literal["steps-mid", "default"] = "steps-mid" if is_stepped else "default"
        self._add(Line2D(xs, ys, color=color, linewidth=thickness, solid_joinstyle="round", drawstyle=style))

    def marks(self, xs: FloatArray, ys: FloatArray, color: str, size: float, shape: str) -> None:
        """A mark at each point: `shape` is `"^"` or `"v"`."""
        if len(xs):
            self._add(
                Line2D(
                    xs, ys, color=color, marker=shape, markersize=size, markeredgewidth=0.0, linestyle="none"
                )
            )

    def words(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        color: str,
        *,
        align: Align = "left",
        bold: bool = False,
    ) -> None:
        """One line of text whose capitals are centred on height `y`. Nothing in it is markup."""
        self._add(
            Text(
                x,
                y - _HALF_CAPITAL * size,
                text,
                color=color,
                fontproperties=face(size, bold=bold),
                parse_math=False,
                horizontalalignment=align,
                verticalalignment="baseline",
            )
        )

    def png(self) -> bytes:
        """The picture as PNG."""
        self._agg.draw()
        return png(np.asarray(self._agg.buffer_rgba()))

    def _add(self, artist: LineCollection | PolyCollection | Line2D | Text) -> None:
        artist.set_transform(IdentityTransform())
        artist.set_zorder(0)
        self._figure.add_artist(artist)
