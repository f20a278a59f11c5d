"""Parameters chosen on one stretch of time and tried on the next, again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.metrics.measure import measure
from engines.metrics.series import Curve
from engines.simulate.choosing import Figures, best
from engines.simulate.figures import figures
from engines.simulate.stitching import Outcome, no_rounds, stitched
from engines.simulate.trying import Ground, Stretch, figured
from engines.simulate.windows import Window
from services.sweeping.sweeps import Sweeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One window: what was chosen in training and what it came to there and in the test. `params` is `None`
    where no point had enough trades: nothing was traded then."""

    window: Window
    params: Any
    train: Figures | None
    test: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForward:
    """All windows; `curve` and `rounds` of `joined` are of their tests as one account, `figures` its own.
    `rows` are the figures of every point in training, by window, with drawdowns of closes of days."""

    choices: Sequence[Choice]
    rows: Sequence[Sequence[Figures]]
    joined: Outcome
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Walking:
    """How to choose: the grid, the figure, and the fewest trades with which a point counts."""

    ground: Ground
    points: Sequence[Any]
    by: str
    least_trades: int

    def walk(self, market: int, windows: Sequence[Window], sweeps: Sweeps) -> WalkForward:
        """Train on every window of a market, then test what was chosen."""
        trainings = [
            Stretch(market=market, start_ms=one.train_start_ms, stop_ms=one.train_stop_ms) for one in windows
        ]
        rows = sweeps.rows(trainings, self.points, is_daily=True)
        tested = [self._tested(market, *each) for each in zip(windows, rows, strict=True)]
        opening = float(self.ground.terms.opening)
        joined = stitched([outcome for _, outcome in tested], opening)
        metrics = measure(*joined, opening=opening, start_ms=windows[0].test_start_ms)
        return WalkForward(
            choices=[choice for choice, _ in tested], rows=rows, joined=joined, figures=figures(metrics)
        )

    def _tested(self, market: int, window: Window, rows: Sequence[Figures]) -> tuple[Choice, Outcome]:
        place = best(rows, self.by, least_trades=self.least_trades)
        if place is None:
            return Choice(window=window, params=None, train=None, test=None), self._idle(window)
        stretch = Stretch(market=market, start_ms=window.test_start_ms, stop_ms=window.test_stop_ms)
        (outcome,) = self.ground.outcomes(stretch, [self.points[place]])
        test = figured(self.ground, stretch, outcome)
        return Choice(window=window, params=self.points[place], train=rows[place], test=test), outcome

    def _idle(self, window: Window) -> Outcome:
        """An account in which nothing happened."""
        nothing = np.zeros(1)
        curve = Curve(
            time_ms=np.array([window.test_stop_ms], np.int64),
            equity=np.array([float(self.ground.terms.opening)]),
            exposure=nothing,
            net=nothing,
        )
        return curve, no_rounds()
