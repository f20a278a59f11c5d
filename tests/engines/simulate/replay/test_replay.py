"""A strategy on recorded bars: what is filled, when and at which price, and what it comes to in the books."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.core.moment import utc
from engines.core.side import Direction, Side
from engines.core.timeframe import Timeframe
from engines.ledger import booking
from engines.ledger.entry import posted, sums
from engines.orders.order import ExecutionStyle
from engines.orders.proposal import Proposal
from engines.orders.trade import CloseReason, Target
from engines.simulate.costs import Fees
from engines.simulate.history import Fundings, Gate, Outage
from engines.simulate.replay.replay import Played, play, replay
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.strategy import Position, Snapshot
from tests.build.recordings import MINUTE
from tests.build.replaying import (
    NO_COSTS,
    PERP,
    SPOT,
    START,
    NoParams,
    Row,
    Scripted,
    Wants,
    a_history,
    a_market,
    an_instrument,
    bars,
    both,
    fills,
    flat,
    played,
    wish,
)

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
CLOSE_LONG = wish(SELL, reduce_only=True)
QUIET: Row = (100, 100, 100, 100)


def run(rows: list[Row], script: dict[int, Wants], terms: Terms = NO_COSTS) -> Played:
    return played(a_history(a_market(bars(rows))), script, terms)


def gates(one: Played) -> list[str]:
    return [each.gate for each in one.run.blocked]


# orders at the market


def test_what_was_decided_at_a_close_is_filled_at_the_next_open() -> None:
    rows = [QUIET, (100.5, 105, 99, 104), (103.6, 104, 103, 103), (102, 102, 102, 102)]
    assert fills(run(rows, {5: wish(BUY), 10: CLOSE_LONG})) == [
        (5, "entry", D("100.5"), D(1)),
        (10, "close", D("103.6"), D(-1)),
    ]


@pytest.mark.parametrize(
    ("side", "high", "low", "price"),
    [(BUY, 102, 99, "101.1"), (BUY, 101, 99, "101.0"), (SELL, 102, 99, "100.9"), (SELL, 102, 101, "101.0")],
)
def test_slippage_is_against_us_and_stays_inside_the_bar(
    side: Side, high: float, low: float, price: str
) -> None:
    rows = [QUIET, (101, high, low, 101)]
    one = run(rows, {5: wish(side, max_slippage=D("0.02"))}, replace(NO_COSTS, slippage=D("0.0005")))
    assert [each[2] for each in fills(one)] == [D(price)]


def test_an_open_beyond_the_guard_fills_nothing_and_is_told() -> None:
    one = run([QUIET, (100.6, 101, 100.6, 101), QUIET], {5: wish(BUY)})
    assert fills(one) == []
    told = [line.text for line in one.lines if line.text.startswith("unfilled")]
    assert told[0].endswith("100.6 is worse than 100.5")


def test_slippage_never_leads_beyond_the_guard() -> None:
    one = run([QUIET, (100.4, 103, 100, 101)], {5: wish(BUY)}, replace(NO_COSTS, slippage=D("0.01")))
    assert fills(one) == [(5, "entry", D("100.5"), D(1))]


def test_an_order_waits_for_the_bar_after_a_hole() -> None:
    history = a_history(a_market(bars([QUIET] * 6, without=[1, 2, 3])))
    assert fills(played(history, {5: wish(BUY)})) == [(20, "entry", D("100.0"), D(1))]


def test_an_order_whose_time_is_over_in_a_hole_is_not_filled() -> None:
    history = a_history(a_market(bars([QUIET] * 6, without=[1, 2, 3])))
    late = utc(START + 15 * MINUTE)
    assert fills(played(history, {5: wish(BUY, expires_at=late)})) == []


def test_a_proposal_that_came_too_late_is_not_acted_on() -> None:
    one = run([QUIET] * 3, {5: wish(BUY, expires_at=utc(START + 5 * MINUTE))})
    assert (fills(one), [line.text.split()[0] for line in one.lines]) == (
        [],
        ["proposal", "expired", "end"],
    )


def test_the_same_key_is_acted_on_once() -> None:
    def again(snapshot: Snapshot[float]) -> list[Proposal]:
        return [replace(one, key="once") for one in wish(BUY)(snapshot)]

    assert len(fills(run([QUIET] * 4, {5: again, 10: again}))) == 1


def test_a_close_and_an_opposite_entry_are_filled_at_the_same_open_in_that_order() -> None:
    turn = both(CLOSE_LONG, wish(SELL))
    rows = [QUIET, QUIET, (102, 102, 102, 102), QUIET]
    assert fills(run(rows, {5: wish(BUY), 10: turn})) == [
        (5, "entry", D(100), D(1)),
        (10, "close", D(102), D(-1)),
        (10, "entry", D(102), D(-1)),
    ]


def test_a_turn_takes_the_money_that_the_close_sets_free() -> None:
    terms = replace(NO_COSTS, opening=D(101))
    turn = both(CLOSE_LONG, wish(SELL))
    one = run([QUIET] * 4, {5: wish(BUY), 10: turn}, terms)
    assert ([each[3] for each in fills(one)], gates(one)) == ([D(1), D(-1), D(-1)], [])


def test_an_opposite_entry_without_a_close_is_refused() -> None:
    one = run([QUIET] * 4, {5: wish(BUY), 10: wish(SELL)})
    assert (len(fills(one)), gates(one)) == (1, ["desk_holds_opposite"])


def test_an_opposite_entry_behind_a_close_that_is_not_filled_is_refused() -> None:
    turn = both(CLOSE_LONG, wish(SELL))
    one = run([QUIET, QUIET, (98, 98, 98, 98)], {5: wish(BUY), 10: turn})
    assert (len(fills(one)), gates(one)) == (1, ["desk_holds_opposite"])


def test_nothing_is_reduced_where_nothing_is_held() -> None:
    assert gates(run([QUIET] * 3, {5: CLOSE_LONG})) == ["nothing_to_reduce"]


def test_two_closes_never_sell_more_than_is_held() -> None:
    twice = both(CLOSE_LONG, lambda snapshot: [replace(CLOSE_LONG(snapshot)[0], key="again")])
    one = run([QUIET] * 4, {5: wish(BUY), 10: twice})
    assert ([each[3] for each in fills(one)], gates(one)) == ([D(1), D(-1)], ["nothing_to_reduce"])


def test_a_bar_gives_no_more_than_its_share() -> None:
    history = a_history(a_market(bars([QUIET] * 5, volume=4)))
    one = played(history, {5: wish(BUY, 5)}, replace(NO_COSTS, participation=D("0.5")))
    assert fills(one) == [
        (5, "entry", D(100), D(2)),
        (10, "entry", D(100), D(2)),
        (15, "entry", D(100), D(1)),
    ]


def test_a_close_that_is_carried_on_sells_no_more_than_a_target_left() -> None:
    aims = (Target(price=D(102), share=D("0.25")), Target(price=D(110), share=D("0.75")))
    rows = [QUIET, QUIET, QUIET, (100, 103, 100, 101), (101, 101, 101, 101), QUIET]
    terms = replace(NO_COSTS, participation=D("0.2"))
    history = a_history(a_market(bars(rows, volume=10)))
    script = {5: wish(BUY, 4, targets=aims), 15: wish(SELL, 4, reduce_only=True)}
    assert fills(played(history, script, terms)) == [
        (5, "entry", D(100), D(2)),
        (10, "entry", D(100), D(2)),
        (15, "close", D(100), D(-2)),
        (20, "target", D(102), D(-1)),
        (20, "close", D(101), D(-1)),
    ]


def test_maker_then_market_is_taken_as_market() -> None:
    one = run([QUIET] * 3, {5: wish(BUY, style=ExecutionStyle.MAKER_THEN_MARKET)})
    assert fills(one) == [(5, "entry", D(100), D(1))]


# limits


@pytest.mark.parametrize(("low", "is_filled"), [(98.0, False), (97.9, True)])
def test_a_limit_is_filled_only_where_the_market_trades_through_it(low: float, is_filled: bool) -> None:
    one = run([QUIET, (100, 100, low, 100)], {5: wish(BUY, limit_price=D(98))})
    assert fills(one) == ([(10, "entry", D(98), D(1))] if is_filled else [])


def test_a_limit_that_the_market_opens_beyond_takes_no_worse_than_its_price() -> None:
    rows = [QUIET, (97, 99, 96, 98), QUIET]
    script = {5: wish(BUY, limit_price=D("97.1"))}
    assert fills(run(rows, script, replace(NO_COSTS, slippage=D("0.01")))) == [(5, "entry", D("97.1"), D(1))]


def test_a_limit_rests_until_its_time_is_over() -> None:
    rows = [QUIET, QUIET, (100, 100, 97, 100), QUIET]
    until = {
        minute: wish(BUY, limit_price=D(98), expires_at=utc(START + minute * MINUTE)) for minute in (10, 15)
    }
    assert fills(run(rows, {5: until[10]})) == []
    assert fills(run(rows, {5: until[15]})) == [(15, "entry", D(98), D(1))]


def test_of_the_bar_that_fills_an_entry_only_the_adverse_extreme_and_the_close_count() -> None:
    """The high may lie before the entry."""
    aims = (Target(price=D(103), share=D(1)),)
    rows = [QUIET, (100, 104, 97, 102), (102, 104, 102, 104)]
    one = run(rows, {5: wish(BUY, limit_price=D(98), stop=D(96), targets=aims)})
    assert fills(one) == [(10, "entry", D(98), D(1)), (15, "target", D(103), D(-1))]


def test_a_stop_is_in_force_in_the_bar_that_fills_its_entry() -> None:
    rows = [QUIET, (100, 104, 95, 102), QUIET]
    one = run(rows, {5: wish(BUY, limit_price=D(98), stop=D(96))})
    assert fills(one) == [(10, "entry", D(98), D(1)), (10, "stop", D(96), D(-1))]


def test_a_resting_limit_closes_as_a_maker() -> None:
    fees = Fees(spot=D(0), maker=D("0.001"), taker=D("0.002"))
    rows = [QUIET, QUIET, (100, 106, 100, 105), QUIET]
    script = {5: wish(BUY), 10: wish(SELL, limit_price=D(105), reduce_only=True)}
    one = run(rows, script, replace(NO_COSTS, fees=fees))
    assert [(each.reason, each.price, each.fee) for each in one.run.executions] == [
        ("entry", D(100), D("0.2")),
        ("close", D(105), D("0.105")),
    ]


def test_a_stop_comes_before_a_limit_that_closes_and_calls_it_back() -> None:
    rows = [QUIET, QUIET, (100, 106, 95, 105), (105, 110, 105, 110)]
    script = {5: wish(BUY, stop=D(96)), 10: wish(SELL, limit_price=D(105), reduce_only=True)}
    assert [each[1] for each in fills(run(rows, script))] == ["entry", "stop"]


def test_a_post_only_order_follows_the_price_and_never_takes() -> None:
    rows = [QUIET, (101, 102, 101, 102), (102, 102, 101.9, 102), QUIET]
    one = run(rows, {5: wish(BUY, style=ExecutionStyle.POST_ONLY, max_slippage=D("0.02"))})
    assert fills(one) == [(15, "entry", D(102), D(1))]
    assert one.run.executions[0].fee == 0


def test_a_post_only_order_is_not_joined_beyond_its_limit() -> None:
    rows = [QUIET, (99, 99, 98, 98), (101, 101.2, 100.5, 101), (100, 100, 97, 98)]
    script = {5: wish(SELL, limit_price=D("100.2"), style=ExecutionStyle.POST_ONLY)}
    assert fills(run(rows, script)) == [(15, "entry", D(101), D(-1))]


def test_what_leaves_is_not_added_to_any_more_and_closes_no_more_than_is_left() -> None:
    aims = (Target(price=D(102), share=D("0.5")), Target(price=D(110), share=D("0.5")))
    script = {
        5: wish(BUY, 2, stop=D(90), targets=aims),
        10: both(wish(BUY, 1, limit_price=D(98)), wish(SELL, 2, limit_price=D(105), reduce_only=True)),
    }
    rows = [QUIET, QUIET, (100, 103, 100, 102), (102, 106, 102, 102), (102, 102, 95, 95), QUIET]
    one = run(rows, script)
    assert [each[1:] for each in fills(one)] == [
        ("entry", D(100), D(2)),
        ("target", D(102), D(-1)),
        ("close", D(105), D(-1)),
    ]


# stops, targets, margin


def test_a_stop_is_filled_worse_by_the_slippage_and_at_a_gap_at_the_open() -> None:
    terms = replace(NO_COSTS, slippage=D("0.001"))
    inside = run([QUIET, (100, 100, 94, 99), QUIET], {5: wish(BUY, stop=D(96))}, terms)
    assert [each[2] for each in fills(inside)] == [D(100), D("95.9")]
    beyond = run([QUIET, QUIET, (95, 97, 90, 97), QUIET], {5: wish(BUY, stop=D(96))}, terms)
    assert [each[2] for each in fills(beyond)] == [D(100), D("94.9")]


def test_targets_are_filled_at_their_price_and_then_the_stop_moves_to_the_entry() -> None:
    aims = (Target(price=D(102), share=D("0.5")), Target(price=D(110), share=D("0.5")))
    rows = [QUIET, QUIET, (100, 103, 100.5, 102), (102, 102, 99, 101), QUIET]
    one = run(rows, {5: wish(BUY, stop=D(95), targets=aims)}, replace(NO_COSTS, slippage=D("0.001")))
    entry = D(100)
    assert fills(one) == [
        (5, "entry", entry, D(1)),
        (15, "target", D(102), D("-0.5")),
        (20, "stop", D("99.9"), D("-0.5")),
    ]
    assert [line.text for line in one.lines if line.text.startswith("stop")] == ["stop 1 to 100.0"]


def test_a_stop_comes_before_a_target_where_both_lie_in_a_bar() -> None:
    aims = (Target(price=D(102), share=D(1)),)
    one = run([QUIET, QUIET, (100, 105, 95, 104)], {5: wish(BUY, stop=D(96), targets=aims)})
    assert [each[1] for each in fills(one)] == ["entry", "stop"]


def test_a_trailing_stop_follows_over_bars_that_are_passed_over() -> None:
    rows: list[Row] = [QUIET, *[(100 + step, 101 + step, 100 + step, 101 + step) for step in range(8)]]
    rows += [(108, 108, 104, 105), QUIET]
    one = run(rows, {5: wish(BUY, stop=D(95), trail_distance=D(3))})
    assert fills(one) == [(5, "entry", D(100), D(1)), (50, "trail", D("105.0"), D(-1))]


def test_a_position_is_liquidated_at_the_mark_and_loses_its_margin_and_no_more() -> None:
    rows = [QUIET, QUIET, (100, 100, 95, 96), (96, 96, 85, 96), QUIET]
    marks = bars([QUIET, QUIET, (100, 100, 95, 96), (96, 96, 92, 96), QUIET])
    calm = played(a_history(a_market(bars(rows), marks=marks)), {5: wish(BUY, leverage=D(10))})
    assert len(fills(calm)) == 1
    one = played(a_history(a_market(bars(rows))), {5: wish(BUY, leverage=D(10))})
    assert [each[1] for each in fills(one)] == ["entry", "liquidation"]
    assert one.run.rounds[0].reason is CloseReason.LIQUIDATED
    assert (one.run.rounds[0].net, one.equity) == (D(-10), D(9_990))


# funding, the end of a market, outages, holes


def fundings(*at: tuple[int, float]) -> Fundings:
    return Fundings(
        time_ms=np.array([START + minute * MINUTE for minute, _ in at], np.int64),
        rate=np.array([rate for _, rate in at]),
    )


def test_funding_is_settled_on_what_is_held_before_the_bar_that_opens_then() -> None:
    market = a_market(bars([QUIET] * 6), fundings=fundings((5, 0.01), (10, 0.001), (20, -0.002), (25, 0.5)))
    one = played(a_history(market), {5: wish(BUY, 2), 20: wish(SELL, reduce_only=True, quantity=2)})
    assert [line.text for line in one.lines if line.text.startswith("funding")] == [
        "funding 1 -0.20000000",
        "funding 1 0.40000000",
    ]
    assert one.run.rounds[0].funding == D("0.2")


def test_funding_inside_a_bar_comes_before_the_stop_of_that_bar() -> None:
    candles = bars([QUIET, (100, 100, 95, 99), QUIET], timeframe=Timeframe.H1)
    market = a_market(candles, series={Timeframe.H1: candles}, fundings=fundings((90, 0.001)))
    one = played(a_history(market), {60: wish(BUY, stop=D(96))}, reads=(Timeframe.H1,))
    assert (one.run.rounds[0].funding, one.run.rounds[0].reason) == (D("-0.1"), CloseReason.STOP)


def test_funding_is_reckoned_at_the_last_mark_candle_that_had_closed() -> None:
    hours = bars([(90, 90, 90, 90), (80, 80, 80, 80)], timeframe=Timeframe.H1, start_ms=START - 60 * MINUTE)
    market = a_market(bars([QUIET] * 6), marks=hours, fundings=fundings((20, 0.01)))
    assert played(a_history(market), {5: wish(BUY)}).run.rounds[0].funding == D("-0.9")


def test_a_market_that_is_delisted_closes_what_is_held_at_the_last_close() -> None:
    rows = [QUIET, QUIET, (100, 100, 99, 99), QUIET, QUIET]
    market = a_market(bars(rows), delisted_ms=START + 15 * MINUTE)
    one = played(a_history(market), {5: wish(BUY), 10: wish(BUY, limit_price=D(90)), 20: wish(BUY)})
    assert fills(one) == [(5, "entry", D(100), D(1)), (15, "manual", D(99), D(-1))]
    assert one.run.bars == 3


def test_what_is_wanted_in_an_outage_is_sent_at_its_end() -> None:
    outage = Outage(start_ms=START + 5 * MINUTE, stop_ms=START + 17 * MINUTE)
    history = a_history(a_market(bars([QUIET] * 6)), outages=(outage,))
    one = played(history, {5: wish(BUY)})
    assert fills(one) == [(20, "entry", D(100), D(1))]
    late = wish(BUY, expires_at=utc(START + 12 * MINUTE))
    assert fills(played(history, {5: late})) == []


def test_what_rests_goes_on_in_an_outage() -> None:
    rows = [QUIET, QUIET, (100, 100, 97, 100), (100, 100, 94, 100), QUIET]
    outage = Outage(start_ms=START + 10 * MINUTE, stop_ms=START + 30 * MINUTE, key=PERP.key)
    history = a_history(a_market(bars(rows)), outages=(outage,))
    one = played(history, {5: wish(BUY, limit_price=D(98), stop=D(95))})
    assert [each[:2] for each in fills(one)] == [(15, "entry"), (20, "stop")]


def test_an_outage_of_one_market_leaves_the_others_alone() -> None:
    ether = an_instrument("ETHUSDT")
    outage = Outage(start_ms=START, stop_ms=START + 30 * MINUTE, key=PERP.key)
    markets = (a_market(bars([QUIET] * 4)), a_market(bars([QUIET] * 4), ether))
    one = played(a_history(*markets, outages=(outage,)), {5: both(wish(BUY), wish(BUY, 1, ether))})
    assert [each.instrument for each in one.run.executions] == [ether]


def test_a_market_whose_bars_are_missing_has_no_price() -> None:
    ether = an_instrument("ETHUSDT")
    markets = (a_market(bars([QUIET] * 6)), a_market(bars([QUIET] * 6, without=[2, 3]), ether))
    one = played(a_history(*markets), {15: wish(BUY, 1, ether), 25: wish(BUY, 1, ether)})
    assert (gates(one), [each[0] for each in fills(one)]) == (["stale"], [25])


def test_a_market_without_any_bar_yet_is_not_in_the_picture() -> None:
    ether = an_instrument("ETHUSDT")
    late = a_market(bars([QUIET] * 2, start_ms=START + 15 * MINUTE), ether)
    seen: list[int] = []

    def look(snapshot: Snapshot[float]) -> list[Proposal]:
        seen.append(len(snapshot.markets))
        return []

    count = dict.fromkeys((10, 20), look)
    play(a_history(a_market(bars([QUIET] * 5)), late), Scripted(count), NoParams(), NO_COSTS)
    assert seen == [1, 2]


# what a strategy sees


def test_each_series_is_seen_up_to_now_and_coarser_ones_are_added_up() -> None:
    rows: list[Row] = [(100.0 + step,) * 4 for step in range(24)]
    seen: list[tuple[int, dict[str, float], list[str]]] = []

    def look(snapshot: Snapshot[float]) -> list[Proposal]:
        sight = snapshot.markets[PERP.key]
        minute = round((snapshot.now.timestamp() * 1000 - START) / MINUTE)
        seen.append(
            (minute, {str(one): value for one, value in sight.readings.items()}, sorted(sight.closed))
        )
        return []

    strategy = Scripted(
        dict.fromkeys((10, 15, 60, 70), look), reads=(Timeframe.M5, Timeframe.M15, Timeframe.H1)
    )
    play(a_history(a_market(bars(rows))), strategy, NoParams(), NO_COSTS)
    assert seen == [
        (10, {"5m": 101.0}, ["5m"]),
        (15, {"5m": 102.0, "15m": 102.0}, ["15m", "5m"]),
        (60, {"5m": 111.0, "15m": 111.0, "1h": 111.0}, ["15m", "1h", "5m"]),
        (70, {"5m": 113.0, "15m": 111.0, "1h": 111.0}, ["5m"]),
    ]


def test_a_strategy_sees_its_position_what_it_has_and_the_last_funding() -> None:
    seen: list[tuple[D, bool, D | None, Position | None]] = []

    def look(snapshot: Snapshot[float]) -> list[Proposal]:
        sight = snapshot.markets[PERP.key]
        seen.append((snapshot.capital, sight.is_waiting, sight.funding_rate, sight.position))
        return []

    market = a_market(bars([QUIET, QUIET, (100, 100, 100, 110), QUIET]), fundings=fundings((5, 0.0001)))
    script = {5: wish(BUY, 1, stop=D(90)), 10: wish(BUY, 1, limit_price=D(95)), 15: look}
    play(a_history(market), Scripted(script), NoParams(), NO_COSTS)
    capital, is_waiting, rate, position = seen[0]
    assert position is not None
    assert (capital, is_waiting, rate) == (D(10_010), True, D("0.0001"))
    assert (position.direction, position.quantity, position.stop) == (Direction.LONG, D(1), D(90))
    assert position.opened_at == utc(START + 5 * MINUTE)


def test_bars_before_the_start_only_warm_up() -> None:
    candles = bars([(1, 1, 1, 1), *flat(4)])
    history = a_history(a_market(candles), start_ms=START + 5 * MINUTE, stop_ms=START + 20 * MINUTE)
    one = played(history, {0: wish(BUY), 5: wish(BUY, 2)})
    assert (fills(one), one.run.bars, len(one.run.curve.time_ms)) == ([], 3, 3)


def test_bars_before_the_start_are_seen_at_the_start() -> None:
    history = a_history(a_market(bars(flat(4))), start_ms=START + 5 * MINUTE)
    assert fills(played(history, {5: wish(BUY, 2)})) == [(5, "entry", D(100), D(2))]


# the gate


def test_what_the_gate_denies_or_cuts_is_written_down() -> None:
    terms = replace(NO_COSTS, limits=Terms().limits)
    one = run([QUIET] * 4, {5: wish(BUY, 500), 10: wish(BUY, 1)}, terms)
    assert [(each.gate, each.ruling, each.asked, each.allowed) for each in one.run.blocked] == [
        ("per_asset", "shrink", D(500), D("44.776")),
        ("per_asset", "shrink", D(1), D("0.222")),
    ]
    assert fills(one)[0] == (5, "entry", D(100), D("44.776"))


def test_figures_of_a_reason_have_as_many_digits_as_a_person_reads() -> None:
    terms = replace(NO_COSTS, limits=Terms().limits, opening=D(7_777))
    one = run([QUIET] * 4, {5: wish(BUY, 500)}, terms)
    reasons = [each.reason for each in one.run.blocked]
    assert reasons == ["6.4613604 of 0.45 fraction"]
    assert any(line.text.endswith(f"per_asset {reasons[0]}") for line in one.lines)


def test_a_plan_that_cannot_be_is_refused_with_its_reason() -> None:
    one = run([QUIET] * 4, {5: wish(BUY, stop=D(120)), 10: wish(BUY, "0.0001")})
    assert gates(one) == ["stop_wrong_side", "too_small"]
    assert [each.reason for each in one.run.blocked] == ["stop 120, price 100", "less than 5"]


def test_a_drawdown_halts_the_engine_for_good() -> None:
    limits = replace(Terms().limits, asset_share=D(9), delta_share=D(9), margin_share=D(9))
    fall: list[Row] = [(100, 100, 76, 76), (76, 100, 76, 100)]
    rows = [QUIET, QUIET, *fall, *flat(4)]
    script = {5: wish(BUY, 99), 20: wish(SELL, 99, reduce_only=True), 30: wish(BUY, 1)}
    one = run(rows, script, replace(NO_COSTS, limits=limits))
    assert (gates(one), one.run.blocked[0].reason) == (["latch"], "drawdown:trend")
    halts = [line.at_ms for line in one.lines if line.text.startswith("halted")]
    assert halts == [START + 15 * MINUTE]
    assert one.run.halted_at == utc(START + 15 * MINUTE)


def test_a_drawdown_that_only_warns_halts_nothing() -> None:
    rows = [QUIET, QUIET, (100, 100, 76, 76), *flat(4, 76.0)]
    limits = replace(OPEN_LIMITS, halt_at=D("0.2"))
    one = run(
        rows, {5: wish(BUY, 99), 20: wish(SELL, 99, reduce_only=True)}, replace(NO_COSTS, limits=limits)
    )
    assert (one.run.halted_at, gates(one)) == (None, [])


def test_a_drawdown_of_one_bar_halts_on_a_day_on_which_nothing_else_happens() -> None:
    limits = replace(OPEN_LIMITS, halt_at=D("0.2"))
    rows = [*flat(400), (100, 100, 76, 76), (76, 100, 76, 100), *flat(400)]
    one = run(rows, {5: wish(BUY, 99), 3000: wish(BUY, 1)}, replace(NO_COSTS, limits=limits))
    halts = [line.at_ms for line in one.lines if line.text.startswith("halted")]
    assert (halts, gates(one)) == ([START + 2005 * MINUTE], ["latch"])


def test_a_bad_day_is_over_at_midnight() -> None:
    limits = replace(Terms().limits, asset_share=D(9), delta_share=D(9), margin_share=D(9))
    rows = [QUIET, QUIET, (100, 100, 95, 95), *flat(290, 95.0)]
    script = {5: wish(BUY, 99), 20: wish(SELL, 99, reduce_only=True), 30: wish(BUY, 1), 1445: wish(BUY, 1)}
    one = run(rows, script, replace(NO_COSTS, limits=limits))
    assert (gates(one), fills(one)[-1][0]) == (["daily_loss"], 1445)


@pytest.mark.parametrize(
    ("says", "is_free"), [("BUY", [True, False]), ("SELL", [False, True]), ("NONE", [True, True])]
)
def test_a_signal_forbids_the_other_side(says: str, is_free: list[bool]) -> None:
    gate = {PERP.key: (Gate(at_ms=START, says="BUY"), Gate(at_ms=START + 5 * MINUTE, says=says))}
    for side, may in zip((BUY, SELL), is_free, strict=True):
        one = played(a_history(a_market(bars(flat(4))), gates=gate), {5: wish(side)})
        assert (len(fills(one)) == 1, gates(one)) == (may, [] if may else ["signal"])


def test_a_signal_forbids_selling_what_is_held_but_no_stop() -> None:
    gate = {PERP.key: (Gate(at_ms=START, says="BUY"),)}
    history = a_history(a_market(bars([*flat(4), (100, 100, 90, 90), QUIET])), gates=gate)
    one = played(history, {5: wish(BUY, stop=D(95)), 10: CLOSE_LONG})
    assert (gates(one), [each[1] for each in fills(one)]) == (["signal"], ["entry", "stop"])


# books and outcome


def costly(rows: list[Row], script: dict[int, Wants]) -> Played:
    market = a_market(bars(rows), fundings=fundings((10, 0.0001)))
    return played(a_history(market), script, replace(Terms(), limits=NO_COSTS.limits))


def test_every_entry_balances_and_the_account_is_worth_what_ledger_and_market_say() -> None:
    rows = [QUIET, QUIET, (101, 103, 99, 102), (102, 102, 101, 101.5), QUIET]
    one = costly(rows, {5: wish(BUY, 3, leverage=D(2)), 15: wish(SELL, 1, reduce_only=True)})
    assert all(total == 0 for entry in one.entries for total in sums(entry.postings).values())
    kept = {key: amount for key, amount in one.balances.items() if amount}
    assert posted({}, one.entries) == kept
    held = one.run.rounds[-1]
    assert held.reason is None
    worth = booking.equity(one.balances, "USDT", coins={}, unrealised=D(2) * (D(100) - held.entry_price))
    assert worth == one.equity
    assert sum((each.net for each in one.run.rounds), D(10_000)) == one.equity
    assert one.run.curve.equity[-1] == pytest.approx(float(one.equity), rel=1e-12)


def test_coins_are_bought_with_money_and_counted_at_their_price() -> None:
    history = a_history(a_market(bars([QUIET, QUIET, (100, 110, 100, 110), (110, 110, 110, 110)]), SPOT))
    one = played(history, {5: wish(BUY, 2, SPOT)})
    assert (one.balances["cash", "USDT"], one.balances["spot", "BTC"]) == (D(9_800), D(2))
    assert one.run.curve.equity.tolist() == [10_000, 10_000, 10_020, 10_020]
    assert one.run.curve.exposure.tolist() == [0, 200, 220, 220]


def test_the_curve_has_one_entry_a_close_and_shows_what_is_short() -> None:
    one = run(
        [QUIET, QUIET, (100, 100, 90, 90), (90, 90, 90, 90)],
        {5: wish(SELL, 2), 15: wish(BUY, 2, reduce_only=True)},
    )
    assert one.run.curve.equity.tolist() == [10_000, 10_000, 10_020, 10_020]
    assert one.run.curve.net.tolist() == [0, -200, -180, 0]
    assert one.run.curve.time_ms.tolist() == [START + minute * MINUTE for minute in (5, 10, 15, 20)]


def test_slippage_and_risk_are_told_of_each_position() -> None:
    terms = replace(NO_COSTS, slippage=D("0.001"))
    rows = [QUIET, (100, 101, 99, 100), (100, 101, 99, 100), QUIET]
    one = run(rows, {5: wish(BUY, 2, stop=D(98)), 10: wish(SELL, 2, reduce_only=True)}, terms)
    first = one.run.rounds[0]
    assert (first.slippage, first.risk, first.gross) == (D("0.4"), D("4.2"), D("-0.4"))
    assert (first.entry_price, first.exit_price, first.quantity) == (D("100.1"), D("99.9"), D(2))


def test_a_run_is_told_now_and_then_and_can_be_called_off() -> None:
    class CalledOff(Exception):
        pass

    heard: list[tuple[int, int]] = []

    def hear(done: int, total: int) -> None:
        heard.append((done, total))
        if done >= 3:
            raise CalledOff

    script = {minute: wish(BUY) for minute in (5, 10, 15, 20)}
    with pytest.raises(CalledOff):
        replay(a_history(a_market(bars(flat(6)))), Scripted(script), NoParams(), NO_COSTS, hear=hear)
    assert heard == [(1, 6), (2, 6), (3, 6)]
    heard.clear()
    replay(
        a_history(a_market(bars(flat(2)))),
        Scripted({}),
        NoParams(),
        NO_COSTS,
        hear=lambda *at: heard.append(at),
    )
    assert heard == [(2, 2)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"markets": ()}, "name one at least"),
        ({"stop_ms": START}, "after the start"),
        ({"markets": (a_market(bars(flat(2))),) * 2}, "there twice"),
        (
            {"markets": (a_market(bars(flat(2))), a_market(bars(flat(2)), an_instrument("X", quote="EUR")))},
            "EUR, USDT",
        ),
    ],
)
def test_a_history_that_cannot_be_played_is_refused(changes: dict[str, Any], said: str) -> None:
    history = replace(a_history(a_market(bars(flat(2)))), **changes)
    with pytest.raises(ValueError, match=said):
        play(history, Scripted({}), NoParams(), NO_COSTS)


def test_a_series_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ValueError, match="no 1m candles"):
        play(a_history(a_market(bars(flat(2)))), Scripted({}, reads=(Timeframe.M1,)), NoParams(), NO_COSTS)
