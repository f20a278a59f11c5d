"""Candles that the venue was asked for and does not have."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from engines.market.gaps import Span
from ports.candles import Series
from ports.clock import Clock


class Absences:
    """Holes of the venue itself, so that nobody asks for them for ever; believed for `believed_s`."""

    def __init__(self, clock: Clock, *, believed_s: float) -> None:
        self._clock = clock
        self._believed = timedelta(seconds=believed_s)
        self._found: dict[Series, list[tuple[Span, datetime]]] = {}

    def note(self, series: Series, spans: Iterable[Span]) -> None:
        """The venue has nothing there."""
        now = self._clock.wire_now()
        for span in spans:
            self._found.setdefault(series, []).append((span, now))

    def known(self, series: Series) -> list[Span]:
        """Where not to ask; what was found long ago is forgotten, and asked again."""
        if series not in self._found:
            return []
        since = self._clock.wire_now() - self._believed
        fresh = [(span, at) for span, at in self._found[series] if at >= since]
        self._found[series] = fresh
        return [span for span, _ in fresh]
