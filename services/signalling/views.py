"""A market as the rules see it."""

from collections.abc import Mapping
from datetime import datetime

from engines.core.instrument import Instrument
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import View
from ports.clock import Clock


def view_of(
    instrument: Instrument,
    frames: Mapping[Timeframe, Frame],
    clock: Clock,
    *,
    now_ms: int,
    last_signal: datetime | None,
) -> View:
    """What is known of a market, at the moment `now_ms` for which it is to be judged."""
    newest = max(frames.values(), key=lambda frame: frame.closed_ms, default=None)
    return View(
        instrument=instrument,
        now_ms=now_ms,
        data_age_s=0.0 if newest is None else _lag_s(newest, clock),
        frames=frames,
        last_signal_ms=None if last_signal is None else round(last_signal.timestamp() * 1000),
    )


def _lag_s(frame: Frame, clock: Clock) -> float:
    """Real seconds since the bar after this one should have closed; zero while it is the newest."""
    return clock.age_s(utc(frame.closed_ms + frame.timeframe.ms))
