"""Playing a strategy on recorded prices, away from the event loop, and keeping what it came to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engines.core.candle import FloatArray, IntArray
from engines.simulate.assessment import Standing
from engines.simulate.history import History
from engines.simulate.terms import Terms
from ports.messages import Document
from ports.report_language import ENGLISH, ReportLanguage
from ports.reports import BacktestCard


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
class BacktestTask:
    """What is to be played. `id` names its report from then on; `wish` is kept with it and says how to ask
    for the same again. `params` are in words, as `engines.strategies.params.parsed` reads them. `made_at` is
    market time, aware UTC."""

    id: str
    wish: str
    strategy: str
    params: Mapping[str, str]
    history: History
    terms: Terms
    made_at: datetime
    notes: Sequence[str] = ()
    """Codes of what there is to know about the history: `no_funding`, `some_funding`, `spot_prices`,
    `shorter`."""
    language: ReportLanguage = ENGLISH
    """Of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, and where it lies in 95 of 100 draws; `None` where too little is known to say."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCurve:
    """What the account was worth, in as few points as a picture needs, and what holding the markets would
    have been (`holding`, `None` where nobody knows). `time_ms` rises strictly."""

    time_ms: IntArray
    equity: FloatArray
    holding: FloatArray | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BacktestReport:
    """What a backtest came to.

    `figures` are those that are defined, by name (`roi`, `cagr`, `sharpe`, …): fractions, and money in the
    quote currency. `profit` says whether it is more than luck, `lead` the same of the lead over holding.
    `blocked` counts intents that the gate denied or made smaller, by its rule. `halted_at` is when a drawdown
    stopped all entries for the rest of it. `played_s` is how long the replay took.
    """

    id: str
    wish: str
    strategy: str
    params: Mapping[str, str]
    symbols: Sequence[str]
    start: datetime
    stop: datetime
    opening: float
    bars: int
    figures: Mapping[str, Estimate]
    profit: Standing
    lead: Standing
    curve: ReportCurve
    blocked: Mapping[str, int]
    notes: Sequence[str]
    digest: str
    played_s: float
    halted_at: datetime | None = None

    def value(self, name: str) -> float | None:
        """A figure; `None` where it is not defined."""
        found = self.figures.get(name)
        return None if found is None else found.value


class CardPainter(Protocol):
    """Draws what a backtest came to, away from the event loop."""

    async def draw(self, card: BacktestCard) -> bytes:
        """PNG bytes. Raises `ports.errors.Transient` where it cannot be drawn."""
        ...


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
