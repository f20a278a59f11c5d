"""Candle timeframes: their names, lengths and boundaries."""

from enum import StrEnum


class Timeframe(StrEnum):
    """Length of a candle. The value is the name people type and venues use (`"4h"`)."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def ms(self) -> int:
        """Length in milliseconds."""
        return _MS[self]

    def floor(self, time_ms: int) -> int:
        """Open time of the candle that holds `time_ms` (UTC epoch milliseconds)."""
        return time_ms - time_ms % self.ms


_MINUTE = 60_000
_MS = {
    Timeframe.M1: _MINUTE,
    Timeframe.M5: 5 * _MINUTE,
    Timeframe.M15: 15 * _MINUTE,
    Timeframe.H1: 60 * _MINUTE,
    Timeframe.H4: 240 * _MINUTE,
    Timeframe.D1: 1440 * _MINUTE,
}
