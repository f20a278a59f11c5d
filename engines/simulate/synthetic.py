"""A synthetic crypto market, made block by block: the same random numbers give the same market.

Every coin follows a common factor (which bitcoin nearly is) and its own shocks. Volatility comes in regimes
(calm, normal, storm) and wanders slowly besides, drift comes in bull and bear phases, tails are Student-t
with jumps, and volume rises with volatility and with the hour of the day. It is meant to look like a market
to indicators and people; it does not forecast one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.core.candle import FloatArray, IntArray
from engines.simulate.coins import Coin

ShortArray = npt.NDArray[np.float32]

BLOCK_HOURS = 30 * 24

_HOURS_A_YEAR = 24 * 365
_MARKET_VOLATILITY = 0.50  # annual, of the common factor in the normal regime
_REGIME_LEVEL = np.array([0.55, 1.0, 2.1])
# chance per hour of going to (calm, normal, storm) from each of them
_REGIME_MOVES = np.array([[0.992, 0.008, 0.0], [0.004, 0.992, 0.004], [0.0, 0.020, 0.980]])
_TREND_DRIFT = np.array([0.9, -0.8])  # annual log drift of the factor in bull and bear
_TREND_END = 1 / (24 * 25)
_WANDER_MEMORY, _WANDER_STEP = 0.985, 0.07
_TAIL_FREEDOM = 4.0
_JUMP_CHANCE, _JUMP_SIZE = 1 / 900, 0.025
_OWN_JUMP_CHANCE, _OWN_JUMP_SIZE = 1 / 1500, 0.05
_HOMING = 0.12  # share of the distance from the usual price that is lost in a block
_WICK = 0.45
_BUSY_HOURS = 1 + 0.45 * np.cos((np.arange(24) - 15) * 2 * np.pi / 24)  # Europe and New York together


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Where the market stands between two blocks: the regimes and each coin's slow state."""

    regime: int
    trend: int
    wander: FloatArray
    log_price: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """One block of hours before prices are put on a scale; arrays are (coins, hours).

    `log_close` is relative to where the market began; `up` and `down` are the wicks' lengths as log
    distances; `turnover` is in USDT. Years of tape wait for their scale, so what needs little precision
    is kept short.
    """

    log_close: FloatArray
    up: ShortArray
    down: ShortArray
    turnover: ShortArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Priced hourly bars on each coin's grid, arrays of (coins, hours)."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray


def opening_mood(coins: Sequence[Coin]) -> Mood:
    """The mood in which every synthetic market begins."""
    return Mood(regime=1, trend=0, wander=np.zeros(len(coins) + 1), log_price=np.zeros(len(coins)))


def play_block(mood: Mood, coins: Sequence[Coin], rng: np.random.Generator) -> tuple[Tape, Mood]:
    """The next `BLOCK_HOURS` hours, starting at midnight UTC, and the mood after them."""
    regimes = _markov(mood.regime, rng.random(BLOCK_HOURS), np.cumsum(_REGIME_MOVES, axis=1))
    trends = _trends(mood.trend, rng.random(BLOCK_HOURS))
    wander = _wander(mood.wander, rng.standard_normal((BLOCK_HOURS, len(coins) + 1)))
    level = _REGIME_LEVEL[regimes]
    factor = _factor(level * np.exp(wander[:, 0]), trends, rng)
    beta = np.array([coin.beta for coin in coins])
    own = np.array([coin.own_volatility for coin in coins]) / np.sqrt(_HOURS_A_YEAR)
    own_scale = own * np.sqrt(level)[:, None] * np.exp(wander[:, 1:])
    returns = factor[:, None] * beta + _own_moves(own_scale, rng)
    returns -= mood.log_price * _HOMING / BLOCK_HOURS
    typical = np.hypot(_hourly(_MARKET_VOLATILITY) * beta * level[:, None], own_scale)
    log_close = (mood.log_price + np.cumsum(returns, axis=0)).T
    tape = Tape(
        log_close=log_close,
        up=_wicks(typical, rng).astype(np.float32),
        down=_wicks(typical, rng).astype(np.float32),
        turnover=_turnover(coins, returns, typical, level, rng).astype(np.float32),
    )
    after = Mood(
        regime=int(regimes[-1]),
        trend=int(trends[-1]),
        wander=wander[-1],
        log_price=log_close[:, -1],
    )
    return tape, after


