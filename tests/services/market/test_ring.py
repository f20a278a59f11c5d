import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import pick
from services.market.ring import Ring, Rings
from tests.build.candles import JANUARY_MS, a_series, rows_of, some_candles

CAPACITY = 40
MANY = some_candles(300, seed=1)
OTHER = some_candles(300, seed=2)
"""The same times, revised."""


def a_bar(time_ms: int, at_ms: int, close: float) -> Bar:
    return Bar(
        symbol="BTCUSDT",
        kind=MarketKind.SPOT,
        timeframe=Timeframe.M5,
        time_ms=time_ms,
        open=1.0,
        high=9.0,
        low=0.5,
        close=close,
        volume=1.0,
        is_closed=False,
        at_ms=at_ms,
    )


@given(st.lists(st.tuples(st.integers(0, 299), st.integers(1, 70), st.booleans()), min_size=1, max_size=25))
@settings(max_examples=150, deadline=None)
def test_it_holds_the_newest_of_all_it_was_given_and_views_never_change(
    parts: list[tuple[int, int, bool]],
) -> None:
    ring, model = Ring(CAPACITY), dict[float, tuple[float, ...]]()
    views: list[tuple[Candles, list[tuple[float, ...]]]] = []
    for start, count, is_revised in parts:
        taken = (OTHER if is_revised else MANY).rows(start, min(start + count, 300))
        ring.take(taken)
        model.update({row[0]: row for row in rows_of(taken)})
        model = {at: model[at] for at in sorted(model)[-CAPACITY:]}

        assert rows_of(ring.closed()) == list(model.values())
        assert ring.last_ms == max(model)
        assert rows_of(ring.closed(7)) == list(model.values())[-7:]
        views.append((ring.closed(), list(model.values())))
    for view, seen in views:
        assert rows_of(view) == seen


def test_an_old_candle_cannot_push_a_newer_one_out() -> None:
    ring = Ring(3)
    ring.take(MANY.rows(10, 13))
    ring.take(MANY.rows(2, 5))
    assert rows_of(ring.closed()) == rows_of(MANY.rows(10, 13))


def test_a_hole_can_be_filled_later() -> None:
    ring = Ring(10)
    ring.take(pick(MANY, np.array([0, 1, 4, 5])))
    ring.take(MANY.rows(2, 4))
    assert rows_of(ring.closed()) == rows_of(MANY.rows(0, 6))


def test_appending_one_by_one_seldom_moves_what_is_there() -> None:
    ring = Ring(1000)
    many = some_candles(3000)
    places = set()
    for row in range(3000):
        ring.take(many.rows(row, row + 1))
        places.add(id(ring.closed().time_ms.base))
    assert rows_of(ring.closed()) == rows_of(many.rows(2000))
    assert len(places) < 20


def test_the_forming_candle_is_behind_the_closed_ones_until_it_closes() -> None:
    ring = Ring(10)
    assert len(ring.whole()) == 0
    ring.take(MANY.rows(0, 2))
    next_ms = JANUARY_MS + 2 * Timeframe.M5.ms
    ring.form(a_bar(next_ms, next_ms + 2, 2.0))
    ring.form(a_bar(next_ms, next_ms + 1, 1.0))
    assert ring.whole().close.tolist() == [*MANY.close[:2].tolist(), 2.0]
    ring.form(a_bar(JANUARY_MS, next_ms + 9, 3.0))
    assert ring.forming is not None
    assert ring.forming.close == 2.0
    ring.take(MANY.rows(2, 3))
    assert ring.forming is None
    assert rows_of(ring.whole()) == rows_of(MANY.rows(0, 3))


def test_rings_are_kept_by_series() -> None:
    rings, btc, eth = Rings(5), a_series("BTCUSDT"), a_series("ETHUSDT")
    assert rings.get(btc) is None
    rings.open(btc).take(MANY.rows(0, 9))
    assert rings.open(btc) is rings.get(btc)
    assert len(rings.open(btc)) == 5
    assert len(rings) == 1
    rings.drop(btc)
    rings.drop(eth)
    assert len(rings) == 0
