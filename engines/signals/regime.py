"""The kind of market that a signal is made in, for the statistics."""

from collections.abc import Mapping
from typing import Final

from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.rule import side

WILD: Final = 1.2
"""ATR over its own norm from which a market is wild."""


def regime(frames: Mapping[Timeframe, Frame]) -> str:
    """`bull`, `bear` or `range` by the day, `calm` or `wild` by four hours: such as `"bull_calm"`.

    A bull market closes above its 200-day EMA with the 50-day one above it too, a bear market has both below.
    What is not known yet is a calm range.
    """
    return f"{_course(frames.get(Timeframe.D1))}_{_temper(frames.get(Timeframe.H4))}"


def _course(day: Frame | None) -> str:
    if day is None:
        return "range"
    ema50, ema200 = day.value("ema50"), day.value("ema200")
    both = side(day.close, ema200) + side(ema50, ema200)
    return {2: "bull", -2: "bear"}.get(both, "range")


def _temper(frame: Frame | None) -> str:
    is_wild = frame is not None and frame.value("atr14") > WILD * frame.value("atr_norm")
    return "wild" if is_wild else "calm"
