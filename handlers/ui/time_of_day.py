"""Times of day as people type them."""

import re
from datetime import time

_TIME = re.compile(
    r"(?:at|в|к)?\s*(?P<hour>\d{1,2})(?:\s*[:.\-h]?\s*(?P<minute>\d{2}))?\s*"
    r"(?:o'?clock|h|ч|час(?:а|ов)?)?\s*(?P<half>am|pm|a\.m\.?|p\.m\.?|утра|ночи|дня|вечера)?"
)
_AFTER_NOON = ("pm", "p.m", "дня", "вечера")
NOON = 12


def time_of_day(text: str) -> time | None:
    """`8`, `8:30`, `0830`, `8 pm`, `в 8 утра`; `None` for what is no time."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None:
        return None
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half is not None and half.startswith(_AFTER_NOON):
        hour += NOON if hour < NOON else 0
    elif half is not None:
        hour = _before_noon(hour)
    return time(hour, minute) if 0 <= hour < 24 and minute < 60 else None


def _before_noon(hour: int) -> int:
    """Twelve at night is zero; there is no thirteen in the morning."""
    return 0 if hour == NOON else hour if hour < NOON else -1
