"""`perpetuum backtest`: a strategy on recorded history through the road that trades, as a folder of files."""

import shlex
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot.commands.history import read_history
from bot.commands.progress import shown
from bot.commands.strategies import AnyStrategy, listed, params_of, strategy_named
from bot.commands.terms import terms_of
from bot.outside import missing_artefacts, write_report
from engines.metrics.bootstrap import Interval
from engines.simulate.assessment import SEED, Assessment, assess
from engines.simulate.history import History
from engines.simulate.replay.replay import replay
from engines.simulate.run import Run
from engines.simulate.terms import Terms
from ports.errors import Fatal
from ports.reports import Report

_REPORTS = Path("reports")


def run(options: Namespace) -> int:
    """Write the report; 1 when one of its files is missing afterwards."""
    if options.list:
        print("\n".join(listed()))
        return 0
    strategy = strategy_named(options.name)
    params = params_of(strategy, options.params, options.timeframe)
    terms = terms_of(options)
    out = _place(options, strategy)
    recorded = read_history(options, strategy.timeframes(params))
    for note in recorded.notes:
        print(f"note: {note}")
    done = _played(recorded.history, strategy, params, terms)
    said = assess(done, recorded.history, rng=np.random.default_rng(SEED))
    report = Report(
        run=done,
        history=recorded.history,
        terms=terms,
        assessment=said,
        made_at=datetime.now(UTC),
        command=_typed(options),
        notes=(*recorded.notes, _limits_told(options)),
    )
    _write(report, out)
    for line in _told(done, said):
        print(line)
    print(out)
    if absent := missing_artefacts(out):
        raise Fatal(f"{out}: {', '.join(absent)} missing or empty")
    return 0


def _place(options: Namespace, strategy: AnyStrategy) -> Path:
    """Where the files go. What is there is not overwritten unasked, which is said before the long work."""
    out: Path = options.out or _REPORTS / strategy.name
    if out.exists() and not out.is_dir():
        raise Fatal(f"--out {out}: is a file; name a folder")
    if out.is_dir() and any(out.iterdir()) and not options.force:
        raise Fatal(f"--out {out}: is there already; --force overwrites its files, or name another folder")
    return out


def _played(history: History, strategy: AnyStrategy, params: Any, terms: Terms) -> Run:
    with shown(strategy.name, unit=" bars") as hear:
        try:
            return replay(history, strategy, params, terms, hear=hear)
        except ValueError as error:
            raise Fatal(f"{strategy.name} cannot be played on this: {error}") from error


def _write(report: Report, out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_report(report, out)
    except OSError as error:
        raise Fatal(f"--out {out}: cannot be written: {error.strerror or error}") from error


def _told(run: Run, said: Assessment) -> Iterator[str]:
    """The five figures that matter most, with what luck alone may make of them."""
    metrics, sure = said.metrics, said.intervals
    money = f"{float(run.opening):,.0f} -> {metrics.closing:,.2f}"
    yield f"return    {_percent(metrics.roi):>9}  {money}{_between(sure.roi, _percent)}"
    yield f"Sharpe    {_ratio(metrics.sharpe):>9}{_between(sure.sharpe, _ratio)}"
    yield f"drawdown  {_fall(metrics.max_drawdown):>9}{_between(sure.max_drawdown, _fall)}"
    won = "" if metrics.rounds.win_rate is None else f"  {metrics.rounds.win_rate:.0%} of them won,"
    yield f"trades    {metrics.rounds.closed:>9}{won}  {len(run.blocked)} intents denied or made smaller"
    if said.holding is not None:
        yield f"holding   {_percent(said.holding.roi):>9}  {said.holding.name}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:+.2%}"


def _fall(value: float | None) -> str:
    return "none" if value is None else f"{value:.2%}"


def _ratio(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def _between(interval: Interval | None, show: Callable[[float | None], str]) -> str:
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"  (95% interval {show(interval.low)} to {show(interval.high)})"


def _limits_told(options: Namespace) -> str:
    if options.limits == "open":
        return "No limits: what the rule does by itself, which the desk would not allow."
    return "Limits of a new desk: blocked_trades_log.csv names what they denied or made smaller."


def _typed(options: Namespace) -> str:
    """The command that makes the same again."""
    words = ["perpetuum", "backtest", options.name]
    named = {
        "data": options.data,
        "symbols": options.symbols,
        "market": options.market,
        "venue": options.venue,
        "from": options.start,
        "to": options.stop,
        "timeframe": options.timeframe,
        "params": options.params,
        "capital": options.capital,
        "fees": options.fees,
        "slippage": options.slippage,
        "limits": options.limits,
        "tick": options.tick,
        "lot": options.lot,
        "repair": options.repair,
        "signals": options.signals,
        "out": options.out,
    }
    for name, value in named.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return shlex.join(words)
