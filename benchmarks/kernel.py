"""What a run of the benchmark strategy costs as a kernel, and a grid of a hundred, beside other libraries."""

import resource
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product

from benchmarks.bars import COUNT, made_up
from benchmarks.frame import Measure, Skipped, cpu_s, measures
from benchmarks.peers import ATRS, FAST, LEAST, LENGTH, SLOW, Peer, PeerTrade, peer, shared
from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.simulate.costs import Fees
from engines.simulate.kernel import table
from engines.simulate.kernel.points import Point, points
from engines.simulate.kernel.prepare import Prepared, prepared
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.sma_cross import SmaCrossParams

_RATE = Decimal("0.0006")
TERMS = Terms(
    opening=Decimal(10_000_000),
    fees=Fees(spot=_RATE, maker=_RATE, taker=_RATE),
    slippage=Decimal(0),
    limits=OPEN_LIMITS,
)
PARAMS = SmaCrossParams(
    fast=FAST,
    slow=SLOW,
    adx_length=LENGTH,
    adx_least=LEAST,
    atr_length=LENGTH,
    stop_atrs=ATRS,
    timeframe=Timeframe.M5,
    notional=Decimal(10_000),
)
GRID = tuple(product(range(20, 70, 5), range(100, 300, 20)))
_LEAST_SHARED = {"backtesting.py": 0.999, "vectorbt": 0.97}


@measures("kernel.bars_per_s")
def one_run() -> Measure:
    """Indicators, calls, orders, fills and positions of 210,240 bars."""
    market = _prepared()
    (point,) = points(market, "sma_cross", [PARAMS], TERMS)
    value = cpu_s(lambda: list(points(market, "sma_cross", [PARAMS], TERMS)))
    with_curve = cpu_s(lambda: [one.curve for one in points(market, "sma_cross", [PARAMS], TERMS)])
    told = [_told(point, one, value) for one in _peers() if isinstance(one, Peer)]
    missing = [str(one) for one in _peers() if isinstance(one, Skipped)]
    fastest = min((one.run_s for one in _peers() if isinstance(one, Peer)), default=None)
    note = (
        f"CPU, {len(point.positions)} positions of {COUNT} five-minute bars that were made up, indicators "
        f"included; with the curve {COUNT / with_curve / 1e6:.0f} M/s; reference: the faster of "
        f"{'; '.join([*told, *missing])}"
    )
    return Measure(COUNT / value, None if fastest is None else COUNT / fastest, note)


@measures("kernel.grid100_points_per_s")
def a_grid() -> Measure:
    """A hundred points, indicators shared between them."""
    market = _prepared()
    grid = [replace(PARAMS, fast=fast, slow=slow) for fast, slow in GRID]
    value = cpu_s(lambda: _kept(market, grid), runs=5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"CPU, bar-points, {len(grid)} points; {peak:.0f} MB at most, everything included"
    others = [one for one in _peers() if isinstance(one, Peer) and one.grid_s is not None]
    for other in others:
        note += f"; reference: {other.name} at {other.rss_mb:.0f} MB"
    seconds = [other.grid_s for other in others if other.grid_s is not None]
    return Measure(COUNT * len(grid) / value, COUNT * len(grid) / min(seconds) if seconds else None, note)


def _kept(market: Prepared, grid: Sequence[SmaCrossParams]) -> list[int]:
    """What is kept of a point: how many positions it had."""
    return [len(point.positions) for point in points(market, "sma_cross", grid, TERMS)]


def _told(point: Point, other: Peer, value: float) -> str:
    """What a library needed for the same trades. vectorbt acts once a bar: its stops are not in force in the
    bar of the entry, and in a bar with a stop and a cross it takes the stop alone."""
    ours = _trades(point)
    same = shared(ours, other.trades)
    assert same >= _LEAST_SHARED[other.name] * len(ours), f"{other.name} has {same} of {len(ours)} trades"
    return (
        f"{other.name} {COUNT / other.run_s / 1e6:.3g} M/s, {other.run_s / value:.0f} times slower, "
        f"{same} of {len(ours)} trades the same"
    )


def _trades(point: Point) -> list[PeerTrade]:
    """Positions that were closed, as libraries tell them."""
    tick = float(point.prepared.instrument.tick)
    return [
        PeerTrade(
            entry_row=row[table.R_OPENED] // 2,
            exit_row=row[table.R_CLOSED] // 2,
            entry_price=row[table.R_COST] / row[table.R_ENTERED] / point.prepared.unit * tick,
            exit_price=row[table.R_PROCEEDS] / row[table.R_ENTERED] / point.prepared.unit * tick,
            sign=row[table.R_SIGN],
        )
        for row in point.positions.tolist()
        if not row[table.R_IS_OPEN]
    ]


@cache
def _prepared() -> Prepared:
    history = made_up()
    return prepared(history.markets[0], history.start_ms, history.stop_ms)


@cache
def _peers() -> Sequence[Peer | Skipped]:
    return [_measured("vectorbt", GRID), _measured("backtesting.py", ())]


def _measured(name: str, grid: Sequence[tuple[int, int]]) -> Peer | Skipped:
    try:
        return peer(name, _bars(), grid)
    except Skipped as reason:
        return reason


def _bars() -> Candles:
    market = _prepared().market
    return market.series[market.finest]
