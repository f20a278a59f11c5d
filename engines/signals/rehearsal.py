"""One call of every kernel that a decision needs, so that the first real one finds it compiled."""

from decimal import Decimal

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.hot import HotState
from engines.signals.decision import View
from engines.signals.regime import regime
from engines.signals.rules import decide


def rehearse() -> None:
    """Decide on a market of one bar."""
    one, state, hour = np.ones(1), HotState(), Timeframe.H1
    bar = Candles(time_ms=np.zeros(1, np.int64), open=one, high=one, low=one, close=one, volume=one)
    state.push(bar)
    frames = {each: frame for each in Timeframe if (frame := state.frame(each)) is not None}
    instrument = Instrument(
        symbol="XUSDT",
        base="X",
        quote="USDT",
        kind=MarketKind.SPOT,
        tick=Decimal("0.01"),
        lot=Decimal("0.01"),
        min_notional=Decimal(1),
    )
    decide(
        View(instrument=instrument, now_ms=hour.ms, data_age_s=0.0, frames=frames, last_signal_ms=None), hour
    )
    regime(frames)
