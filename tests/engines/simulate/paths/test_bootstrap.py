"""Histories drawn from blocks of a recorded one keep its bars, its blocks and what moved together."""

from decimal import Decimal

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.paths.bootstrap import bootstrap_paths, drawn, reel
from engines.simulate.paths.calibration import log_returns
from tests.build.recordings import HOUR, JANUARY_MS, some_bars

BARS = 3000


def a_market(symbol: str, bars: Candles, fundings: Fundings | None = None) -> RecordedMarket:
    instrument = Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        kind=MarketKind.PERP,
        tick=Decimal("0.00000001"),
        lot=Decimal("0.001"),
        min_notional=Decimal(5),
    )
    return RecordedMarket(instrument=instrument, series={Timeframe.H1: bars}, fundings=fundings)


def btc(count: int = BARS) -> RecordedMarket:
    times = JANUARY_MS + np.arange(1, count // 8) * 8 * HOUR
    fundings = Fundings(time_ms=times, rate=np.linspace(1e-6, 4e-4, len(times)))
    return a_market("BTCUSDT", some_bars(Timeframe.H1, count, price=60_000.0), fundings)


def test_blocks_are_as_long_as_asked_and_follow_the_recording() -> None:
    places = drawn(1000, 200_000, 25.0, np.random.default_rng(1))
    assert places.min() >= 0
    assert places.max() < 1000
    jumps = np.flatnonzero((np.diff(places) - 1) % 1000)
    assert abs(len(places) / (len(jumps) + 1) / 25.0 - 1) < 0.05
    lengths = np.diff(jumps)
    assert abs((lengths == 1).mean() - 1 / 25) < 0.01  # geometric: the shortest are the most frequent
    assert np.bincount(places, minlength=1000).min() > 0  # every bar, the ends of the ring too
    assert len(set(drawn(50, 500, 1e9, np.random.default_rng(2)) - np.arange(500) % 50)) <= 2  # one block
    with pytest.raises(ValueError, match="at least one bar"):
        drawn(10, 10, 0.5, np.random.default_rng(1))


def test_bars_are_kept_whole_relative_to_the_close_before() -> None:
    market = btc()
    bars = market.series[Timeframe.H1]
    (path,) = bootstrap_paths(
        reel([market], Timeframe.H1), np.random.default_rng(3), start_ms=0, bars=2000, mean_block=20.0
    )
    told = path.candles
    assert told.time_ms.tolist() == list(range(0, 2000 * HOUR, HOUR))
    before = np.concatenate(([bars.close[-1]], told.close[:-1]))
    recorded = {
        tuple(np.round(row, 7))
        for row in np.stack([bars.open[1:], bars.high[1:], bars.low[1:], bars.close[1:]], axis=1)
        / bars.close[:-1, None]
    }
    drawn_rows = np.stack([told.open, told.high, told.low, told.close], axis=1) / before[:, None]
    assert {tuple(np.round(row, 7)) for row in drawn_rows} <= recorded
    assert set(told.volume) <= set(bars.volume)


def test_moments_of_the_recording_are_kept() -> None:
    market = btc()
    recorded = log_returns(market.series[Timeframe.H1], HOUR)
    source = reel([market], Timeframe.H1)
    means, deviations = [], []
    for seed in range(40):
        (path,) = bootstrap_paths(source, np.random.default_rng(seed), start_ms=0, bars=BARS, mean_block=50.0)
        returns = log_returns(path.candles, HOUR)
        means.append(returns.mean())
        deviations.append(returns.std())
    error = recorded.std() / np.sqrt(BARS * 40)
    assert abs(np.mean(means) - recorded.mean()) < 4 * error
    assert abs(np.mean(deviations) / recorded.std() - 1) < 0.01


def test_markets_take_the_same_blocks() -> None:
    """The second market is the first one squared: in every path it still is."""
    one = btc()
    bars = one.series[Timeframe.H1]
    squared = Candles(
        time_ms=bars.time_ms,
        open=bars.open**2,
        high=bars.high**2,
        low=bars.low**2,
        close=bars.close**2,
        volume=bars.volume,
    )
    first, second = bootstrap_paths(
        reel([one, a_market("ETHUSDT", squared)], Timeframe.H1),
        np.random.default_rng(5),
        start_ms=0,
        bars=500,
        mean_block=10.0,
    )
    assert np.allclose(first.candles.close**2, second.candles.close, rtol=1e-9)
    assert first.candles.volume.tolist() == second.candles.volume.tolist()


def test_settlements_go_with_their_bars() -> None:
    market = btc()
    assert market.fundings is not None
    bars = market.series[Timeframe.H1]
    (path,) = bootstrap_paths(
        reel([market], Timeframe.H1), np.random.default_rng(7), start_ms=0, bars=4000, mean_block=40.0
    )
    assert path.fundings is not None
    by_rate = dict(zip(market.fundings.rate.tolist(), market.fundings.time_ms.tolist(), strict=True))
    for at, rate in zip(path.fundings.time_ms.tolist(), path.fundings.rate.tolist(), strict=True):
        was = int(np.searchsorted(bars.time_ms, by_rate[rate] - HOUR))
        is_now = at // HOUR - 1
        assert path.candles.volume[is_now] == bars.volume[was]
    assert abs(len(path.fundings.rate) / (4000 / 8) - 1) < 0.1


def test_holes_are_never_bridged_and_markets_meet_where_both_have_bars() -> None:
    """A bar after a hole would bring the move of the whole hole with it."""
    whole = some_bars(Timeframe.H1, 200, price=100.0)
    jumped = Candles(
        time_ms=whole.time_ms,
        open=whole.open * np.where(np.arange(200) >= 120, 50, 1),
        high=whole.high * np.where(np.arange(200) >= 120, 50, 1),
        low=whole.low * np.where(np.arange(200) >= 120, 50, 1),
        close=whole.close * np.where(np.arange(200) >= 120, 50, 1),
        volume=whole.volume,
    )
    market = a_market("BTCUSDT", chain([jumped.rows(0, 100), jumped.rows(120)]))
    source = reel([market], Timeframe.H1)
    assert source.bars == 99 + 79
    assert source.tapes[0].moves.max() < 2
    other = a_market("ETHUSDT", whole.rows(150))
    assert reel([market, other], Timeframe.H1).bars == 49
    with pytest.raises(ValueError, match="BTCUSDT, ETHUSDT: 9 bars in common are too few"):
        reel([market, a_market("ETHUSDT", whole.rows(190))], Timeframe.H1)


def test_the_same_seed_is_the_same_path() -> None:
    source = reel([btc()], Timeframe.H1)

    def closes(seed: int) -> list[float]:
        (path,) = bootstrap_paths(source, np.random.default_rng(seed), start_ms=0, bars=100, mean_block=5.0)
        told: list[float] = path.candles.close.tolist()
        return told

    assert closes(1) == closes(1)
    assert closes(1) != closes(2)
