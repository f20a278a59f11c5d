"""The best of many points."""

from engines.simulate.choosing import best, ranked


def rows(*pairs: tuple[float | None, float]) -> list[dict[str, float | None]]:
    return [{"sharpe": figure, "trades": trades} for figure, trades in pairs]


def test_more_is_better_and_equals_stay_in_order() -> None:
    assert ranked(rows((1.0, 20), (2.0, 20), (1.0, 20), (-1.0, 20)), "sharpe") == [1, 0, 2, 3]


def test_few_trades_and_no_figure_are_not_chosen() -> None:
    tried = rows((9.0, 3), (None, 100), (0.5, 10))
    assert best(tried, "sharpe") == 2
    assert best(tried, "sharpe", least_trades=3) == 0
    assert best(tried, "sharpe", least_trades=200) is None
    assert best([], "sharpe") is None
