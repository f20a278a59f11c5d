"""The same input is the same run: skipped or not, in another process, whatever comes later."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.core.timeframe import Timeframe
from engines.ledger import booking
from engines.ledger.entry import sums
from engines.orders.order import ExecutionStyle
from engines.orders.plan import ladder
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.simulate.history import Fundings, History, Outage
from engines.simulate.replay.replay import Played, play
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.sma_cross import SmaCross, SmaCrossParams
from engines.strategies.strategy import Sight, Snapshot
from engines.strategies.technical import Technical, TechnicalParams
from tests.build.candles import some_candles
from tests.build.recordings import MINUTE, some_bars
from tests.build.replaying import PERP, START, NoParams, Scripted, a_history, a_market, an_instrument

D = Decimal
BARS = 240
ETHER = an_instrument("ETHUSDT", tick=D("0.01"))
STYLES = (ExecutionStyle.GUARDED_MARKET, ExecutionStyle.POST_ONLY, ExecutionStyle.MAKER_THEN_MARKET)


def random_wants(seed: int) -> Any:
    """What somebody wants who makes up his mind by dice and by the price: entries of every kind with every
    protection, ways out, and turns."""

    def wants(snapshot: Snapshot[float]) -> Sequence[Proposal]:
        rng = np.random.default_rng(seed)
        return [one for sight in snapshot.markets.values() for one in _of(snapshot, sight, rng)]

    return wants


def _of(snapshot: Snapshot[float], sight: Sight[float], rng: np.random.Generator) -> list[Proposal]:
    instrument, price, held = sight.instrument, sight.price, sight.position
    name = f"{snapshot.now:%dT%H%M}:{instrument.symbol}"
    made: list[Proposal] = []
    if held is not None and rng.random() < 0.5:
        limit = instrument.price(price * D("1.002")) if rng.random() < 0.3 else None
        out = Proposal(
            key=f"{name}:out",
            engine=EngineName.TREND,
            instrument=instrument,
            side=held.direction.exit,
            quantity=None if rng.random() < 0.7 else held.quantity / 2,
            reduce_only=True,
            limit_price=limit if held.direction.sign > 0 else None,
        )
        made.append(out)
    side = Side.BUY if rng.random() < 0.5 else Side.SELL
    return [*made, _way_in(name, instrument, price, side, snapshot, rng)]


def _way_in(
    name: str,
    instrument: Instrument,
    price: Decimal,
    side: Side,
    snapshot: Snapshot[float],
    rng: np.random.Generator,
) -> Proposal:
    def away(share: float) -> Decimal:
        return instrument.price(price * (1 + D(str(round(share, 4))) * side.sign))

    limit = away(-0.003 * rng.random()) if rng.random() < 0.4 else None
    aims = [away(0.004 * step + 0.002) for step in range(1, int(rng.integers(1, 4)))]
    made = Proposal(
        key=f"{name}:in",
        engine=EngineName.TREND,
        instrument=instrument,
        side=side,
        notional=D(int(rng.integers(500, 9000))),
        limit_price=limit,
        style=STYLES[int(rng.integers(3))],
        stop=away(-0.01 - 0.02 * rng.random()) if rng.random() < 0.8 else None,
        trail_distance=price * D("0.01") if rng.random() < 0.3 else None,
        leverage=D(int(rng.integers(1, 30))),
        expires_at=snapshot.now + timedelta(minutes=int(rng.integers(5, 200)))
        if rng.random() < 0.5
        else None,
    )
    return replace(made, targets=ladder(made.direction, aims))


def a_wild_history(seed: int) -> History:
    """Two markets with holes, funding, an outage and an end."""
    rng = np.random.default_rng(seed)
    markets = []
    for place, instrument in enumerate((PERP, ETHER)):
        candles = some_bars(Timeframe.M5, BARS, seed=seed * 2 + place)
        kept = np.flatnonzero(rng.random(BARS) > 0.03)
        times = START + np.arange(1, 4) * 8 * 60 * MINUTE
        funds = Fundings(time_ms=times, rate=rng.normal(0, 0.001, 3))
        marks = candles if rng.random() < 0.5 else None
        ends = START + int(rng.integers(100, 400)) * 5 * MINUTE if rng.random() < 0.5 else None
        markets.append(
            a_market(_kept(candles, kept), instrument, fundings=funds, marks=marks, delisted_ms=ends)
        )
    outage = Outage(start_ms=START + 300 * MINUTE, stop_ms=START + 403 * MINUTE)
    return a_history(*markets, outages=(outage,), stop_ms=START + BARS * 5 * MINUTE)


def _kept(candles: Candles, rows: Any) -> Candles:
    return Candles(
        **{
            name: getattr(candles, name)[rows]
            for name in ("time_ms", "open", "high", "low", "close", "volume")
        }
    )


def a_script(seed: int) -> dict[int, Any]:
    rng = np.random.default_rng(seed)
    moments = rng.choice(np.arange(1, BARS), int(rng.integers(3, 25)), replace=False)
    return {int(minute) * 5: random_wants(seed * 1000 + int(minute)) for minute in moments}


def run(
    history: History, script: dict[int, Any], *, is_skipping: bool = True, is_open: bool = True
) -> Played:
    terms = Terms(limits=OPEN_LIMITS) if is_open else Terms()
    return play(history, Scripted(script), NoParams(), terms, is_skipping=is_skipping)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_bars_that_are_passed_over_would_have_changed_nothing(seed: int, is_open: bool) -> None:
    history, script = a_wild_history(seed), a_script(seed)
    quick = run(history, script, is_open=is_open)
    slow = run(history, script, is_skipping=False, is_open=is_open)
    assert [line.text for line in quick.lines] == [line.text for line in slow.lines]
    assert quick.run == replace(slow.run, curve=quick.run.curve)
    assert (quick.run.curve.equity == slow.run.curve.equity).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_books_balance_and_every_position_adds_up_to_the_account(seed: int) -> None:
    one = run(a_wild_history(seed), a_script(seed))
    assert all(total == 0 for entry in one.entries for total in sums(entry.postings).values())
    assert len({entry.id for entry in one.entries}) == len(one.entries)
    opening = one.run.opening
    assert abs(sum((each.net for each in one.run.rounds), opening) - one.equity) < D("1E-7")
    margins = {key: amount for key, amount in one.balances.items() if key[0].startswith("margin") and amount}
    assert len(margins) == sum(each.reason is None for each in one.run.rounds)
    assert one.run.curve.equity[-1] == pytest.approx(float(one.equity), rel=1e-9)
    assert booking.free(one.balances, "USDT") >= -one.run.opening


def worse_after(history: History, at_ms: int, seed: int) -> History:
    """The same until `at_ms`, and another market after it."""
    rng = np.random.default_rng(seed)

    def other(candles: Candles) -> Candles:
        later = candles.time_ms + Timeframe.M5.ms > at_ms
        shift = np.where(later, np.round(rng.normal(0, 5, len(candles)), 1), 0.0)
        spread = np.where(later, np.round(rng.random(len(candles)) * 3, 1), 0.0)
        return replace(
            candles,
            open=candles.open + shift,
            high=candles.high + shift + spread,
            low=candles.low + shift - spread,
            close=candles.close + shift,
        )

    def changed(market: Any) -> Any:
        marks = None if market.marks is None else other(market.marks)
        funds = market.fundings
        rates = np.where(funds.time_ms > at_ms, funds.rate * -3, funds.rate)
        series = {timeframe: other(candles) for timeframe, candles in market.series.items()}
        return replace(market, series=series, marks=marks, fundings=replace(funds, rate=rates))

    return replace(history, markets=tuple(changed(market) for market in history.markets))


def until(one: Played, at_ms: int) -> tuple[list[Any], list[Any]]:
    """What was wanted and what had happened by then, at the latest what was sent at that close."""
    wanted = [each for each in one.wanted if each.at_ms <= at_ms]
    lines = [line for line in one.lines if line.at_ms < at_ms]
    return wanted, lines


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(10, BARS - 10))
def test_what_comes_later_changes_nothing_before_it(seed: int, row: int) -> None:
    history, script, at_ms = a_wild_history(seed), a_script(seed), START + row * 5 * MINUTE
    before = run(history, script)
    after = run(worse_after(history, at_ms, seed), script)
    assert until(after, at_ms) == until(before, at_ms)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(30, 470))
def test_the_rule_of_averages_does_not_look_ahead(seed: int, row: int) -> None:
    params = SmaCrossParams(fast=3, slow=9, adx_length=5, adx_least=5.0, timeframe=Timeframe.M5)
    funds = Fundings(time_ms=np.array([START + 480 * MINUTE]), rate=np.array([0.001]))
    history = a_history(a_market(some_bars(Timeframe.M5, 500, seed=seed), fundings=funds))
    at_ms = START + row * 5 * MINUTE
    before = play(history, SmaCross(), params, Terms())
    after = play(worse_after(history, at_ms, seed), SmaCross(), params, Terms())
    assert until(after, at_ms) == until(before, at_ms)
    assert play(history, SmaCross(), params, Terms(), is_skipping=False).run.digest == before.run.digest


def test_technical_signals_do_not_look_ahead() -> None:
    loose = TechnicalParams(
        least_trend=0.1,
        least_triggers=1,
        least_reward=1,
        least_confidence=0.2,
        least_traded=0.3,
        cool_down_h=0.25,
    )
    bars, day_ms = some_candles(30 * 288, Timeframe.M5, seed=3, price=2_000.0), Timeframe.D1.ms
    funds = Fundings(time_ms=START + np.arange(20, 30) * day_ms, rate=np.full(10, 0.001))
    history = a_history(a_market(bars, fundings=funds), start_ms=START + 22 * day_ms)
    at_ms = START + 26 * day_ms + 35 * MINUTE
    before = play(history, Technical(), loose, Terms())
    after = play(worse_after(history, at_ms, 1), Technical(), loose, Terms())
    assert until(after, at_ms) == until(before, at_ms)
    assert len(until(before, at_ms)[0]) > 20
    assert after.wanted != before.wanted


_ELSEWHERE = """
from tests.engines.simulate.replay.test_replay_sameness import a_script, a_wild_history, run
print(run(a_wild_history(7), a_script(7), is_open=False).run.digest)
"""


def test_another_process_with_other_hashes_comes_to_the_same_digest() -> None:
    here = run(a_wild_history(7), a_script(7), is_open=False).run.digest
    for seed in ("1", "2"):
        said = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.strip() == here
