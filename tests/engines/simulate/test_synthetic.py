"""The synthetic market has the habits of a real one, and the same seed makes the same market."""

from functools import cache

import numpy as np
import pytest

from engines.core.candle import FloatArray
from engines.simulate.coins import COINS
from engines.simulate.synthetic import BLOCK_HOURS, Bars, opening_mood, play_block, price_block

SEEDS = (3, 7, 11)


@cache
def play(seed: int, blocks: int = 12) -> tuple[Bars, ...]:
    mood = opening_mood(COINS)
    scale = np.array([coin.price for coin in COINS])
    before = np.array([round(coin.price, coin.price_decimals) for coin in COINS])
    played = []
    for number in range(blocks):
        tape, mood = play_block(mood, COINS, np.random.default_rng([seed, number]))
        played.append(price_block(tape, COINS, scale, before))
        before = played[-1].close[:, -1]
    return tuple(played)


def closes(seed: int) -> FloatArray:
    return np.concatenate([block.close for block in play(seed)], axis=1)


def returns(seed: int) -> FloatArray:
    moves: FloatArray = np.diff(np.log(closes(seed)), axis=1)
    return moves


def test_the_same_seed_makes_the_same_market_and_another_another() -> None:
    first, again, other = play(3, 1)[0], play.__wrapped__(3, 1)[0], play(4, 1)[0]
    np.testing.assert_array_equal(first.close, again.close)
    np.testing.assert_array_equal(first.volume, again.volume)
    assert not np.array_equal(first.close, other.close)


@pytest.mark.parametrize("seed", SEEDS)
def test_bars_are_sound_and_each_opens_where_the_last_closed(seed: int) -> None:
    last = None
    for block in play(seed):
        assert (block.high >= np.maximum(block.open, block.close)).all()
        assert (block.low <= np.minimum(block.open, block.close)).all()
        assert (block.low > 0).all()
        assert (block.volume >= 0).all()
        np.testing.assert_array_equal(block.open[:, 1:], block.close[:, :-1])
        if last is not None:
            np.testing.assert_array_equal(block.open[:, 0], last)
        last = block.close[:, -1]


def test_prices_and_volumes_stand_on_each_coins_grid() -> None:
    block = play(3)[0]
    for row, coin in enumerate(COINS):
        np.testing.assert_array_equal(np.round(block.high[row], coin.price_decimals), block.high[row])
        np.testing.assert_array_equal(np.round(block.volume[row], coin.volume_decimals), block.volume[row])


@pytest.mark.parametrize("seed", SEEDS)
def test_tails_are_fat(seed: int) -> None:
    moves = returns(seed)
    centred = moves - moves.mean(axis=1, keepdims=True)
    kurtosis = (centred**4).mean(axis=1) / centred.var(axis=1) ** 2
    assert np.median(kurtosis) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_volatility_comes_in_clusters_while_direction_does_not(seed: int) -> None:
    bitcoin = returns(seed)[0]
    size = np.abs(bitcoin)
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.08
    assert np.corrcoef(size[24:], size[:-24])[0, 1] > 0.03
    assert abs(np.corrcoef(bitcoin[1:], bitcoin[:-1])[0, 1]) < 0.08


@pytest.mark.parametrize("seed", SEEDS)
def test_coins_move_together_but_not_as_one(seed: int) -> None:
    pairs = np.atleast_2d(np.corrcoef(returns(seed)))[0, 1:]
    assert 0.5 < np.median(pairs) < 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_volatility_is_that_of_crypto(seed: int) -> None:
    annual = returns(seed).std(axis=1) * np.sqrt(24 * 365)
    assert 0.3 < annual[0] < 1.2
    assert annual.max() < 3.5


def test_volume_rises_with_the_move_and_with_the_hour() -> None:
    volume = np.concatenate([block.volume for block in play(3)], axis=1)[0]
    assert np.corrcoef(np.abs(returns(3)[0]), volume[1:])[0, 1] > 0.3
    by_hour = volume.reshape(-1, 24).mean(axis=0)
    assert by_hour[15] > 1.5 * by_hour[3]


def test_a_block_has_thirty_days_of_every_coin() -> None:
    assert play(3)[0].close.shape == (len(COINS), BLOCK_HOURS)
    assert len({coin.symbol for coin in COINS}) == len(COINS) == 50
