"""Every point of a grid on every stretch, and the best of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from engines.metrics.days import DAYS_A_YEAR
from engines.metrics.sharpe import deflated_among, luckiest_sharpe
from engines.simulate.choosing import Figures
from engines.simulate.figures import moments_of
from engines.simulate.trying import Ground, Stretch, Trial, tried
from engines.strategies.params import told
from ports.crews import Crew
from ports.finished import FinishedWork
from services.sweeping.working import Hear, worked


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Grids tried by a crew on one ground; what is finished is kept."""

    crew: Crew[Ground]
    finished: FinishedWork
    hear: Hear

    def rows(
        self, stretches: Sequence[Stretch], points: Sequence[Any], *, is_daily: bool = False
    ) -> list[list[Figures]]:
        """The figures of every point on each stretch, without limits; of closes of days if it `is_daily`."""
        trials = [
            Trial(stretch=stretch, params=point, is_daily=is_daily)
            for stretch in stretches
            for point in points
        ]
        rows = self.figures(trials)
        return [rows[first : first + len(points)] for first in range(0, len(rows), len(points))]

    def figures(self, trials: Sequence[Trial]) -> list[Figures]:
        """The figures of each trial, in order."""
        keys = [trial_key(trial) for trial in trials]
        done = worked(dict(zip(keys, trials, strict=True)), tried, self.crew, self.finished, self.hear)
        return [done[key] for key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """What is to be thought of the best of many. `merit` is how probable it is that it is more than luck (the
    deflated Sharpe ratio); `luckiest` the Sharpe ratio of a year that the best of as many points without any
    merit is expected to show. `None` where the figures allow none."""

    trials: int
    luckiest: float | None
    merit: float | None


def luck(rows: Sequence[Figures], best: int) -> Luck:
    """Of the row `best` among all of them."""
    moments = [moments_of(row) for row in rows]
    ratios = [one.sharpe or 0.0 for one in moments]
    mean = sum(ratios) / len(ratios)
    variance = sum((one - mean) ** 2 for one in ratios) / (len(ratios) - 1) if len(ratios) > 1 else 0.0
    return Luck(
        trials=len(rows),
        luckiest=luckiest_sharpe(len(rows), variance) * DAYS_A_YEAR**0.5,
        merit=deflated_among(moments[best], moments),
    )


def trial_key(trial: Trial) -> str:
    """The name of a trial among those of its job."""
    stretch = trial.stretch
    place = [stretch.market, stretch.start_ms, stretch.stop_ms, trial.is_gated, trial.is_daily]
    text = json.dumps([place, told(trial.params)], sort_keys=True)
    return sha256(text.encode()).hexdigest()[:32]
