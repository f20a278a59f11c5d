"""Reports of simulated runs. Values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engines.core.candle import FloatArray, IntArray
from engines.simulate.assessment import Assessment
from engines.simulate.history import History
from engines.simulate.run import Run
from engines.simulate.terms import Terms
from ports.charts import ENGLISH_MONTHS, Theme
from ports.report_language import ENGLISH, ReportLanguage


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a folder of artefacts is written from. `command` is what a person would type to get the
    same again, `notes` what was done to the input or is to be known of the run, a sentence each, in the
    `language` of the report. `made_at` is aware UTC."""

    run: Run
    history: History
    terms: Terms
    assessment: Assessment
    made_at: datetime
    command: str = ""
    notes: Sequence[str] = ()
    language: ReportLanguage = ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One figure: a short name and its value as it is read. `is_good`: drawn in the colour of gains or of
    losses, `None` in neither."""

    name: str
    value: str
    is_good: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestCard:
    """One picture of a run for a chat: equity beside what holding came to, the drawdown, five `figures`.

    All words arrive translated. `equity` and `holding` (where there is one) have one entry a `time_ms`
    (strictly rising, at least two); `opening` is what both began with. `zone` is the IANA name for the time
    axis; `drawn_at` (aware) is printed in that zone.
    """

    title: str
    subtitle: str
    equity_name: str
    holding_name: str
    drawdown_name: str
    time_ms: IntArray
    equity: FloatArray
    holding: FloatArray | None
    opening: float
    figures: Sequence[Shown]
    theme: Theme = Theme.DARK
    zone: str = "UTC"
    months: Sequence[str] = ENGLISH_MONTHS
    drawn_at: datetime
