"""Directions as signs."""

from collections.abc import Mapping
from typing import Final

from engines.core.side import Direction

ARROWS: Final[Mapping[Direction | None, str]] = {Direction.LONG: "▲", Direction.SHORT: "▼", None: "•"}
"""What stands before a market: where it leans, or neither way."""
