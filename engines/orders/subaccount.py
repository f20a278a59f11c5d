"""Ledger sub-accounts: every person has one for paper, every engine one for paper and one for real money.

People are numbered by their Telegram ids, which are positive; engines by small negative numbers that never
change, for they stand in the books.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PAPER: Final = "paper"
"""The venue account that pretends."""

_PAPER_BELOW: Final = -100


class EngineName(StrEnum):
    """Who decides to trade. `MANUAL` is the desk's own hand: orders that a trader asks for."""

    CORE = "core"
    TREND = "trend"
    FUNDING = "funding"
    TACTICAL = "tactical"
    NEUTRAL = "neutral"
    TOUCH = "touch"
    SIGNALS = "signals"
    MANUAL = "manual"


PERSON: Final = "person"
"""The engine of people's own paper trades."""

_NUMBERS: Final = {name: -number for number, name in enumerate(EngineName, start=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """Where the money of an engine is booked: `owner` in the ledger, `account` at which venue."""

    engine: EngineName
    account: str

    @property
    def owner(self) -> int:
        """Its number in the books."""
        number = _NUMBERS[self.engine]
        return number + _PAPER_BELOW if self.is_paper else number

    @property
    def is_paper(self) -> bool:
        """Whether its money pretends."""
        return self.account == PAPER


def engine_of(owner: int) -> EngineName | None:
    """The engine that a number in the books belongs to; `None` for a person's."""
    number = owner - _PAPER_BELOW if owner <= _PAPER_BELOW else owner
    return next((name for name, one in _NUMBERS.items() if one == number), None)


def is_person(owner: int) -> bool:
    """Whether a number in the books is a person's."""
    return owner > 0


def is_live(owner: int) -> bool:
    """Whether real money is booked under that number."""
    return _PAPER_BELOW < owner < 0