def price_block(tape: Tape, coins: Sequence[Coin], scale: FloatArray, before: FloatArray) -> Bars:
    """`tape` as bars whose prices are `scale` x exp(log price), on each coin's grid.

    `before` are the closes of the block before: every bar opens where the last one closed.
    """
    tick = 10.0 ** -np.array([coin.price_decimals for coin in coins])[:, None]
    exact = np.maximum(scale[:, None] * np.exp(tape.log_close), tick)
    close = _on_grid(exact, coins)
    opens = np.concatenate((before[:, None], close[:, :-1]), axis=1)
    high = _on_grid(np.maximum(opens, close) * np.exp(tape.up), coins)
    low = np.maximum(_on_grid(np.minimum(opens, close) * np.exp(-tape.down), coins), _on_grid(tick, coins))
    volume = tape.turnover / exact
    for row, coin in enumerate(coins):
        volume[row] = np.round(volume[row], coin.volume_decimals)
    return Bars(open=opens, high=high, low=low, close=close, volume=volume)


def _hourly(annual: float) -> float:
    return float(annual / np.sqrt(_HOURS_A_YEAR))


def _markov(state: int, draws: FloatArray, ladder: FloatArray) -> IntArray:
    """States of a Markov chain; `ladder` holds cumulative chances by row."""
    rungs = ladder.tolist()
    states = []
    for draw in draws.tolist():
        low, middle, _ = rungs[state]
        state = 0 if draw < low else 1 if draw < middle else 2
        states.append(state)
    return np.array(states, dtype=np.int64)


def _trends(trend: int, draws: FloatArray) -> IntArray:
    turns = np.cumsum(draws < _TREND_END)
    return np.asarray((trend + turns) % 2, dtype=np.int64)


def _wander(start: FloatArray, noise: FloatArray) -> FloatArray:
    """Slow log-volatility, an AR(1) for the factor (column 0) and each coin."""
    state = start
    out = np.empty_like(noise)
    for hour, step in enumerate(noise):
        state = _WANDER_MEMORY * state + _WANDER_STEP * step
        out[hour] = state
    return out


def _student(rng: np.random.Generator, shape: int | tuple[int, ...]) -> FloatArray:
    """Student-t numbers of variance 1."""
    fat = rng.standard_t(_TAIL_FREEDOM, shape)
    return np.asarray(fat / np.sqrt(_TAIL_FREEDOM / (_TAIL_FREEDOM - 2)), dtype=np.float64)


def _factor(level: FloatArray, trends: IntArray, rng: np.random.Generator) -> FloatArray:
    hours = len(level)
    jumps = (rng.random(hours) < _JUMP_CHANCE) * rng.normal(-0.3 * _JUMP_SIZE, _JUMP_SIZE, hours)
    drift = _TREND_DRIFT[trends] / _HOURS_A_YEAR
    return np.asarray(
        drift + jumps * level + _hourly(_MARKET_VOLATILITY) * level * _student(rng, hours),
        dtype=np.float64,
    )


def _own_moves(scale: FloatArray, rng: np.random.Generator) -> FloatArray:
    jumps = (rng.random(scale.shape) < _OWN_JUMP_CHANCE) * rng.normal(0.0, _OWN_JUMP_SIZE, scale.shape)
    # a quiet coin jumps little: bitcoin's own jumps must stay small beside the factor's
    quietness = np.minimum(1.0, scale / _hourly(0.6))
    return np.asarray(scale * _student(rng, scale.shape) + jumps * quietness, dtype=np.float64)


def _wicks(typical: FloatArray, rng: np.random.Generator) -> FloatArray:
    return np.abs(rng.standard_normal(typical.T.shape)) * typical.T * _WICK


def _turnover(
    coins: Sequence[Coin],
    returns: FloatArray,
    typical: FloatArray,
    level: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    usual = np.array([coin.turnover for coin in coins])[:, None] / 24
    hours = _BUSY_HOURS[np.arange(BLOCK_HOURS) % 24]
    surprise = np.minimum(np.abs(returns.T) / typical.T, 6.0)
    luck = rng.normal(0.0, 0.25, surprise.shape)
    return np.asarray(usual * hours * np.sqrt(level) * np.exp(0.35 * (surprise - 0.8) + luck), np.float64)


def _on_grid(prices: FloatArray, coins: Sequence[Coin]) -> FloatArray:
    rounded = np.empty_like(prices)
    for row, coin in enumerate(coins):
        np.round(prices[row], coin.price_decimals, out=rounded[row])
    return rounded
