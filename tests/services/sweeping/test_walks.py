"""Many futures of one market: the same by however many processes."""

from dataclasses import replace

import numpy as np
import pytest

from adapters.crews.executor import ExecutorCrew
from adapters.crews.processes import ProcessCrew
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.simulate.history import RecordedMarket
from engines.simulate.paths.bootstrap import reel
from engines.simulate.paths.calibration import calibrated
from engines.simulate.paths.walking import Dice, Future, Walk, tails, walked
from services.sweeping.walks import walk_paths
from tests.build.grounds import OPEN_TERMS, POINTS, a_recorded_market
from tests.build.recordings import HOUR
from tests.build.sweeping import AtOnce, FinishedHere


def a_future(
    *markets: RecordedMarket, model: str = "bootstrap", seed: int = 7, bars: int = 24 * 20
) -> Future:
    taken = markets or (a_recorded_market(),)
    timeframe = taken[0].finest
    if model == "bootstrap":
        dice = Dice(reel=reel(taken, timeframe), mean_block=24.0)
    else:
        dice = Dice(models=tuple(calibrated(market, timeframe) for market in taken))
    return Future(
        markets=tuple(tails(market, 300) for market in taken),
        timeframe=timeframe,
        start_ms=int(taken[0].series[timeframe].time_ms[-1]) + timeframe.ms,
        bars=bars,
        dice=dice,
        seed=seed,
    )


def a_walk(future: Future | None = None) -> Walk:
    return Walk(future=future or a_future(), strategy="sma_cross", params=POINTS[0], terms=OPEN_TERMS)


@pytest.mark.parametrize("size", [2])
def test_any_number_of_processes_walks_the_same_paths(size: int) -> None:
    walk = a_walk()
    crew, finished = ProcessCrew(walk, size=size), FinishedHere()
    try:
        found = walk_paths(12, crew, finished, lambda *told: None)
    finally:
        crew.close()
    assert found == [walked(walk, number) for number in range(12)]
    assert len({path.equity[-1] for path in found}) > 6


def test_more_paths_go_on_from_those_that_are_there() -> None:
    crew, finished = ExecutorCrew(AtOnce(), a_walk(), size=1), FinishedHere()
    few = walk_paths(3, crew, finished, lambda *told: None)
    many = walk_paths(8, crew, finished, lambda *told: None)
    assert many[:3] == few
    assert len(finished.added) == 8


@pytest.mark.parametrize("model", ["bootstrap", "gbm"])
def test_paths_go_on_from_the_last_bar(model: str) -> None:
    market = a_recorded_market()
    future = a_future(market, model=model)
    (path,) = future.path(0)
    bars, recorded = path.series[Timeframe.H1], market.series[Timeframe.H1]
    assert len(bars) == 300 + future.bars
    assert (np.diff(bars.time_ms) == HOUR).all()
    assert bars.close[:300].tolist() == recorded.close[-300:].tolist()
    assert bars.time_ms[-1] + HOUR == future.stop_ms
    assert abs(bars.open[300] / recorded.close[-1] - 1) < 0.03
    assert path.fundings is not None
    assert path.fundings.time_ms.min() > future.start_ms
    (again,), (other,) = future.path(0), future.path(1)
    assert again.series[Timeframe.H1].close.tolist() == bars.close.tolist()
    assert other.series[Timeframe.H1].close.tolist() != bars.close.tolist()


def test_paths_are_the_children_that_a_seed_sequence_spawns() -> None:
    """So that no two of them ever share a number."""
    future = a_future()
    assert future.dice.reel is not None
    child = np.random.SeedSequence(7).spawn(4)[3]
    rows = np.random.default_rng(child).random(5)
    told = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(3,))).random(5)
    assert rows.tolist() == told.tolist()


def test_coarser_candles_are_added_up_from_the_path() -> None:
    market = a_recorded_market()
    hours = market.series[Timeframe.H1]
    both = replace(market, series={**market.series, Timeframe.H4: resample(hours, 4 * HOUR)})
    (path,) = a_future(both).path(2)
    coarse, fine = path.series[Timeframe.H4], path.series[Timeframe.H1]
    at = np.searchsorted(fine.time_ms, coarse.time_ms[-20:])
    assert coarse.close[-20:].tolist() == fine.close[at + 3].tolist()
    assert coarse.high[-20:].tolist() == [fine.high[one : one + 4].max() for one in at]


def test_markets_of_a_path_move_together() -> None:
    one, two = a_recorded_market(), a_recorded_market(symbol="ETHUSDT")
    paths = a_future(one, two).path(0)
    first, second = (path.series[Timeframe.H1].close for path in paths)
    assert first.tolist() == second.tolist()  # they were recorded alike
    told = walked(a_walk(a_future(one, two)), 0)
    assert told.figures["trades"] is not None


def test_what_a_path_came_to_is_told_over_time() -> None:
    walk = a_walk()
    told = walked(walk, 0)
    assert len(told.equity) == len(told.market) == 120
    assert told.figures["roi"] == pytest.approx(told.equity[-1] - 1, abs=1e-6)
    (path,) = walk.future.path(0)
    bars = path.series[Timeframe.H1]
    assert told.market[-1] == pytest.approx(bars.close[-1] / bars.close[299], rel=1e-6)
    gated = walked(replace(walk, is_gated=True), 0)
    assert gated.figures["roi"] == pytest.approx(told.figures["roi"])
