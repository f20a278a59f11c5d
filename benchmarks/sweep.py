"""Many runs of one rule: a walk-forward, and paths that are made up, walked and measured."""

from time import process_time

from benchmarks.bars import made_up
from benchmarks.frame import Measure, cpu_s, measures
from engines.core.timeframe import Timeframe
from engines.simulate.history import RecordedMarket
from engines.simulate.paths.bootstrap import reel
from engines.simulate.paths.walking import Dice, Future, Walk, tails, walked
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.simulate.trying import Ground, Stretch, Trial, tried
from engines.simulate.windows import Anchor, Plan, windows
from engines.strategies.params import grid, parsed
from engines.strategies.sma_cross import SmaCrossParams

_WINDOW_BARS = 52_560
_WINDOWS = 12
_PATHS = 200
_DAYS = 30
_DAY_MS = 86_400_000
_GRID = {"fast": "20:65:5", "slow": "100:325:25", "timeframe": "5m"}
_POINT = {"timeframe": "5m"}


@measures("sweep.walk_forward_s")
def walk_forward() -> Measure:
    """Training of twelve windows of half a year, a hundred points each, in one process."""
    history = made_up()
    points = grid(SmaCrossParams, _GRID)
    train_ms = _WINDOW_BARS * Timeframe.M5.ms
    step_ms = (history.stop_ms - history.start_ms - train_ms) // _WINDOWS // _DAY_MS * _DAY_MS
    plan = Plan(anchor=Anchor.ROLLING, train_ms=train_ms, test_ms=step_ms)
    trials = [
        Trial(
            stretch=Stretch(market=0, start_ms=cut.train_start_ms, stop_ms=cut.train_stop_ms),
            params=point,
            is_daily=True,
        )
        for cut in windows(history.start_ms, history.stop_ms, plan)[:_WINDOWS]
        for point in points
    ]
    ground = Ground(history.markets, "sma_cross", Terms(limits=OPEN_LIMITS))
    value = cpu_s(lambda: tried(ground, trials), runs=3)
    note = f"CPU; {len(trials):,} runs with indicators and all figures of closes of days"
    return Measure(value, note=note)


@measures("sweep.paths_per_s")
def paths() -> Measure:
    """Paths of thirty days of five minutes: blocks drawn, indicators, the rule, every figure."""
    market: RecordedMarket = made_up(_WINDOW_BARS).markets[0]
    future = Future(
        markets=(tails(market, 2000),),
        timeframe=Timeframe.M5,
        start_ms=int(market.series[Timeframe.M5].time_ms[-1]) + Timeframe.M5.ms,
        bars=_DAYS * _DAY_MS // Timeframe.M5.ms,
        dice=Dice(reel=reel([market], Timeframe.M5), mean_block=288.0),
        seed=1,
    )
    params = parsed(SmaCrossParams, _POINT)
    walk = Walk(future=future, strategy="sma_cross", params=params, terms=Terms(limits=OPEN_LIMITS))
    walked(walk, 0)
    began = process_time()
    for number in range(_PATHS):
        walked(walk, number)
    return Measure(_PATHS / (process_time() - began), note=f"CPU; {_PATHS} paths of {future.bars:,} bars")
