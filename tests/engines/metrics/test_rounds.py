"""What positions brought."""

import pytest

from engines.metrics.rounds import round_figures
from tests.build.measured import rounds_of


def test_wins_losses_and_what_one_is_worth() -> None:
    found = round_figures(rounds_of([30.0, -10.0, -10.0, 50.0, 0.0]))
    assert (found.closed, found.win_rate, found.profit_factor) == (5, 0.4, 4.0)
    assert (found.expectancy, found.payoff) == (12.0, 4.0)
    assert (found.best, found.worst, found.losses_in_a_row) == (50.0, -10.0, 2)
    assert found.held_ms == 3_600_000


def test_fees_are_taken_off_before_a_position_has_won() -> None:
    found = round_figures(rounds_of([-1.0, 2.0], fee=3.0))
    assert (found.win_rate, found.fees) == (0.5, 6.0)


def test_the_open_position_is_neither_won_nor_lost() -> None:
    found = round_figures(rounds_of([10.0, -500.0], still_open=[False, True], fee=1.0, traded=70.0))
    assert (found.closed, found.still_open, found.profit_factor, found.worst) == (1, 1, None, 10.0)
    assert (found.fees, found.traded) == (2.0, 140.0)


def test_r_is_of_those_that_had_a_stop() -> None:
    found = round_figures(rounds_of([30.0, -10.0, 99.0], risk=[10.0, 10.0, float("nan")]))
    assert found.average_r == pytest.approx(1.0)


def test_no_loss_has_no_profit_factor() -> None:
    assert round_figures(rounds_of([1.0])).profit_factor is None
    assert round_figures(rounds_of([-1.0])).profit_factor == 0.0
