"""Playing a strategy on recorded prices, away from the event loop, and keeping what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engines.simulate.history import History
from engines.simulate.terms import Terms
from ports.charts import ENGLISH_MONTHS, Theme
from ports.messages import Document


class Stage(StrEnum):
    """What is being done for a backtest."""

    FILLING = "filling"
    """The desk fetches history that it is about to have anyway."""
    READING = "reading"
    STARTING = "starting"
    PLAYING = "playing"
    REPORTING = "reporting"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is, in units of its own; `total` is 0 where nobody knows."""

    stage: Stage
    done: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """How much of the stage is done, from 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the picture looks and speaks. All words arrive translated, `words` by their English."""

    title: str
    subtitle: str
    words: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    theme: Theme = Theme.DARK
    zone: str = "UTC"
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestTask:
    """What is to be played. `id` names its report from then on; `wish` is kept with it and says how to ask
    for the same again. `params` are in words, as `engines.strategies.params.parsed` reads them."""

    id: str
    wish: str
    strategy: str
    params: Mapping[str, str]
    history: History
    terms: Terms
    look: Look
    notes: Sequence[str] = ()
    """Codes of what there is to know about the history: `no_funding`, `spot_prices`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, and where it lies in 95 of 100 draws; `None` where too little is known to say."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestReport:
    """What a backtest came to.

    `figures` are by the names of the summary (`roi`, `cagr`, `sharpe`, …), those that are defined; fractions,
    money in the quote currency. `blocked` counts intents that the gate denied or made smaller, by its rule.
    `card` is the picture (PNG). `played_s` is how long the replay took.
    """

    id: str
    wish: str
    strategy: str
    params: Mapping[str, str]
    symbols: Sequence[str]
    start: datetime
    stop: datetime
    bars: int
    figures: Mapping[str, Estimate]
    blocked: Mapping[str, int]
    notes: Sequence[str]
    digest: str
    played_s: float
    card: bytes


class Backtester(Protocol):
    """Plays one task after the other in a process of its own, at low priority. A caller who leaves ends it.

    Every method raises `ports.errors.Transient` when the disk is in trouble.
    """

    async def play(self, task: BacktestTask, hear: Callable[[Progress], None]) -> BacktestReport:
        """Play it, write its report and keep that. `hear` hears of progress, on the event loop.

        Raises `Refused`: `"backtest_too_long"` (more time than it may take), `"backtest_too_big"` (more
        memory), `"backtest_failed"` for all that nobody foresaw.
        """
        ...

    async def report(self, report_id: str) -> BacktestReport | None:
        """A report that is kept; `None` once it is forgotten, the oldest first."""
        ...

    async def curve_page(self, report_id: str) -> Document | None:
        """The page with the curve of a report that is kept."""
        ...

    async def everything(self, report_id: str) -> Document | None:
        """All files of a report that is kept, as one archive."""
        ...
