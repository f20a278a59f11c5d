"""Work that is not to be done too often, however fast market time runs."""

from datetime import datetime, timedelta

from ports.clock import Clock


class Interval:
    """At most once in `every_s` of wire time."""

    def __init__(self, clock: Clock, *, every_s: float) -> None:
        self._clock = clock
        self._every = timedelta(seconds=every_s)
        self._last: datetime | None = None

    @property
    def is_due(self) -> bool:
        """Whether it was never done, or long enough ago."""
        return self._last is None or self._clock.wire_now() - self._last >= self._every

    def done(self) -> None:
        """It was done just now."""
        self._last = self._clock.wire_now()
