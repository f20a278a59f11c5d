"""Made-up markets move as their numbers say."""

from decimal import Decimal

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.paths.calibration import calibrated, log_returns
from engines.simulate.paths.gbm import YEAR_MS, Basis, FundingNoise, Gbm, Path, gbm_path, on_grid

HOUR = 3_600_000
START = 1_735_689_600_000
YEAR_BARS = 24 * 365


def an_instrument(tick: str = "0.01", kind: MarketKind = MarketKind.PERP) -> Instrument:
    return Instrument(
        symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        kind=kind,
        tick=Decimal(tick),
        lot=Decimal("0.001"),
        min_notional=Decimal(5),
    )


def a_path(model: Gbm, seed: int = 1, bars: int = YEAR_BARS, tick: str = "0.01") -> Path:
    rng = np.random.default_rng(seed)
    return gbm_path(model, an_instrument(tick), rng, start_ms=START, bars=bars, length_ms=HOUR)


SPOT = Gbm(price=50_000.0, drift=0.2, volatility=0.6, volume=3.0)
PERP = Gbm(
    price=50_000.0,
    drift=0.0,
    volatility=0.6,
    volume=3.0,
    basis=Basis(mean=0.0004, deviation=0.001, half_life_h=6.0),
    funding=FundingNoise(mean=0.0001, deviation=0.0002, memory=0.8),
)


def test_bars_are_sound_and_on_the_grid() -> None:
    for model in (SPOT, PERP):
        bars = a_path(model, tick="0.5", bars=2000).candles
        assert (bars.time_ms == START + np.arange(2000) * HOUR).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.open[1:] == bars.close[:-1]).all()
        for column in (bars.open, bars.high, bars.low, bars.close):
            assert (column * 2 == np.rint(column * 2)).all()


def test_returns_have_the_moments_of_the_model() -> None:
    """Over 60 years of hours: volatility to 1 %, drift to three standard errors, no memory, no fat tails."""
    bars = a_path(SPOT, bars=60 * YEAR_BARS, tick="0.00000001").candles
    returns = log_returns(bars, HOUR)
    variance = returns.var() * YEAR_BARS
    assert abs(np.sqrt(variance) / 0.6 - 1) < 0.01
    assert abs(returns.mean() * YEAR_BARS - (0.2 - 0.18)) < 3 * 0.6 / np.sqrt(60)
    scaled = (returns - returns.mean()) / returns.std()
    assert abs((scaled**3).mean()) < 0.03
    assert abs((scaled**4).mean() - 3) < 0.06
    assert abs((scaled[1:] * scaled[:-1]).mean()) < 0.01


def test_extremes_reach_as_far_as_those_of_a_brownian_motion() -> None:
    """The expected range of a Brownian motion over one bar is 2 sqrt(2 / pi) of its deviation, and the mean
    square of the range 4 ln 2 of its variance (Feller 1951)."""
    bars = a_path(SPOT, bars=60_000, tick="0.00000001").candles
    deviation = 0.6 / np.sqrt(YEAR_BARS)
    reach = np.log(bars.high / bars.low)
    assert abs(reach.mean() / (2 * np.sqrt(2 / np.pi) * deviation) - 1) < 0.01
    upward = np.log(bars.high / bars.open)
    assert abs(upward.mean() / (np.sqrt(2 / np.pi) * deviation) - 1) < 0.01


def test_a_perpetual_stands_off_its_spot_by_the_basis() -> None:
    spot = a_path(Gbm(price=50_000.0, drift=0.0, volatility=0.6, volume=3.0), bars=40_000).candles
    perp = a_path(PERP, bars=40_000).candles
    basis = perp.close / spot.close - 1
    assert abs(basis.mean() - 0.0004) < 0.0001
    assert abs(basis.std() / 0.001 - 1) < 0.05
    around = basis - basis.mean()
    six = (around[6:] * around[:-6]).mean() / around.var()
    assert abs(six - 0.5) < 0.05  # half of it is lost in six hours


