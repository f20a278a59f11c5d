"""How far one market trades from another: perpetual from spot, venue from venue; and the funding it earns."""

import numpy as np

from engines.core.candle import FloatArray, IntArray
from sandbox.market.source import DAY_MS, FUNDING_MS, NO_FUNDING, Dice, FundingRates, Premium

_INTEREST = 0.0001
_CLAMP = 0.0005
_RATE_DECIMALS = 8


def daily_premium(dice: Dice, key: int, *, mean_bps: float, swing_bps: float) -> Premium:
    """A factor near 1 that changes slowly from day to day, decided by `key`.

    It stays within `swing_bps` of `1 + mean_bps`.
    """
    phases = dice(key).random(2) * 2 * np.pi

    def premium(times_ms: IntArray) -> FloatArray:
        day = times_ms // DAY_MS
        wave = 0.6 * np.sin(day * 2 * np.pi / 17 + phases[0]) + 0.4 * np.sin(
            day * 2 * np.pi / 5.3 + phases[1]
        )
        return np.asarray(1 + (mean_bps + swing_bps * wave) / 10_000, dtype=np.float64)

    return premium


def funding_from(premium: Premium, start_ms: int, stop_ms: int) -> FundingRates:
    """Funding settled every 8 hours in `[start_ms, stop_ms)` by Bybit's rule: premium plus clamped interest.

    A settlement looks back on the hours before it.
    """
    first, end = -(-start_ms // FUNDING_MS), -(-stop_ms // FUNDING_MS)
    if first >= end:  # as nearly always: it is asked every few milliseconds
        return NO_FUNDING
    times = np.arange(first, end, dtype=np.int64) * FUNDING_MS
    gap = premium(times - 1) - 1
    rate = gap + np.clip(_INTEREST - gap, -_CLAMP, _CLAMP)
    return FundingRates(time_ms=times, rate=np.round(rate, _RATE_DECIMALS))
