"""Technical signals played as kernels make the trades of the replay, to the last digit."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import MarketKind
from engines.core.money import cut
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.kernel.points import Point, points
from engines.simulate.kernel.prepare import prepared
from engines.simulate.kernel.technical_calls import counted_sizes
from engines.simulate.replay.replay import Played, play
from engines.simulate.run import Execution, Round
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.technical import EntryWanted, Technical, TechnicalParams
from tests.build.bars import columns_of, recorded
from tests.build.kernel_runs import differences, history_of, of_reason
from tests.build.replaying import an_instrument

D = Decimal
DAY = 288
WARM = 20 * DAY
ROWS = slice(60_000, 60_000 + 60 * DAY)
OPEN = Terms(limits=OPEN_LIMITS)


def a_coin(folder: Path, symbol: str) -> RecordedMarket:
    """Two months of five-minute bars."""
    candles = recorded(folder / "ohlcv" / f"binance_{symbol}_5m.csv.gz", ROWS)
    instrument = an_instrument(symbol, MarketKind.SPOT, tick=D("0.01"), lot=D("0.00001"))
    return RecordedMarket(instrument=instrument, series={Timeframe.M5: candles})


def a_perp(folder: Path, symbol: str) -> RecordedMarket:
    """The same bars as a perpetual, with the funding that was recorded."""
    times, rates = columns_of(
        folder / "derivatives" / f"binance_{symbol}_perp_funding.csv.gz", "timestamp_ms", "funding_rate"
    )
    return replace(
        a_coin(folder, symbol),
        instrument=an_instrument(symbol, tick=D("0.01"), lot=D("0.0001")),
        fundings=Fundings(time_ms=times.astype(np.int64), rate=rates),
    )


def span_of(market: RecordedMarket) -> tuple[int, int]:
    candles = market.series[Timeframe.M5]
    return int(candles.time_ms[WARM]), int(candles.time_ms[-1]) + Timeframe.M5.ms


def both(market: RecordedMarket, params: TechnicalParams, terms: Terms = OPEN) -> tuple[Point, Played]:
    span = span_of(market)
    (point,) = points(prepared(market, *span), "technical", [params], terms)
    return point, play(history_of(market, span), Technical(), params, terms)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_recorded_perpetuals_go_both_ways(shared_data: Path, symbol: str) -> None:
    point, replayed = both(a_perp(shared_data, symbol), TechnicalParams())
    assert differences(point, replayed) == []
    rounds = replayed.run.rounds
    assert {one.direction.sign for one in rounds} == {1, -1}
    assert {"stop", "targets"} <= set(of_reason(rounds))
    assert any(one.funding for one in rounds)
    assert any(is_even(one) for one in rounds)


def test_a_recorded_coin_is_only_bought(shared_data: Path) -> None:
    """Looser gates make so many signals that positions are added to, up to all that can be paid."""
    params = TechnicalParams(least_traded=0.5, least_triggers=1, least_reward=1, cool_down_h=0.25)
    point, replayed = both(a_coin(shared_data, "BTCUSDT"), params)
    assert differences(point, replayed) == []
    assert {one.gate for one in replayed.run.blocked} >= {"spot_no_short", "too_much"}
    assert len(entries_of(replayed)) > len(replayed.run.rounds) > 10


def test_hours_alone_make_signals_of_their_own(shared_data: Path) -> None:
    """A market of which nothing finer was recorded; one point after another hears it once."""
    candles = recorded(shared_data / "ohlcv" / "binance_ETHUSDT_1h.csv.gz", slice(50_000, 53_000))
    instrument = an_instrument("ETHUSDT", tick=D("0.01"), lot=D("0.0001"))
    market = RecordedMarket(instrument=instrument, series={Timeframe.H1: candles})
    span = int(candles.time_ms[500]), int(candles.time_ms[-1]) + Timeframe.H1.ms
    wanted = [TechnicalParams(entry=EntryWanted.HOUR, least_trend=least) for least in (0.25, 0.5)]
    found = list(points(prepared(market, *span), "technical", wanted, OPEN))
    for point, params in zip(found, wanted, strict=True):
        replayed = play(history_of(market, span), Technical(), params, OPEN)
        assert differences(point, replayed) == []
    assert len(found[0].positions) > len(found[1].positions) > 5
    with pytest.raises(ValueError, match="no 15m candles"):
        play(history_of(market, span), Technical(), TechnicalParams(), OPEN)


@given(st.lists(st.floats(1e-6, 0.2), max_size=20), st.lists(st.integers(1, 20_000_000), max_size=20))
def test_sizes_are_cut_as_decimals_are(anywhere: list[float], on_the_grid: list[int]) -> None:
    sizes = np.array([*anywhere, *(count / 10**8 for count in on_the_grid)], np.float64)
    expected = [int(cut(D(repr(size))) * 10**8) for size in sizes.tolist()]
    assert counted_sizes(sizes).tolist() == expected


def is_even(one: Round) -> bool:
    """Whether it was stopped and earned all the same: after its first target the stop went to the entry."""
    return one.reason is not None and one.reason.value == "stop" and one.gross > 0


def entries_of(replayed: Played) -> list[Execution]:
    return [one for one in replayed.run.executions if one.reason == "entry"]
