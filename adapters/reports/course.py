"""How an account went, for pictures: from the opening on, beside what holding came to."""

from dataclasses import dataclass

import numpy as np

from adapters.charts.run_charts import Line
from engines.core.candle import FloatArray, IntArray
from engines.metrics.drawdown import under_water
from engines.metrics.thinning import thinned
from ports.reports import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One entry a moment; the first is the start of the run. `below` is under the highest equity (-0.2: a
    fifth), `exposure` the net position by equity. `holdings` are named as a legend shows them."""

    time_ms: IntArray
    equity: FloatArray
    below: FloatArray
    exposure: FloatArray
    holdings: tuple[Line, ...]

    def thinned(self, most: int) -> "Course":
        """At most `most` moments, with every extreme that a picture shows."""
        rows = thinned([self.equity, self.exposure, *(one.values for one in self.holdings)], most)
        return Course(
            time_ms=self.time_ms[rows],
            equity=self.equity[rows],
            below=self.below[rows],
            exposure=self.exposure[rows],
            holdings=tuple(Line(name=one.name, values=one.values[rows]) for one in self.holdings),
        )


def course(report: Report) -> Course:
    """The whole course of a run."""
    say, curve, opening = report.language, report.run.curve, float(report.run.opening)
    equity = np.concatenate(([opening], curve.equity))
    alive = np.where(curve.equity > 0, curve.equity, np.inf)
    return Course(
        time_ms=np.concatenate(([round(report.run.start.timestamp() * 1000)], curve.time_ms)),
        equity=equity,
        below=under_water(equity, opening),
        exposure=np.concatenate(([0.0], curve.net / alive)),
        holdings=tuple(
            Line(name=say("holding {name}", name=one.name), values=np.concatenate(([opening], one.equity)))
            for one in report.assessment.holdings
        ),
    )
