"""The name of a value: another for anything that differs, the same again for what does not."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from engines.core.timeframe import Timeframe
from engines.simulate.digest import digest
from tests.build.grounds import OPEN_TERMS, a_recorded_market, moved_after
from tests.build.recordings import HOUR, JANUARY_MS


def test_the_same_market_and_terms_have_the_same_name() -> None:
    assert digest((a_recorded_market(), OPEN_TERMS)) == digest((a_recorded_market(), OPEN_TERMS))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_whatever_differs_changes_the_name() -> None:
    market = a_recorded_market()
    bars = market.series[Timeframe.H1]
    others = [
        market,
        moved_after(market, JANUARY_MS + 2399 * HOUR, 1.0001),
        replace(market, fundings=None),
        replace(market, delisted_ms=JANUARY_MS),
        replace(market, series={Timeframe.H1: bars.rows(1)}),
        replace(market, series={Timeframe.H1: bars, Timeframe.H4: bars}),
        replace(market, instrument=replace(market.instrument, tick=Decimal("0.1"))),
        replace(OPEN_TERMS, slippage=Decimal("0.0003")),
        OPEN_TERMS,
    ]
    assert len({digest(one) for one in others}) == len(others)


def test_nothing_runs_into_its_neighbour() -> None:
    values = [("ab", "c"), ("a", "bc"), ("abc",), [("ab",), "c"], ("ab", ("c",)), None, "None", 1, "1", 1.0]
    assert len({digest(value) for value in values}) == len(values)
    arrays = [np.zeros(4), np.zeros((2, 2)), np.zeros(4, np.int64), np.zeros(8, np.float32)]
    assert len({digest(array) for array in arrays}) == len(arrays)
