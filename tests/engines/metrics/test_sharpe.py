"""Sharpe ratios and how much of them is luck."""

import math

import numpy as np
import pytest

from engines.metrics.sharpe import (
    Moments,
    deflated_among,
    deflated_sharpe,
    luckiest_sharpe,
    moments,
    probabilistic_sharpe,
)


def a_shape(ratio: float, count: int, skewness: float = 0.0, kurtosis: float = 3.0) -> Moments:
    return Moments(count=count, mean=ratio, deviation=1.0, downside=1.0, skewness=skewness, kurtosis=kurtosis)


def test_the_example_of_the_paper() -> None:
    """Bailey and López de Prado (2014): 100 trials whose yearly ratios have a variance of 1/2, the best of
    them 2.5 over five years of 250 days, skewness -3, kurtosis 10: luck would have shown 0.1132 a day, and
    what is found deflates to 0.9004."""
    variance = 0.5 / 250
    assert luckiest_sharpe(100, variance) == pytest.approx(0.1132, abs=5e-5)
    best = a_shape(2.5 / math.sqrt(250), 1250, skewness=-3.0, kurtosis=10.0)
    assert deflated_sharpe(best, trials=100, variance=variance) == pytest.approx(0.9004, abs=5e-5)


def test_one_trial_is_not_deflated() -> None:
    shape = a_shape(0.1, 500)
    assert deflated_sharpe(shape, trials=1, variance=0.3) == probabilistic_sharpe(shape)


def test_no_merit_is_as_probable_as_not() -> None:
    assert probabilistic_sharpe(a_shape(0.0, 500)) == 0.5


def test_more_trials_leave_less() -> None:
    found = [deflated_sharpe(a_shape(0.12, 700), trials=trials, variance=0.001) for trials in (2, 20, 200)]
    assert None not in found
    assert sorted(found, key=lambda one: one or 0, reverse=True) == found


def test_the_best_of_noise_is_told_apart_from_merit() -> None:
    rng = np.random.default_rng(5)
    noise = [moments(rng.normal(0, 0.01, 700)) for _ in range(100)]
    lucky = max(noise, key=lambda one: one.sharpe or 0)
    real = moments(rng.normal(0.0025, 0.01, 700))
    of_luck, of_merit = deflated_among(lucky, noise), deflated_among(real, [*noise, real])
    assert of_luck is not None
    assert of_merit is not None
    assert of_luck < 0.9 < 0.99 < of_merit


def test_moments_of_known_returns() -> None:
    found = moments(np.array([0.0, 0.0, 0.0, 4.0]))
    assert (found.mean, found.deviation, found.sharpe) == pytest.approx((1.0, 2.0, 0.5))
    assert found.skewness == pytest.approx(2 / math.sqrt(3))
    assert found.kurtosis == pytest.approx(7 / 3)


@pytest.mark.parametrize("returns", [[0.01], [0.01] * 50, [0.1 + 0.2, 0.3]])
def test_returns_that_do_not_move_have_no_ratio(returns: list[float]) -> None:
    shape = moments(np.array(returns))
    assert (shape.sharpe, shape.skewness, probabilistic_sharpe(shape)) == (None, None, None)


def test_no_returns_are_refused() -> None:
    with pytest.raises(ValueError, match="no moments"):
        moments(np.empty(0))
