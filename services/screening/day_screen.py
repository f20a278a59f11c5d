"""The screen of a day, and how it is written down."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from engines.core.side import Direction
from engines.signals.screen import Pick, Reason, Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """How many markets there were, how many of them were `ranked`, and why the others were not. `thin`: too
    little turnover, `wide`: too wide a spread, `unquoted`: no bid or ask, `young`: too little history,
    `unread`: no current candles to be had."""

    listed: int = 0
    thin: int = 0
    wide: int = 0
    unquoted: int = 0
    young: int = 0
    unread: int = 0
    ranked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScreen:
    """The best markets of the day (UTC) of `made_at`, the best first."""

    made_at: datetime
    sifted: Sifted
    picks: tuple[Pick, ...]


def written(screen: DayScreen) -> str:
    """The screen as JSON."""
    return orjson.dumps(screen).decode()


def read(text: str) -> DayScreen:
    """What `written` gave."""
    kept = orjson.loads(text)
    return DayScreen(
        made_at=datetime.fromisoformat(kept["made_at"]),
        sifted=Sifted(**kept["sifted"]),
        picks=tuple(map(_pick, kept["picks"])),
    )


def _pick(kept: dict[str, Any]) -> Pick:
    return Pick(
        symbol=kept["symbol"],
        turnover=kept["turnover"],
        direction=None if kept["direction"] is None else Direction(kept["direction"]),
        scores=Scores(**kept["scores"]),
        reasons=tuple(Reason(**reason) for reason in kept["reasons"]),
    )
