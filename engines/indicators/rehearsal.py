"""One call of every kernel, so that the first real one finds it compiled."""

import numpy as np

from engines.core.candle import Candles
from engines.indicators import hot, series
from engines.indicators.catalog import Spec
from engines.indicators.kind import KINDS

_HOUR_MS = 3_600_000


def rehearse() -> None:
    """Reckon every indicator of ours over a few bars, at once and bar by bar."""
    hot.warm()
    price = np.linspace(1.0, 2.0, 3)
    times = np.arange(3) * _HOUR_MS
    bars = Candles(time_ms=times, open=price, high=price, low=price, close=price, volume=price)
    for kind in series.KERNELS:
        series.columns(Spec(kind, KINDS[kind].usual), bars)
