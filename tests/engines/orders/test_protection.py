"""Stops, targets, trailing stops and liquidation, along paths and inside bars."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.order import Purpose
from engines.orders.plan import ladder, target_quantities
from engines.orders.position import filled, liquidation_price
from engines.orders.protection import Decision, Exit, decide, trailing_stop
from engines.orders.trade import Target, Trade, TradeState
from tests.build.orders import NOW, PERP, SPOT, a_fill, a_move, a_trade, after

D = Decimal
SHORT = Direction.SHORT


def targets(*prices: object, direction: Direction = Direction.LONG) -> tuple[Target, ...]:
    return ladder(direction, [D(str(price)) for price in prices])


def held(price: object = 100, quantity: object = 1, **changes: Any) -> Trade:
    """An open trade, a long at 5 times leverage unless told otherwise: liquidated at 80.5."""
    trade = a_trade(**{"leverage": D(5), **changes})
    fill = a_fill(price, quantity)
    return filled(trade, trade.direction.entry, Purpose.ENTRY, fill)[0]


def exits(decision: Decision) -> list[tuple[str, Decimal, Decimal]]:
    return [(each.purpose.value, each.quantity, each.trigger_price) for each in decision.exits]


def codes(decision: Decision) -> list[str]:
    return [event.code for event in decision.events]


# stop


def test_a_stop_on_the_way_closes_all_at_the_stop() -> None:
    decision = decide(held(stop=D(98)), a_move(100, 95))
    assert exits(decision) == [("stop", D(1), D(98))]
    assert (codes(decision), decision.trade.seen_at) == (["stop"], after(60))
    assert decision.trade.quantity == 1


@pytest.mark.parametrize(("close", "is_out"), [("98.1", False), ("98", True)])
def test_a_stop_is_touched_at_its_price(close: str, is_out: bool) -> None:
    assert bool(decide(held(stop=D(98)), a_move(100, close)).exits) is is_out


def test_a_gap_over_the_stop_gives_the_open() -> None:
    assert exits(decide(held(stop=D(98)), a_move(95, 99))) == [("stop", D(1), D(95))]
    short = held(stop=D(102), direction=SHORT)
    assert exits(decide(short, a_move(105, 101))) == [("stop", D(1), D(105))]


def test_a_short_is_stopped_above() -> None:
    assert exits(decide(held(stop=D(102), direction=SHORT), a_move(100, 103))) == [("stop", D(1), D(102))]


def test_without_protection_nothing_happens_but_the_best_price() -> None:
    decision = decide(held(), a_move(100, 110))
    assert (decision.exits, decision.events) == ((), ())
    assert (decision.trade.best_price, decision.trade.stop) == (D(110), None)


# targets


def test_a_ladder_is_climbed_in_order() -> None:
    trade = held(quantity="1.001", stop=D(95), targets=targets(110, 120, 130))
    decision = decide(trade, a_move(100, 131))
    assert exits(decision) == [
        ("target", D("0.500"), D(110)),
        ("target", D("0.300"), D(120)),
        ("target", D("0.201"), D(130)),
    ]
    assert codes(decision) == ["target", "stop_moved", "target", "target", "targets_done"]
    assert [event.number for event in decision.events] == [1, None, 2, 3, None]
    assert {target.hit_at for target in decision.trade.targets} == {after(60)}
    assert decision.trade.stop == 100


def test_after_the_first_target_the_stop_is_at_the_entry() -> None:
    first = decide(held(stop=D(95), targets=targets(110, 120)), a_move(100, 112))
    assert exits(first) == [("target", D("0.500"), D(110))]
    assert first.trade.stop == 100
    back = decide(first.trade, a_move(112, 99, since=after(60), at=after(120)))
    assert [(each.purpose, each.trigger_price) for each in back.exits] == [(Purpose.STOP, D(100))]


def test_a_stop_that_is_better_than_the_entry_stays() -> None:
    first = decide(held(stop=D(104), targets=targets(110, 120)), a_move(105, 112))
    assert (first.trade.stop, codes(first)) == (D(104), ["target"])


def test_no_stop_is_set_where_the_average_has_passed_the_target() -> None:
    trade = held(115, targets=targets(110, 120))
    first = decide(trade, a_move(105, 111))
    assert (first.trade.stop, codes(first)) == (None, ["target"])


def test_a_target_behind_a_gap_gives_the_better_open() -> None:
    decision = decide(held(targets=targets(110, 120)), a_move(115, 121))
    assert exits(decision) == [("target", D("0.500"), D(115)), ("target", D("0.500"), D(120))]


def test_a_part_too_small_for_the_grid_waits_for_the_last_target() -> None:
    decision = decide(held(quantity="0.001", targets=targets(110, 120)), a_move(100, 125))
    assert exits(decision) == [("target", D("0.001"), D(120))]
    assert codes(decision) == ["target", "stop_moved", "target", "targets_done"]


@pytest.mark.parametrize(("close", "is_hit"), [("109.9", False), ("110", True)])
def test_a_target_is_touched_at_its_price(close: str, is_hit: bool) -> None:
    assert bool(decide(held(targets=targets(110)), a_move(100, close)).exits) is is_hit


def test_nothing_more_happens_to_what_is_gone() -> None:
    stopped = decide(held(stop=D(95), targets=targets(110, 120)), a_move(100, 125, 94, 93))
    assert (codes(stopped), stopped.trade.best_price) == (["stop"], D(100))
    done = decide(held(stop=D(95), targets=targets(110)), a_move(100, 125, 97, 94))
    assert codes(done) == ["target", "targets_done"]


def test_a_target_is_hit_once() -> None:
    first = decide(held(targets=targets(110, 120)), a_move(100, 112)).trade
    again = decide(first, a_move(112, 113, at=after(120)))
    assert again.exits == ()


def test_what_a_thin_book_left_of_the_last_target_goes_next() -> None:
    done = decide(held(targets=targets(110)), a_move(100, 112)).trade
    partly = filled(done, done.direction.exit, Purpose.TARGET, a_fill(110, "0.4", id="x"))[0]
    assert exits(decide(partly, a_move(109, 108, at=after(120)))) == [("target", D("0.6"), D(109))]


# trailing stop


def test_a_trailing_stop_follows_and_never_goes_back() -> None:
    trade = held(stop=D(95), trail_distance=D(4))
    up = decide(trade, a_move(100, 110)).trade
    assert (up.best_price, up.stop) == (D(110), D(106))
    down = decide(up, a_move(110, 107, at=after(120))).trade
    assert (down.best_price, down.stop) == (D(110), D(106))
    out = decide(down, a_move(107, 105, at=after(180)))
    assert (exits(out), codes(out)) == ([("trail", D(1), D(106))], ["trail"])


def test_a_stop_that_moved_is_armed_from_then_on() -> None:
    trade = held(stop=D(95), trail_distance=D(4), armed_at=NOW)
    assert decide(trade, a_move(100, 110)).trade.armed_at == after(60)
    assert decide(replace(trade, trail_distance=None), a_move(100, 110)).trade.armed_at == NOW


def test_the_stop_stands_until_the_trailing_one_passes_it() -> None:
    trade = held(stop=D(98), trail_distance=D(10))
    out = decide(decide(trade, a_move(100, 105)).trade, a_move(105, 97, at=after(120)))
    assert exits(out) == [("stop", D(1), D(98))]


def test_a_trailing_stop_alone_protects_from_the_entry() -> None:
    assert exits(decide(held(trail_distance=D(4)), a_move(100, 95))) == [("trail", D(1), D(96))]


def test_a_trailing_stop_is_on_the_wider_side_of_the_grid() -> None:
    assert trailing_stop(held(trail_distance=D("4.05")), D(110)) == D("105.9")
    assert trailing_stop(held(trail_distance=D("4.05"), direction=SHORT), D(110)) == D("114.1")
    assert trailing_stop(held(trail_distance=D(120)), D(110)) is None
    assert trailing_stop(held(trail_distance=D(110)), D(110)) is None
    assert trailing_stop(held(), D(110)) is None


# liquidation


def test_the_mark_price_liquidates() -> None:
    trade = held()
    assert liquidation_price(trade) == D("80.5")
    fine = a_move(85, 79, mark=D(81), mark_low=D("80.6"), mark_high=D(86))
    assert decide(trade, fine).exits == ()
    touched = replace(fine, mark_low=D("80.5"))
    assert exits(decide(trade, touched)) == [("liquidation", D(1), D("80.5"))]
    assert codes(decide(trade, touched)) == ["liquidated"]


def test_the_mark_may_liquidate_while_the_price_rises() -> None:
    move = a_move(82, 84, mark_low=D(80))
    assert exits(decide(held(), move)) == [("liquidation", D(1), D("80.5"))]


def test_the_nearer_of_stop_and_liquidation_fires() -> None:
    assert exits(decide(held(stop=D(90)), a_move(100, 70))) == [("stop", D(1), D(90))]
    assert exits(decide(held(stop=D(75)), a_move(100, 70))) == [("liquidation", D(1), D("80.5"))]


def test_a_short_is_liquidated_above() -> None:
    assert exits(decide(held(direction=SHORT), a_move(100, 120))) == [("liquidation", D(1), D("119.4"))]


def test_spot_is_never_liquidated() -> None:
    assert decide(held(instrument=SPOT, leverage=D(1)), a_move(100, 1)).exits == ()


# inside a bar


def test_in_a_bar_the_stop_comes_before_the_target() -> None:
    bar = a_move(100, 112, 94, 111)
    assert exits(decide(held(stop=D(95), targets=targets(110)), bar)) == [("stop", D(1), D(95))]
    short = held(stop=D(105), targets=targets(90, direction=SHORT), direction=SHORT)
    assert exits(decide(short, a_move(100, 106, 89, 90))) == [("stop", D(1), D(105))]


def test_in_a_bar_liquidation_comes_before_the_target() -> None:
    bar = a_move(100, 112, 80, 111)
    assert exits(decide(held(targets=targets(110)), bar)) == [("liquidation", D(1), D("80.5"))]


def test_a_target_behind_the_open_of_a_bar_comes_before_its_low() -> None:
    decision = decide(held(stop=D(95), targets=targets(110, 120)), a_move(112, 113, 90, 91))
    assert exits(decision) == [("target", D("0.500"), D(112)), ("stop", D("0.500"), D(100))]


def test_the_high_of_a_bar_does_not_tighten_the_stop_before_its_low() -> None:
    decision = decide(held(trail_distance=D(5)), a_move(100, 120, 99, 116))
    assert (decision.exits, decision.trade.stop) == ((), D(115))


def test_a_bar_that_closes_beyond_its_tightened_stop_was_stopped() -> None:
    decision = decide(held(trail_distance=D(5)), a_move(100, 120, 99, 110))
    assert exits(decision) == [("trail", D(1), D(115))]


def test_a_bar_that_hits_the_first_target_and_closes_below_the_entry() -> None:
    decision = decide(held(stop=D(95), targets=targets(110, 120)), a_move(100, 111, 97, 99))
    assert exits(decision) == [("target", D("0.500"), D(110)), ("stop", D("0.500"), D(100))]
    assert codes(decision) == ["target", "stop_moved", "stop"]


# what does nothing


@pytest.mark.parametrize(
    "trade",
    [
        a_trade(stop=D(98)),
        replace(held(stop=D(98)), state=TradeState.CLOSED, quantity=D(0)),
        held(stop=D(98), seen_at=after(60)),
    ],
    ids=["waiting", "closed", "seen"],
)
def test_what_holds_nothing_or_was_seen_is_left_alone(trade: Trade) -> None:
    assert decide(trade, a_move(100, 90)) == Decision(trade=trade)


# properties

prices = st.integers(500, 1500).map(lambda ticks: ticks * PERP.tick)
distances = st.integers(1, 300).map(lambda ticks: ticks * PERP.tick)


@st.composite
def open_trades(draw: st.DrawFn, most_leverage: int = 5) -> Trade:
    direction = draw(st.sampled_from(Direction))
    sign = direction.sign
    entry = draw(prices)
    stop = draw(st.none() | distances.map(lambda distance: entry - sign * distance))
    steps = draw(st.lists(distances, max_size=3, unique=True))
    return held(
        entry,
        draw(st.integers(1, 2000)) * PERP.lot,
        direction=direction,
        leverage=D(draw(st.integers(1, most_leverage))),
        stop=stop,
        targets=targets(*(entry + sign * step for step in steps), direction=direction),
        trail_distance=draw(st.none() | distances),
    )


@st.composite
def moves(draw: st.DrawFn) -> Move:
    if draw(st.booleans()):
        return a_move(draw(prices), draw(prices))
    low, opened, closed, high = sorted(draw(st.tuples(prices, prices, prices, prices)))
    return a_move(*draw(st.sampled_from([(opened, high, low, closed), (closed, high, low, opened)])))


@given(open_trades(), moves())
def test_exits_never_exceed_what_is_held_and_have_possible_prices(trade: Trade, move: Move) -> None:
    decision = decide(trade, move)
    assert sum(each.quantity for each in decision.exits) <= trade.quantity
    for each in decision.exits:
        assert each.quantity > 0
        assert each.quantity == PERP.quantity(each.quantity)
        assert each.trigger_price == PERP.price(each.trigger_price)
        if each.purpose is Purpose.LIQUIDATION:
            assert each.trigger_price == liquidation_price(trade)
        else:
            assert move.low <= each.trigger_price <= move.high


@given(open_trades(), st.lists(moves(), min_size=1, max_size=6))
def test_a_stop_never_goes_back(trade: Trade, several: list[Move]) -> None:
    for number, move in enumerate(several):
        moved = decide(trade, replace(move, at=after(60 * (number + 1)))).trade
        if trade.stop is not None:
            assert moved.stop is not None
            assert (moved.stop - trade.stop) * trade.direction.sign >= 0
        trade = moved


@given(open_trades(), moves())
def test_the_same_move_twice_has_one_effect(trade: Trade, move: Move) -> None:
    once = decide(trade, move).trade
    assert decide(once, move) == Decision(trade=once)


@given(open_trades(), moves())
def test_a_full_exit_happens_at_most_once_and_last(trade: Trade, move: Move) -> None:
    purposes = [each.purpose for each in decide(trade, move).exits]
    assert all(purpose is Purpose.TARGET for purpose in purposes[:-1])


def walked(trade: Trade, several: Sequence[Move]) -> tuple[Trade, list[Exit]]:
    """Moves one after another, every exit filled at once at its trigger."""
    done: list[Exit] = []
    for move in several:
        decision = decide(trade, move)
        trade = decision.trade
        for each in decision.exits:
            fill = a_fill(each.trigger_price, each.quantity, id=f"x{len(done)}", at=move.at)
            trade, _ = filled(trade, trade.direction.exit, each.purpose, fill)
            done.append(each)
    return trade, done


@given(open_trades(), prices, prices, st.floats(0, 1))
def test_a_straight_way_in_one_look_or_in_two(
    trade: Trade, opened: Decimal, closed: Decimal, part: float
) -> None:
    """Looking once more on a straight way changes nothing. (Margin's share is cut at every exit, which can
    move the liquidation price by a tick, so liquidation is looked at by itself.)"""
    halfway = PERP.price(opened + (closed - opened) * D(str(part)))
    one, two = after(60), after(120)
    whole = a_move(opened, closed, at=two)
    first, second = a_move(opened, halfway, at=one), a_move(halfway, closed, since=one, at=two)
    once, fired = walked(trade, [whole])
    twice, fired_twice = walked(trade, [first, second])
    assume(not any(each.purpose is Purpose.LIQUIDATION for each in (*fired, *fired_twice)))
    assert fired == fired_twice
    assert (once.quantity, once.realised) == (twice.quantity, twice.realised)
    assert once.quantity == 0 or (once.stop, once.best_price) == (twice.stop, twice.best_price)


@given(open_trades(most_leverage=1), moves())
def test_a_short_is_a_long_in_the_mirror(trade: Trade, move: Move) -> None:
    """At leverage 1, and 90 around the mirror at 100, neither is ever liquidated."""
    assume(trade.direction is Direction.LONG)

    def flip(price: Decimal) -> Decimal:
        return 200 - price

    assert trade.entry_price is not None
    short = held(
        flip(trade.entry_price),
        trade.quantity,
        direction=SHORT,
        leverage=D(1),
        stop=None if trade.stop is None else flip(trade.stop),
        targets=tuple(replace(target, price=flip(target.price)) for target in trade.targets),
        trail_distance=trade.trail_distance,
    )
    mirrored = replace(
        move,
        open=flip(move.open),
        high=flip(move.low),
        low=flip(move.high),
        close=flip(move.close),
        mark=flip(move.mark),
        mark_low=flip(move.mark_high),
        mark_high=flip(move.mark_low),
    )
    assume(short.stop is None or short.stop > 0)
    there, here = decide(trade, move), decide(short, mirrored)
    assume(not any(each.purpose is Purpose.LIQUIDATION for each in (*there.exits, *here.exits)))
    assert [replace(each, trigger_price=flip(each.trigger_price)) for each in here.exits] == list(there.exits)
    assert codes(here) == codes(there)


@given(st.integers(1, 5000), st.integers(1, 3))
def test_a_preview_sells_at_targets_what_protection_sells(lots: int, count: int) -> None:
    steps = targets(*(110 + 10 * number for number in range(count)))
    trade = held(quantity=lots * PERP.lot, targets=steps)
    sold = [each.quantity for each in decide(trade, a_move(100, 150)).exits]
    planned = target_quantities(PERP, trade.quantity, steps)
    assert sold == [quantity for quantity in planned if quantity > 0]
    assert sum(sold) == trade.quantity
    assert trade.seen_at == NOW
