"""Two years of five-minute bars that were made up: a random walk with fat tails, the same at every run."""

from decimal import Decimal
from typing import Final

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import History, RecordedMarket

COUNT: Final = 210_240
_START_MS: Final = 1_704_067_200_000  # 2024-01-01
_STEP: Final = 0.0019  # standard deviation of a bar's log return, about 60 % a year
_FREEDOM: Final = 4.0
BTC: Final = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    kind=MarketKind.PERP,
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    min_notional=Decimal(5),
)


def made_up(count: int = COUNT, *, seed: int = 1) -> History:
    """One perpetual without funding."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(_FREEDOM, count) / np.sqrt(_FREEDOM / (_FREEDOM - 2)) * _STEP
    path = np.round(60_000 * np.exp(np.concatenate(([0.0], np.cumsum(shocks)))), 1)
    opens, closes = path[:-1], path[1:]
    wicks = np.abs(rng.standard_normal((2, count))) * _STEP / 2 * opens
    candles = Candles(
        time_ms=_START_MS + np.arange(count, dtype=np.int64) * Timeframe.M5.ms,
        open=opens,
        high=np.round(np.maximum(opens, closes) + wicks[0], 1),
        low=np.round(np.minimum(opens, closes) - wicks[1], 1),
        close=closes,
        volume=np.round(rng.random(count) * 50, 3),
    )
    return History(
        markets=(RecordedMarket(instrument=BTC, series={Timeframe.M5: candles}),),
        start_ms=_START_MS,
        stop_ms=_START_MS + count * Timeframe.M5.ms,
    )
