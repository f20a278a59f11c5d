"""Colours of pictures."""

from dataclasses import dataclass

from ports.charts import Theme

_TINT = 0.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Opaque colours as `#rrggbb`, chosen so that text and lines stand out from `background`."""

    background: str
    grid: str
    text: str
    muted: str
    up: str
    down: str
    up_volume: str
    down_volume: str
    band: str
    overlays: tuple[str, ...]
    kinds: dict[str, str]

    def kind(self, name: str) -> str:
        """Colour of a level of that kind."""
        return self.kinds.get(name, self.kinds["neutral"])

    def tint(self, color: str) -> str:
        """A little of `color` on the background: for what lies behind."""
        parts = (
            round(_TINT * int(color[at : at + 2], 16) + (1 - _TINT) * int(self.background[at : at + 2], 16))
            for at in (1, 3, 5)
        )
        return "#" + "".join(f"{part:02x}" for part in parts)


_DARK = Palette(
    background="#131722",
    grid="#232938",
    text="#e3e6ee",
    muted="#98a0b3",
    up="#2bb8a6",
    down="#f0616d",
    up_volume="#1c4a4f",
    down_volume="#5a3340",
    band="#1b2c4d",
    overlays=("#f5b83d", "#a78bfa"),
    kinds={"entry": "#5b9cff", "stop": "#f0616d", "target": "#2bb8a6", "neutral": "#98a0b3"},
)
_LIGHT = Palette(
    background="#ffffff",
    grid="#e9ecf2",
    text="#171b26",
    muted="#5f6778",
    up="#068573",
    down="#d22f42",
    up_volume="#b5dcd6",
    down_volume="#f2c0c6",
    band="#e0ebff",
    overlays=("#b86e00", "#6d3fd1"),
    kinds={"entry": "#1f5fd6", "stop": "#d22f42", "target": "#068573", "neutral": "#5f6778"},
)


def palette(theme: Theme) -> Palette:
    """The colours of `theme`."""
    return _LIGHT if theme is Theme.LIGHT else _DARK
