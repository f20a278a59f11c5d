"""Moments of market data, which count milliseconds, as times of the day."""

from datetime import UTC, datetime


def utc(time_ms: float) -> datetime:
    """Aware UTC of so many milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)
