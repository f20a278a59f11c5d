"""States beside the rings: what closes is pushed, what does not fit is built anew."""

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.market.plan import KEPT
from services.market.ring import Rings
from services.signalling.frames import Change, Frames
from tests.build.candles import a_series, some_candles

M15 = Timeframe.M15
SERIES = a_series(timeframe=M15)
PAST = some_candles(300, M15)


class Shelf:
    """A ring of one market, and frames that hear of it as they do of the collector."""

    def __init__(self, capacity: int = 1000) -> None:
        self.rings = Rings(capacity)
        self.frames = Frames("bybit", self.rings, HotState)

    def put(self, candles: Candles) -> None:
        self.rings.open(SERIES).take(candles)
        self.frames.take(SERIES, candles)

    def follow(self) -> bool:
        self.frames.follow("BTCUSDT")
        return self.frames.settle("BTCUSDT") == {M15: Change.BEGUN}

    def row(self) -> np.ndarray:
        return self.frames.of("BTCUSDT")[M15].now

    def assert_as_new(self) -> None:
        """The state is what the ring alone would give."""
        state = HotState()
        state.push(self.rings.open(SERIES).closed())
        fresh = state.frame(M15)
        assert fresh is not None
        np.testing.assert_array_equal(self.row(), fresh.now)
        assert self.frames.of("BTCUSDT")[M15].time_ms == fresh.time_ms


@pytest.fixture
def shelf() -> Shelf:
    """A market with 250 bars that is followed."""
    shelf = Shelf()
    shelf.put(PAST.rows(0, 250))
    assert shelf.follow()
    return shelf


def test_a_market_begins_with_its_ring(shelf: Shelf) -> None:
    assert set(shelf.frames.of("BTCUSDT")) == {M15}
    shelf.assert_as_new()
    assert shelf.frames.of("ETHUSDT") == {}


def test_bars_are_pushed_as_they_close(shelf: Shelf) -> None:
    built = shelf.frames.built
    for number in range(250, 300):
        shelf.put(PAST.rows(number, number + 1))
        assert shelf.frames.waiting() == {"BTCUSDT"}
        assert shelf.frames.settle("BTCUSDT") == {M15: Change.CLOSED}
        assert shelf.frames.waiting() == frozenset()
    assert shelf.frames.built == built
    shelf.assert_as_new()


def test_bars_that_close_together_are_pushed_together(shelf: Shelf) -> None:
    built = shelf.frames.built
    shelf.put(PAST.rows(250, 260))
    shelf.put(PAST.rows(260, 261))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.CLOSED}
    assert shelf.frames.built == built
    shelf.assert_as_new()


def test_what_is_told_twice_is_no_news(shelf: Shelf) -> None:
    shelf.put(PAST.rows(249, 250))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.MENDED}
    shelf.assert_as_new()


def test_a_revision_builds_anew_and_is_no_news(shelf: Shelf) -> None:
    old = PAST.rows(240, 241)
    shelf.put(
        Candles(
            time_ms=old.time_ms,
            open=old.open,
            high=old.high * 1.1,
            low=old.low,
            close=old.high * 1.05,
            volume=old.volume,
        )
    )
    before = shelf.row()
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.MENDED}
    shelf.assert_as_new()
    assert not np.array_equal(before, shelf.row(), equal_nan=True)


def test_a_hole_is_news_and_so_is_nothing_that_fills_it(shelf: Shelf) -> None:
    shelf.put(PAST.rows(251, 252))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.CLOSED}
    shelf.put(PAST.rows(250, 251))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.MENDED}
    shelf.assert_as_new()


def test_a_revision_together_with_a_new_bar_is_news(shelf: Shelf) -> None:
    shelf.put(PAST.rows(251, 252))
    shelf.frames.settle("BTCUSDT")
    shelf.put(PAST.rows(252, 253))
    shelf.put(PAST.rows(250, 251))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.CLOSED}
    shelf.assert_as_new()


def test_what_the_ring_has_forgotten_costs_nothing() -> None:
    shelf = Shelf(capacity=100)
    shelf.put(PAST.rows(150, 250))
    shelf.follow()
    built = shelf.frames.built
    shelf.put(PAST.rows(0, 150))
    assert shelf.frames.waiting() == frozenset()
    shelf.put(PAST.rows(250, 251))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.CLOSED}
    assert shelf.frames.built == built


def test_a_clock_set_back_begins_anew(shelf: Shelf) -> None:
    shelf.rings.drop(SERIES)
    shelf.put(PAST.rows(0, 200))
    assert shelf.frames.settle("BTCUSDT") == {M15: Change.MENDED}
    shelf.assert_as_new()


def test_a_market_let_go_is_forgotten(shelf: Shelf) -> None:
    assert len(shelf.frames) == 1
    shelf.put(PAST.rows(250, 251))
    shelf.frames.let_go("BTCUSDT")
    assert shelf.frames.of("BTCUSDT") == {}
    assert (len(shelf.frames), shelf.frames.waiting()) == (0, frozenset())


def test_a_market_without_candles_has_no_frames() -> None:
    shelf = Shelf()
    for timeframe in KEPT:
        shelf.rings.open(a_series(timeframe=timeframe))
    assert not shelf.follow()
    assert shelf.frames.of("BTCUSDT") == {}
