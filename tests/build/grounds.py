"""Recorded markets made for tests, and points of `sma_cross` to try on them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings, RecordedMarket
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.simulate.trying import Ground, Stretch
from engines.strategies.params import grid
from engines.strategies.sma_cross import SmaCrossParams
from tests.build.recordings import HOUR, JANUARY_MS, some_bars

BARS = 2400
GRID = {"fast": "3,5,8", "slow": "12,20,30", "adx_length": "5", "atr_length": "5", "adx_least": "5"}
POINTS: tuple[Any, ...] = grid(SmaCrossParams, GRID)
WHOLE = Stretch(market=0, start_ms=JANUARY_MS + 200 * HOUR, stop_ms=JANUARY_MS + BARS * HOUR)
OPEN_TERMS = Terms(limits=OPEN_LIMITS)


def a_recorded_market(
    kind: MarketKind = MarketKind.PERP, bars: int = BARS, seed: int = 4, symbol: str = "BTCUSDT"
) -> RecordedMarket:
    """A seeded walk of hours, with funding if it is a perpetual."""
    instrument = Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        kind=kind,
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        min_notional=Decimal(5),
    )
    times = JANUARY_MS + np.arange(1, bars // 8, dtype=np.int64) * 8 * HOUR
    rates = np.round(np.linspace(-1e-4, 3e-4, len(times)), 8)
    return RecordedMarket(
        instrument=instrument,
        series={Timeframe.H1: some_bars(Timeframe.H1, bars, price=40_000.0, seed=seed)},
        fundings=Fundings(time_ms=times, rate=rates) if kind is MarketKind.PERP else None,
    )


def a_ground(market: RecordedMarket | None = None, terms: Terms = OPEN_TERMS) -> Ground:
    """One market to try `sma_cross` on."""
    return Ground([market or a_recorded_market()], "sma_cross", terms)


def moved_after(market: RecordedMarket, at_ms: int, factor: float) -> RecordedMarket:
    """The same until `at_ms`; later prices are `factor` times what they were, and funding is reversed."""
    bars = market.series[Timeframe.H1]
    by = np.where(bars.time_ms >= at_ms, factor, 1.0)
    columns = {name: np.round(getattr(bars, name) * by, 2) for name in ("open", "high", "low", "close")}
    fundings = market.fundings
    if fundings is not None:
        rate = np.where(fundings.time_ms > at_ms, -fundings.rate, fundings.rate)
        fundings = replace(fundings, rate=rate)
    moved = Candles(time_ms=bars.time_ms, volume=bars.volume, **columns)
    return replace(market, series={Timeframe.H1: moved}, fundings=fundings)
