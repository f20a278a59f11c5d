"""Fills of orders that were never sent: depth, what was eaten of it, the queue, and prices that can be."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.depth import Depth
from engines.core.side import Side
from engines.orders.order import Order, OrderKind, OrderState
from engines.simulate.consumption import Consumption
from engines.simulate.matching import Served, Taken, queue_ahead, serve, serve_resting, take, take_depth
from tests.build.orders import NOW, PERP, a_move, after, an_intent, an_order

D = Decimal
BOOK = Depth(
    symbol="BTCUSDT",
    bids=((D("99.9"), D(1)), (D("99.8"), D(2)), (D("99.5"), D(4))),
    asks=((D("100.1"), D(1)), (D("100.2"), D(2)), (D("100.5"), D(4))),
    at=NOW,
)


def taken(side: Side, quantity: object, **changes: Any) -> list[tuple[str, Decimal]]:
    asked: dict[str, Any] = {"at": NOW, "eaten": Consumption(), **changes}
    depth = asked.pop("depth", BOOK)
    parts = take_depth(PERP, side, D(str(quantity)), depth, **asked)
    return [(str(part.price), part.quantity) for part in parts]


# taking


def test_an_order_walks_the_book() -> None:
    assert taken(Side.BUY, "2.5") == [("100.1", D(1)), ("100.2", D("1.5"))]
    assert taken(Side.SELL, "3.001") == [("99.9", D(1)), ("99.8", D(2)), ("99.5", D("0.001"))]


def test_a_book_that_ends_fills_in_part() -> None:
    assert sum(quantity for _, quantity in taken(Side.BUY, 100)) == 7
    assert taken(Side.BUY, 1, depth=replace(BOOK, asks=())) == []


def test_nothing_is_taken_beyond_the_worst_price() -> None:
    assert taken(Side.BUY, 100, worst_price=D("100.2")) == [("100.1", D(1)), ("100.2", D(2))]
    assert taken(Side.SELL, 100, worst_price=D("99.85")) == [("99.9", D(1))]
    assert taken(Side.BUY, 100, worst_price=D(100)) == []


def test_a_book_of_another_time_is_moved_to_the_touch() -> None:
    assert taken(Side.SELL, 2, touch=D(95)) == [("95.0", D(1)), ("94.9", D(1))]
    assert taken(Side.BUY, 2, touch=D(110)) == [("110.0", D(1)), ("110.1", D(1))]
    assert taken(Side.BUY, 2, touch=D(110), worst_price=D(110)) == [("110.0", D(1))]


def test_a_book_moved_to_the_floor_has_no_price_below_a_tick() -> None:
    assert taken(Side.SELL, 100, touch=D("0.2")) == [("0.2", D(1)), ("0.1", D(2))]


def test_what_is_off_the_grid_moves_against_the_taker() -> None:
    odd = replace(BOOK, asks=((D("100.123"), D("1.0009")),), bids=((D("99.98"), D("0.0004")),))
    assert taken(Side.BUY, 2, depth=odd) == [("100.2", D("1.000"))]
    assert taken(Side.SELL, 2, depth=odd) == []


def test_one_level_is_not_sold_twice() -> None:
    eaten = Consumption()
    assert taken(Side.BUY, "0.7", eaten=eaten) == [("100.1", D("0.7"))]
    assert taken(Side.BUY, "0.7", eaten=eaten) == [("100.1", D("0.3")), ("100.2", D("0.4"))]
    assert taken(Side.SELL, "0.7", eaten=eaten) == [("99.9", D("0.7"))]


def test_the_eaten_level_of_a_moved_book_stays_eaten() -> None:
    eaten = Consumption()
    assert taken(Side.SELL, 1, touch=D(95), eaten=eaten) == [("95.0", D(1))]
    assert taken(Side.SELL, 1, touch=D(94), eaten=eaten) == [("93.9", D(1))]


def test_a_level_that_shows_another_size_is_whole_again() -> None:
    eaten = Consumption()
    taken(Side.BUY, 1, eaten=eaten)
    fresh = replace(BOOK, asks=((D("100.1"), D("1.5")),))
    assert taken(Side.BUY, 1, eaten=eaten, depth=fresh) == [("100.1", D(1))]
    assert taken(Side.BUY, 1, eaten=eaten, depth=fresh) == [("100.1", D("0.5"))]


def test_a_level_heals_after_a_while() -> None:
    eaten = Consumption(heals_after=timedelta(seconds=30))
    taken(Side.BUY, 7, eaten=eaten)
    assert taken(Side.BUY, 1, eaten=eaten, at=after(29)) == []
    assert taken(Side.BUY, 1, eaten=eaten, at=after(30)) == [("100.1", D(1))]


def test_what_has_healed_is_forgotten() -> None:
    eaten = Consumption(heals_after=timedelta(seconds=30))
    for minute in range(100):
        eaten.eat(Side.BUY, 1000 + minute, 5, 1, after(60 * minute))
    assert len(eaten) == 1


prices = st.integers(1, 400)
levels = st.lists(st.tuples(prices, st.integers(0, 3000)), max_size=12, unique_by=lambda level: level[0])


@st.composite
def books(draw: st.DrawFn) -> Depth:
    """Books of any shape; bids below asks."""
    middle = draw(st.integers(1, 400))
    rows = [(tick, lots) for tick, lots in draw(levels) if tick != middle]
    return Depth(
        symbol="BTCUSDT",
        bids=tuple(
            (PERP.price_of(t), PERP.quantity_of(q)) for t, q in sorted(rows, reverse=True) if t < middle
        ),
        asks=tuple((PERP.price_of(t), PERP.quantity_of(q)) for t, q in sorted(rows) if t > middle),
        at=NOW,
    )


orders = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 5000), st.none() | prices, st.none() | prices), max_size=6
)


@given(books(), orders)
def test_fills_are_possible_and_never_more_than_was_shown(
    book: Depth, several: list[tuple[Side, int, int | None, int | None]]
) -> None:
    eaten = Consumption()
    total = {Side.BUY: D(0), Side.SELL: D(0)}
    for side, lots, worst, touch in several:
        parts = take_depth(
            PERP,
            side,
            PERP.quantity_of(lots),
            book,
            at=NOW,
            eaten=eaten,
            worst_price=None if worst is None else PERP.price_of(worst),
            touch=None if touch is None else PERP.price_of(touch),
        )
        total[side] += sum((part.quantity for part in parts), D(0))
        assert sum(part.quantity for part in parts) <= PERP.quantity_of(lots)
        assert all(_is_possible(part, side, worst, touch) for part in parts)
        got = [part.price * side.sign for part in parts]
        assert got == sorted(set(got))
    assert total[Side.BUY] <= sum(size for _, size in book.asks)
    assert total[Side.SELL] <= sum(size for _, size in book.bids)


def _is_possible(part: Taken, side: Side, worst: int | None, touch: int | None) -> bool:
    sign = side.sign
    return (
        part.price >= PERP.tick
        and part.quantity > 0
        and part.price == PERP.price(part.price)
        and (worst is None or (part.price - PERP.price_of(worst)) * sign <= 0)
        and (touch is None or (part.price - PERP.price_of(touch)) * sign >= 0)
    )


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, 400))
def test_the_best_levels_are_emptied_first(sizes: list[int], wanted: int) -> None:
    ticks = np.arange(100, 100 + len(sizes), dtype=np.int64)
    lots, got = np.array(sizes, dtype=np.int64), np.zeros(len(sizes), dtype=np.int64)
    assert take(ticks, lots, 1, wanted, 10_000, got) == min(wanted, sum(sizes)) == got.sum()
    last = int(np.flatnonzero(got)[-1]) if got.any() else 0
    assert (got[:last] == lots[:last]).all()


# resting


def resting(price: object = 99, quantity: object = 1, **changes: Any) -> Order:
    """A limit purchase in the book, with two lots of others before it."""
    side = changes.pop("side", Side.BUY)
    intent = an_intent(kind=OrderKind.LIMIT, limit_price=D(str(price)), quantity=D(str(quantity)), side=side)
    return an_order(OrderState.OPEN, intent=intent, **{"queue_ahead": D(2), **changes})


def served(order: Order, *prices: object, volume: object = None) -> Served | None:
    known = None if volume is None else D(str(volume))
    return serve_resting([order], a_move(*prices, volume=known)).get(order.id)


def test_a_price_that_goes_through_the_limit_fills_all() -> None:
    assert served(resting(), 100, "98.9") == Served(quantity=D(1), queue_ahead=D(0))
    assert served(resting(101, side=Side.SELL), 100, "101.1") == Served(quantity=D(1), queue_ahead=D(0))


def test_a_price_that_stays_away_leaves_it_alone() -> None:
    assert served(resting(), 100, "99.1", volume=10**6) is None


def test_a_touch_serves_the_queue_first() -> None:
    assert served(resting(), 100, 99, volume="1.5") == Served(quantity=D(0), queue_ahead=D("0.5"))
    assert served(resting(), 100, 99, volume="2.25") == Served(quantity=D("0.25"), queue_ahead=D(0))
    assert served(resting(), 100, 99, volume=50) == Served(quantity=D(1), queue_ahead=D(0))


def test_a_touch_of_unknown_volume_serves_nobody() -> None:
    assert served(resting(), 100, 99) is None
    assert served(resting(queue_ahead=D(0)), 100, 99) is None


def test_only_what_is_left_is_filled() -> None:
    partly = resting(filled=D("0.4"))
    assert served(partly, 100, 98) == Served(quantity=D("0.6"), queue_ahead=D(0))


def test_an_extreme_off_the_grid_is_a_touch() -> None:
    assert served(resting(), 100, "98.95") is None
    assert served(resting(101, side=Side.SELL), 100, "101.05") is None


def test_two_at_one_price_share_what_was_traded() -> None:
    first, second = resting(id="a-1", queue_ahead=D(0)), resting(id="b-1", queue_ahead=D(0))
    outcome = serve_resting([first, second], a_move(100, 99, volume=D("1.3")))
    assert outcome == {
        "a-1": Served(quantity=D(1), queue_ahead=D(0)),
        "b-1": Served(quantity=D("0.3"), queue_ahead=D(0)),
    }


def test_an_order_without_a_limit_cannot_rest() -> None:
    with pytest.raises(ValueError, match="cannot rest"):
        serve_resting([an_order(OrderState.OPEN)], a_move(100, 90))


@pytest.mark.parametrize(
    ("side", "price", "ahead"),
    [
        (Side.BUY, "99.9", "1"),
        (Side.BUY, "99.50", "4"),
        (Side.BUY, "100.0", "0"),
        (Side.BUY, "99.7", "0"),
        (Side.BUY, "90", "4"),
        (Side.SELL, "100.2", "2"),
        (Side.SELL, "100.0", "0"),
        (Side.SELL, "105", "4"),
    ],
)
def test_the_queue_is_what_its_price_shows(side: Side, price: str, ahead: str) -> None:
    assert queue_ahead(PERP, side, D(price), BOOK) == D(ahead)


def test_the_queue_is_counted_in_whole_lots_and_an_empty_book_has_none() -> None:
    odd = replace(BOOK, bids=((D("99.9"), D("1.0001")),))
    assert queue_ahead(PERP, Side.BUY, D("99.9"), odd) == D("1.001")
    assert queue_ahead(PERP, Side.BUY, D(99), replace(BOOK, bids=())) == 0


@given(
    st.sampled_from([1, -1]),
    st.integers(1, 1000),
    st.integers(1, 1000),
    st.integers(0, 500),
    st.integers(1, 500),
    st.integers(0, 2000),
    st.booleans(),
)
def test_nobody_is_served_before_the_queue(
    sign: int, limit: int, extreme: int, queue: int, left: int, traded: int, is_known: bool
) -> None:
    lots, ahead = serve(sign, limit, extreme, queue, left, traded, is_known)
    assert 0 <= lots <= left
    assert 0 <= ahead <= queue
    beyond = (limit - extreme) * sign
    if beyond > 0:
        assert (lots, ahead) == (left, 0)
    elif beyond == 0 and is_known:
        assert lots + queue - ahead <= traded
        assert lots == 0 or ahead == 0
    else:
        assert (lots, ahead) == (0, queue)
