"""What the process of a backtest does: play, measure, write the report."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from adapters.backtests.figures import report_of
from adapters.backtests.shelf import keep
from adapters.reports.folder import write_report
from adapters.worker import Tell
from engines.simulate.assessment import SEED, assess
from engines.simulate.replay.replay import replay
from engines.strategies.catalog import STRATEGIES
from engines.strategies.params import parsed
from ports.backtests import BacktestTask, Stage
from ports.report_language import ReportLanguage
from ports.reports import Report

NICENESS: Final = 15
"""How much the desk comes first."""
MEMORY_BYTES: Final = 2 << 30


def warm() -> bytes:
    """Stand back behind the desk, in its time and its memory; what is imported here is loaded."""
    os.nice(NICENESS)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    bound = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, most))
    return b""


def play(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    """Play `task` and leave its report in `place`; nothing is answered. Raises `ValueError` for a history
    that cannot be played."""

    def say(stage: Stage, done: int, total: int) -> None:
        tell(orjson.dumps([stage, done, total]))

    strategy = STRATEGIES[task.strategy]
    params = parsed(strategy.params, task.params)
    began = time.perf_counter()
    say(Stage.PLAYING, 0, 1)
    run = replay(
        task.history,
        strategy,
        params,
        task.terms,
        hear=lambda done, total: say(Stage.PLAYING, done, total),
    )
    played_s = time.perf_counter() - began
    say(Stage.REPORTING, 0, 3)
    assessment = assess(run, task.history, rng=np.random.default_rng(SEED))
    say(Stage.REPORTING, 1, 3)
    report = Report(
        run=run,
        history=task.history,
        terms=task.terms,
        assessment=assessment,
        made_at=task.made_at,
        command=f"/backtest {task.wish}",
        notes=list(_notes(task.language, task.notes)),
        language=task.language,
    )
    write_report(report, place, themes=())  # the chat draws its own picture
    say(Stage.REPORTING, 3, 3)
    keep(report_of(task, run, assessment, played_s), place)
    return b""


def _notes(say: ReportLanguage, codes: Sequence[str]) -> Iterator[str]:
    words = {
        "no_funding": say("The venue did not tell its funding: it is not in the result."),
        "some_funding": say(
            "The venue told its funding for a part of the time only: the rest of the result is without it."
        ),
        "spot_prices": say("The perpetual is played on the prices of its spot market."),
        "shorter": say("The desk had less history than was asked for."),
    }
    return (words[code] for code in codes if code in words)
