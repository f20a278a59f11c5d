"""Coins that are listed while the world runs: theirs is a market like any other, with no past."""

from pathlib import Path

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.market.aggregation import resample
from sandbox.market.book import STEPS
from sandbox.market.market import Market
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from tests.build.origins import made_up_market
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, HandClock, a_market, a_recording

START = JANUARY_MS + 3 * DAY
LISTED = START + 7 * HOUR + 23 * MINUTE
FULL = {"price": 2.5, "turnover": 30e6}


@pytest.fixture(scope="module")
def synthetic() -> Origin:
    return made_up_market()


@pytest.fixture(params=["synthetic", "replay"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Market, HandClock]:
    origin: Origin = (
        request.getfixturevalue("synthetic")
        if request.param == "synthetic"
        else recorded_origin(a_recording(tmp_path), START)
    )
    return a_market(origin, origin.start_ms + 7 * HOUR + 23 * MINUTE + 17_400)


def assert_same(first: Candles, second: Candles) -> None:
    for column in ("time_ms", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))


def test_it_trades_from_this_minute_on_and_has_no_past(world: tuple[Market, HandClock]) -> None:
    market, clock = world
    listed_ms = clock.ms - clock.ms % MINUTE
    assert market.list_coin("NEWC", **FULL) == "NEWCUSDT"

    book = market.spot(clock.ms)["NEWCUSDT"]
    assert book.first_ms == listed_ms
    assert book.last(clock.ms) == pytest.approx(2.5, rel=0.2)
    assert not book.is_listed(listed_ms - 1)
    clock.ms += 3 * DAY
    for step in STEPS:
        candles = book.candles(step, 0, clock.ms, clock.ms)
        assert candles.time_ms[0] == listed_ms // step * step
        assert (np.diff(candles.time_ms) == step).all()
        assert ((candles.low > 0) & (candles.low <= candles.open) & (candles.close <= candles.high)).all()
    assert "NEWCUSDT" not in market.second_spot(clock.ms)
    assert "NEWCUSDT" not in market.perps(clock.ms)


def test_its_candles_add_up_at_every_length(world: tuple[Market, HandClock]) -> None:
    market, clock = world
    market.list_coin("NEWC", **FULL)
    book = market.spot(clock.ms)["NEWCUSDT"]
    clock.ms += 2 * DAY
    until_ms = clock.ms // DAY * DAY
    minutes = book.candles(MINUTE, 0, until_ms, clock.ms)
    for step in STEPS:
        coarse, summed = book.candles(step, 0, until_ms, clock.ms), resample(minutes, step)
        np.testing.assert_array_equal(coarse.time_ms, summed.time_ms)
        np.testing.assert_array_equal(coarse.open, summed.open)
        np.testing.assert_array_equal(coarse.high, summed.high)
        np.testing.assert_array_equal(coarse.close, summed.close)
        np.testing.assert_allclose(coarse.volume, summed.volume, atol=1e-6)


def test_its_day_begins_small(world: tuple[Market, HandClock]) -> None:
    market, clock = world
    market.list_coin("NEWC", **FULL)
    book = market.spot(clock.ms)["NEWCUSDT"]
    first = book.day(clock.ms)
    clock.ms += 5 * HOUR
    later = book.day(clock.ms)
    assert 0 <= first.turnover < later.turnover < 60e6
    assert first.open == later.open == book.last(book.first_ms)


def test_the_row_of_the_control_api_says_that_it_is_made_up(world: tuple[Market, HandClock]) -> None:
    market, clock = world
    symbol = market.list_coin("NEWC", **FULL)
    row = next(one for one in market.snapshot() if one["symbol"] == symbol)
    assert row["source"] == "synthetic"
    assert row["history_from_ms"] == clock.ms - clock.ms % MINUTE


def test_years_later_it_still_trades(synthetic: Origin) -> None:
    market, clock = a_market(synthetic)
    market.list_coin("NEWC", **FULL)
    book = market.spot(clock.ms)["NEWCUSDT"]
    clock.ms += 800 * DAY
    assert book.last(clock.ms) > 0
    assert len(book.candles(DAY, 0, clock.ms + 1, clock.ms)) == 801


def test_a_world_that_goes_on_has_it_with_the_same_candles(synthetic: Origin) -> None:
    market, clock = a_market(synthetic, synthetic.start_ms + 90 * MINUTE)
    market.list_coin("NEWC", **FULL)
    clock.ms += 2 * DAY
    market.shock("NEWCUSDT", 10)
    clock.ms += DAY

    other, _ = a_market(synthetic, clock.ms)
    other.restore(market.state())

    mine, theirs = (one.spot(clock.ms)["NEWCUSDT"] for one in (market, other))
    assert_same(
        mine.candles(5 * MINUTE, 0, clock.ms, clock.ms), theirs.candles(5 * MINUTE, 0, clock.ms, clock.ms)
    )
    assert mine.last(clock.ms) == theirs.last(clock.ms)


def test_a_state_of_before_there_were_any_is_restored(synthetic: Origin) -> None:
    market, clock = a_market(synthetic)
    state = {key: value for key, value in market.state().items() if key != "newcomers"}
    market.restore(state)
    assert "BTCUSDT" in market.spot(clock.ms)


@pytest.mark.parametrize(
    ("base", "terms", "why"),
    [
        ("BTC", FULL, "listed already"),
        ("", FULL, "name"),
        ("A B", FULL, "name"),
        ("<b>", FULL, "name"),
        ("X" * 13, FULL, "name"),
        ("NEWC", {**FULL, "price": 0.0}, "price"),
        ("NEWC", {**FULL, "price": -1.0}, "price"),
        ("NEWC", {**FULL, "price": float("nan")}, "price"),
        ("NEWC", {**FULL, "price": 1e12}, "price"),
        ("NEWC", {**FULL, "turnover": 0.0}, "turnover"),
        ("NEWC", {**FULL, "turnover": float("inf")}, "turnover"),
    ],
)
def test_what_cannot_be_listed_is_explained(
    synthetic: Origin, base: str, terms: dict[str, float], why: str
) -> None:
    market, clock = a_market(synthetic)
    before = set(market.spot(clock.ms))
    with pytest.raises(ValueError, match=why):
        market.list_coin(base, **terms)
    assert set(market.spot(clock.ms)) == before


@pytest.mark.parametrize("price", [0.0000021, 0.00043, 0.9999, 1.0, 12.5, 4300.0, 990_000.0])
def test_prices_of_every_size_have_digits_enough(synthetic: Origin, price: float) -> None:
    market, clock = a_market(synthetic)
    market.list_coin("NEWC", price=price, turnover=1e6)
    book = market.spot(clock.ms)["NEWCUSDT"]
    assert book.last(book.first_ms) == pytest.approx(price, rel=0.1)
    assert float(book.instrument.tick) < price / 500
