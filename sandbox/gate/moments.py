"""How Gate writes moments: seconds here, milliseconds there, as numbers or as texts."""

from datetime import datetime


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def seconds(at: datetime) -> int:
    """Whole seconds since 1970."""
    return millis(at) // 1000


def fine_seconds(at: datetime) -> float:
    """Seconds since 1970 with three decimals."""
    return millis(at) / 1000
