"""How closely two assets move together."""

from typing import Final

import numpy as np

from engines.core.candle import Candles

DAYS: Final = 60


def correlation(one: Candles, other: Candles, *, days: int = DAYS) -> float | None:
    """Of the daily changes over the last `days` candles that both have, from -1 to 1; `None` where there are
    fewer, and where one of them does not move."""
    _, left, right = np.intersect1d(one.time_ms, other.time_ms, return_indices=True)
    if len(left) <= days:
        return None
    closes = np.vstack((one.close[left[-days - 1 :]], other.close[right[-days - 1 :]]))
    changes = np.diff(np.log(closes), axis=1)
    if not changes.std(axis=1).all():
        return None
    return float(np.corrcoef(changes)[0, 1])
