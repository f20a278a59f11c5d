"""Words in pictures: what the font can draw, how wide it is, and cutting it to fit."""

from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import LoadFlags

# The bundled font, by file: the same picture on every machine, and no search through system fonts.
_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_FILES = {False: str(_FOLDER / "DejaVuSans.ttf"), True: str(_FOLDER / "DejaVuSans-Bold.ttf")}
_ELLIPSIS = "…"
_LONGEST = 400  # characters looked at: more than any picture has room for


@lru_cache(maxsize=32)
def face(size: int, *, bold: bool = False) -> FontProperties:
    """The font at `size` pixels."""
    return FontProperties(fname=_FILES[bold], size=size)


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    return frozenset(get_font(_FILES[True]).get_charmap()) & frozenset(get_font(_FILES[False]).get_charmap())


def one_line(text: str) -> str:
    """`text` on one line, without the characters that the font lacks (emoji, control characters)."""
    known = _drawable()
    kept = (c for c in text if c.isspace() or (c.isprintable() and ord(c) in known))
    return " ".join("".join(kept).split())


@lru_cache(maxsize=4096)
def width(text: str, size: int, *, bold: bool = False) -> float:
    """Width of one line in pixels."""
    font = get_font(_FILES[bold])
    font.set_size(size, 72)
    font.set_text(text, 0.0, flags=LoadFlags.FORCE_AUTOHINT)
    return float(font.get_width_height()[0]) / 64


def fitted(text: str, size: int, room: float, *, bold: bool = False) -> str:
    """`text` on one line, shortened with an ellipsis to at most `room` pixels."""
    line = one_line(text[:_LONGEST])
    if width(line, size, bold=bold) <= room:
        return line
    keep = bisect_right(range(len(line)), room, key=lambda end: width(_cut(line, end), size, bold=bold)) - 1
    return _cut(line, keep) if keep > 0 else ""


def _cut(line: str, end: int) -> str:
    return line[:end].rstrip() + _ELLIPSIS
