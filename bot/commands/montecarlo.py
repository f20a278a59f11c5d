"""`perpetuum montecarlo`: one strategy on many possible futures."""

from argparse import Namespace
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from bot.commands.crews import check_crew, crew_for, finished_in, folder_of
from bot.commands.history import read_history
from bot.commands.lengths import length_ms
from bot.commands.montecarlo_report import Futures, written
from bot.commands.progress import shown
from bot.commands.strategies import AnyStrategy, params_of, strategy_named
from bot.commands.tables import deliver
from bot.commands.terms import rate_of, terms_of
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.metrics.days import DAY_MS
from engines.simulate.history import History, RecordedMarket
from engines.simulate.paths.bootstrap import reel
from engines.simulate.paths.calibration import calibrated
from engines.simulate.paths.gbm import Gbm
from engines.simulate.paths.walking import Dice, Future, Walk, tails
from engines.simulate.recording import WARM_UP_BARS
from engines.strategies.params import told
from ports.errors import Fatal
from services.sweeping.walks import walk_paths

PATHS: Final = "paths.jsonl"
"""Results as they are finished, in the folder of the report."""
_MOST_PATHS: Final = 1_000_000
_MOST_RATE: Final = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for, checked."""

    strategy: AnyStrategy
    params: Any
    paths: int
    days: float
    model: str
    drift: float | None
    volatility: float | None


def run(options: Namespace) -> int:
    """Write the files; 0."""
    wish = _wish(options)
    terms = terms_of(options)
    check_crew(options)
    out = folder_of(options, f"montecarlo_{wish.strategy.name}")
    recorded = read_history(options, wish.strategy.timeframes(wish.params))
    walk = Walk(
        future=_future(options, wish, recorded.history),
        strategy=wish.strategy.name,
        params=wish.params,
        terms=terms,
        is_gated=options.limits == "desk",
    )
    try:
        with (
            finished_in(out / PATHS, walk) as finished,
            crew_for(options, walk) as crew,
            shown("paths") as hear,
        ):
            found = walk_paths(wish.paths, crew, finished, hear)
    except ValueError as error:
        raise Fatal(f"{wish.strategy.name} cannot be played on these paths: {error}") from error
    futures = Futures(
        walk=walk,
        told=told(wish.params),
        source=(recorded.history.start_ms, recorded.history.stop_ms),
        notes=recorded.notes,
        paths=found,
    )
    deliver(out, *written(futures))
    return 0


def _wish(options: Namespace) -> _Wish:
    strategy = strategy_named(options.name)
    if options.signals is not None:
        raise Fatal("--signals: they say nothing of the future; leave them out")
    if not 2 <= options.paths <= _MOST_PATHS:
        raise Fatal(f"--paths {options.paths}: from 2 to {_MOST_PATHS:,}")
    if not 1 <= options.days <= 36_500:
        raise Fatal(f"--days {options.days:g}: from 1 to 36,500")
    if options.seed < 0:
        raise Fatal(f"--seed {options.seed}: at least 0")
    drift, volatility = _rate("--drift", options.drift), _rate("--volatility", options.volatility)
    if options.model != "gbm" and (drift is not None or volatility is not None):
        raise Fatal("--drift and --volatility are of --model gbm; blocks of history have their own")
    return _Wish(
        strategy=strategy,
        params=params_of(strategy, options.params, options.timeframe),
        paths=options.paths,
        days=options.days,
        model=options.model,
        drift=drift,
        volatility=volatility,
    )


def _rate(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    rate = rate_of(text, _MOST_RATE)
    if rate is None or (option == "--volatility" and rate < 0):
        raise Fatal(f"{option} {text}: a rate a year, such as 0.6 or 60%, of at most 1000%")
    return float(rate)


def _future(options: Namespace, wish: _Wish, history: History) -> Future:
    markets = history.markets
    timeframe = markets[0].finest
    if any(market.finest is not timeframe for market in markets):
        raise Fatal("markets with candles of different lengths cannot be drawn together: name one --symbols")
    bars = round(wish.days * DAY_MS / timeframe.ms)
    try:
        dice = _dice(options, wish, history, timeframe)
    except ValueError as error:
        raise Fatal(f"{error}; choose --from and --to with more history") from error
    return Future(
        markets=tuple(tails(market, WARM_UP_BARS) for market in markets),
        timeframe=timeframe,
        start_ms=max(int(market.series[timeframe].time_ms[-1]) for market in markets) + timeframe.ms,
        bars=bars,
        dice=dice,
        seed=options.seed,
    )


def _dice(options: Namespace, wish: _Wish, history: History, timeframe: Timeframe) -> Dice:
    """Learnt from the time that was asked for, without what warms up before it."""
    played = [
        replace(one, series={timeframe: between(one.series[timeframe], history.start_ms, history.stop_ms)})
        for one in history.markets
    ]
    if wish.model == "bootstrap":
        block = length_ms("--block", options.block, timeframe.ms) / timeframe.ms
        if block < 1:
            raise Fatal(f"--block {options.block}: at least one bar of {timeframe}")
        return Dice(reel=reel(played, timeframe), mean_block=block)
    return Dice(models=tuple(_model(market, wish, timeframe) for market in played))


def _model(market: RecordedMarket, wish: _Wish, timeframe: Timeframe) -> Gbm:
    learnt = calibrated(market, timeframe)
    return replace(
        learnt,
        drift=learnt.drift if wish.drift is None else wish.drift,
        volatility=learnt.volatility if wish.volatility is None else wish.volatility,
    )
