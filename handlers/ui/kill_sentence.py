"""How people say how far a kill goes."""

from dataclasses import dataclass
from typing import Final

from engines.risk.latch import KillLevel
from ports.errors import Refused

_LEVELS: Final = {
    **{f"{prefix}{int(level)}": level for level in KillLevel for prefix in ("", "l", "л")},
    **dict.fromkeys(("entries", "stop", "входы"), KillLevel.NO_ENTRIES),
    **dict.fromkeys(("cancel", "orders", "заявки", "отмена"), KillLevel.CANCEL),
    **dict.fromkeys(("perps", "перпы", "фьючерсы"), KillLevel.CLOSE_PERPS),
    **dict.fromkeys(("flat", "all", "everything", "всё", "все", "ноль"), KillLevel.FLAT),
}
_FORMS: Final = [(f"/kill {int(level)}", f"kill {int(level)}") for level in KillLevel]
"""Every level as a button, for who was not understood."""
_PAPER: Final = {"paper", "p", "бумага", "бумагу", "бумажные"}


@dataclass(frozen=True, slots=True)
class KillAsked:
    """The level, and whether people's paper is meant too."""

    level: KillLevel
    has_paper: bool


def read_kill(text: str) -> KillAsked:
    """`3`, `L3 paper`, `flat`; nothing is the first level. Raises `Refused("unknown_level")`: what cannot be
    read never stops anything else than entries."""
    words = text.casefold().replace(":", " ").replace(",", " ").split()
    levels = [_LEVELS[word] for word in words if word in _LEVELS]
    unknown = [word for word in words if word not in _LEVELS and word not in _PAPER]
    if unknown or len(levels) > 1:
        raise Refused("unknown_level", text=" ".join(unknown or words)[:24], forms=_FORMS)
    return KillAsked(levels[0] if levels else KillLevel.NO_ENTRIES, bool(_PAPER.intersection(words)))
