"""`perpetuum sweep`: a grid of parameters on recorded history, chosen from with care."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.crews import check_crew, crew_for, finished_in, folder_of
from bot.commands.history import read_history
from bot.commands.lengths import length_ms
from bot.commands.progress import shown
from bot.commands.strategies import AnyStrategy, given_params, strategy_named
from bot.commands.sweep_report import MarketSweep, Sweep, written
from bot.commands.tables import deliver
from bot.commands.terms import terms_of
from engines.core.timeframe import Timeframe
from engines.simulate.choosing import ranked
from engines.simulate.figures import BY
from engines.simulate.history import History
from engines.simulate.trying import Ground, Stretch, Trial
from engines.simulate.windows import Anchor, Plan, Window, windows
from engines.strategies.params import BadParams, grid, told
from ports.crews import Crew
from ports.errors import Fatal
from ports.finished import FinishedWork
from services.sweeping.sweeps import Sweeps, luck
from services.sweeping.walk_forward import WalkForward, Walking
from services.sweeping.working import Hear

POINTS = "points.jsonl"
"""Results as they are finished, in the folder of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for, checked."""

    strategy: AnyStrategy
    points: Sequence[Any]
    swept: Sequence[str]
    by: str
    least_trades: int
    top: int
    reads: tuple[Timeframe, ...]
    plan: Plan | None


def run(options: Namespace) -> int:
    """Write the files; 0."""
    wish = _wish(options)
    terms = terms_of(options)
    check_crew(options)
    out = folder_of(options, f"sweep_{wish.strategy.name}")
    recorded = read_history(options, wish.reads)
    history = recorded.history
    cut = _cut(wish, history)
    ground = Ground(history.markets, wish.strategy.name, terms)
    try:
        with (
            finished_in(out / POINTS, (ground.markets, ground.strategy, terms)) as finished,
            crew_for(options, ground) as crew,
        ):
            work = _Work(wish=wish, ground=ground, crew=crew, finished=finished)
            found = [work.swept(*each) for each in cut]
    except ValueError as error:
        raise Fatal(f"{wish.strategy.name} cannot be played on this: {error}") from error
    sweep = Sweep(
        strategy=wish.strategy.name,
        swept=wish.swept,
        points=wish.points,
        by=wish.by,
        least_trades=wish.least_trades,
        plan=wish.plan,
        opening=float(terms.opening),
        is_limited=options.limits == "desk",
        notes=recorded.notes,
        markets=found,
    )
    deliver(out, *written(sweep))
    return 0


def _wish(options: Namespace) -> _Wish:
    strategy = strategy_named(options.name)
    if options.signals is not None:
        raise Fatal("--signals: a sweep tries what a rule does by itself; `perpetuum backtest` gates it")
    if options.by not in BY:
        raise Fatal(f"--by {options.by}: one of {', '.join(BY)}")
    for name in ("top", "least_trades"):
        if getattr(options, name) < 0:
            raise Fatal(f"--{name.replace('_', '-')} {getattr(options, name)}: at least 0")
    given = given_grid(strategy, options.params, options.timeframe)
    try:
        points = grid(strategy.params, given)
    except BadParams as error:
        raise Fatal(f"--params {error}") from error
    reads = {timeframe for point in points for timeframe in strategy.timeframes(point)}
    ordered = tuple(sorted(reads, key=lambda timeframe: timeframe.ms))
    return _Wish(
        strategy=strategy,
        points=points,
        swept=_varied(points) or tuple(given),
        by=options.by,
        least_trades=options.least_trades,
        top=options.top,
        reads=ordered,
        plan=_plan(options, ordered[0].ms),
    )


def _varied(points: Sequence[Any]) -> tuple[str, ...]:
    """Parameters that are not the same in all points."""
    words = [told(point) for point in points]
    return tuple(name for name in words[0] if len({each[name] for each in words}) > 1)


def given_grid(strategy: AnyStrategy, text: str, timeframe: str | None) -> Mapping[str, str]:
    """`fast=20:100:10,side=both,long` as values by name: a part without a name belongs to the one before.
    Raises `Fatal`."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    named: list[list[str]] = []
    for part in parts:
        if "=" in part or not named:
            named.append([part])
        else:
            named[-1].append(part)
    plain = ",".join(words[0] for words in named)
    first = given_params(strategy, plain, timeframe)
    more = {words[0].partition("=")[0].strip(): words[1:] for words in named}
    return {name: ",".join([value, *more.get(name, ())]) for name, value in first.items()}


def _plan(options: Namespace, bar_ms: int) -> Plan | None:
    if options.walk_forward is None:
        return None
    lengths = {
        f"{name}_ms": length_ms(f"--{name}", getattr(options, name), bar_ms)
        for name in ("train", "test", "purge", "embargo")
    }
    try:
        return Plan(anchor=Anchor(options.walk_forward), **lengths)
    except ValueError as error:
        raise Fatal(f"--walk-forward: {error}") from error


def _cut(wish: _Wish, history: History) -> Sequence[tuple[Stretch, Sequence[Window]]]:
    """The whole time of each market, and its windows."""
    found = []
    for place, market in enumerate(history.markets):
        bars = market.series[market.finest]
        start_ms = max(history.start_ms, int(bars.time_ms[0]))
        stop_ms = min(history.stop_ms, int(bars.time_ms[-1]) + market.finest.ms)
        stretch = Stretch(market=place, start_ms=start_ms, stop_ms=stop_ms)
        try:
            cut = () if wish.plan is None else windows(start_ms, stop_ms, wish.plan)
        except ValueError as error:
            raise Fatal(f"{market.instrument.symbol}: {error} (--train, --purge, --test)") from error
        found.append((stretch, cut))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The grid tried by a crew, market after market."""

    wish: _Wish
    ground: Ground
    crew: Crew[Ground]
    finished: FinishedWork

    def swept(self, stretch: Stretch, cut: Sequence[Window]) -> MarketSweep:
        wish, symbol = self.wish, self.ground.markets[stretch.market].instrument.symbol
        with shown(f"{symbol} points") as hear:
            (rows,) = self._sweeps(hear).rows([stretch], wish.points)
        best = ranked(rows, wish.by, least_trades=wish.least_trades)
        top = best[: wish.top]
        with shown(f"{symbol} gate") as hear:
            trials = [Trial(stretch=stretch, params=wish.points[place], is_gated=True) for place in top]
            gated = self._sweeps(hear).figures(trials)
        return MarketSweep(
            symbol=symbol,
            stretch=stretch,
            rows=rows,
            best=top,
            gated=gated,
            luck=luck(rows, best[0]) if best else None,
            walk=self._walked(stretch, cut, symbol) if cut else None,
        )

    def _walked(self, stretch: Stretch, cut: Sequence[Window], symbol: str) -> WalkForward:
        wish = self.wish
        walking = Walking(ground=self.ground, points=wish.points, by=wish.by, least_trades=wish.least_trades)
        with shown(f"{symbol} windows") as hear:
            return walking.walk(stretch.market, cut, self._sweeps(hear))

    def _sweeps(self, hear: Hear) -> Sweeps:
        return Sweeps(self.crew, self.finished, hear)
