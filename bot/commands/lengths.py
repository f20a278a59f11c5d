"""Lengths of time on the command line."""

import re
from typing import Final

from ports.errors import Fatal

_UNITS_MS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_WRITTEN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w|bars?|)")


def length_ms(option: str, text: str, bar_ms: int) -> int:
    """`90d`, `2w`, `12h`, `30m`, or a number of bars of `bar_ms`: `500` or `500 bars`, in whole bars. Raises
    `Fatal` that names the option."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise Fatal(f"{option} {text}: write a length such as 90d, 12h, or 500 for so many bars")
    length = float(found[1]) * _UNITS_MS.get(found[2], bar_ms)
    return round(length / bar_ms) * bar_ms