def test_funding_comes_every_eight_hours_and_remembers() -> None:
    fundings = a_path(PERP, bars=3 * YEAR_BARS).fundings
    assert fundings is not None
    assert (np.diff(fundings.time_ms) == 8 * HOUR).all()
    assert (fundings.time_ms % (8 * HOUR) == 0).all()
    assert fundings.time_ms[0] > START
    assert fundings.time_ms[-1] <= START + 3 * YEAR_BARS * HOUR
    assert abs(fundings.rate.mean() - 0.0001) < 0.00004
    around = fundings.rate - fundings.rate.mean()
    assert abs((around[1:] * around[:-1]).mean() / around.var() - 0.8) < 0.05
    assert a_path(SPOT, bars=10).fundings is None


def test_the_same_seed_is_the_same_path_and_another_is_not() -> None:
    first, again, other = a_path(PERP, bars=500), a_path(PERP, bars=500), a_path(PERP, seed=2, bars=500)
    assert first.candles.close.tolist() == again.candles.close.tolist()
    assert first.candles.close.tolist() != other.candles.close.tolist()


def test_prices_never_fall_off_the_grid() -> None:
    prices = on_grid(np.array([0.0000001, 0.034, 0.0351]), an_instrument("0.01"))
    assert prices.tolist() == [0.01, 0.03, 0.04]


def test_a_model_is_learnt_from_its_own_path() -> None:
    spot = a_path(Gbm(price=50_000.0, drift=0.0, volatility=0.6, volume=3.0), bars=40_000)
    path = a_path(PERP, bars=40_000)
    market = RecordedMarket(
        instrument=an_instrument(), series={Timeframe.H1: path.candles}, fundings=path.fundings
    )
    learnt = calibrated(market, Timeframe.H1, spot.candles)
    assert learnt.price == path.candles.close[-1]
    assert abs(learnt.volatility / 0.6 - 1) < 0.02
    assert learnt.volume == 3.0
    assert learnt.basis is not None
    assert abs(learnt.basis.deviation / 0.001 - 1) < 0.05
    assert abs(learnt.basis.half_life_h / 6 - 1) < 0.1
    assert learnt.funding is not None
    assert abs(learnt.funding.memory - 0.8) < 0.05
    assert learnt.funding.every_ms == 8 * HOUR
    returns = np.log(path.candles.close[-1] / path.candles.close[0])
    years = 40_000 * HOUR / YEAR_MS
    assert abs(learnt.drift - learnt.volatility**2 / 2 - returns / years) < 0.001


def test_where_nothing_is_recorded_a_perpetual_has_the_usual_basis_and_funding() -> None:
    candles = a_path(SPOT, bars=200).candles
    perp = RecordedMarket(instrument=an_instrument(), series={Timeframe.H1: candles})
    learnt = calibrated(perp, Timeframe.H1)
    assert (learnt.basis, learnt.funding) == (Basis(), FundingNoise())
    spot = RecordedMarket(instrument=an_instrument(kind=MarketKind.SPOT), series={Timeframe.H1: candles})
    assert calibrated(spot, Timeframe.H1).basis is None
    still = Fundings(time_ms=START + np.arange(20) * 8 * HOUR, rate=np.full(20, 0.0001))
    flat = RecordedMarket(instrument=an_instrument(), series={Timeframe.H1: candles}, fundings=still)
    funding = calibrated(flat, Timeframe.H1, candles.rows(0, 10)).funding
    assert funding is not None
    assert (funding.deviation < 1e-12, funding.memory) == (True, 0.0)


def test_too_little_history_and_impossible_numbers_are_refused() -> None:
    candles: Candles = a_path(SPOT, bars=20).candles
    market = RecordedMarket(instrument=an_instrument(), series={Timeframe.H1: candles})
    with pytest.raises(ValueError, match="BTCUSDT: 19 returns are too few"):
        calibrated(market, Timeframe.H1)
    with pytest.raises(ValueError, match="a price above 0"):
        Gbm(price=0.0, drift=0.0, volatility=0.1, volume=1.0)
    with pytest.raises(ValueError, match="a half-life above 0"):
        Gbm(price=1.0, drift=0.0, volatility=0.1, volume=1.0, basis=Basis(half_life_h=0.0))
    with pytest.raises(ValueError, match="a memory from 0"):
        Gbm(price=1.0, drift=0.0, volatility=0.1, volume=1.0, funding=FundingNoise(memory=1.0))
