"""How far a series that is followed is whole."""

from collections.abc import Iterable

from engines.core.timeframe import Timeframe
from engines.market.gaps import Span


class Track:
    """Every candle that opens before `next_ms` is kept, or known to be absent. Later ones may have come
    early, out of order or over a hole."""

    def __init__(self, timeframe: Timeframe, next_ms: int) -> None:
        self._step_ms = timeframe.ms
        self._early: set[int] = set()
        self.next_ms = next_ms

    @property
    def has_holes(self) -> bool:
        """Whether candles are missing before one that is there."""
        return bool(self._early)

    def close(self, times_ms: Iterable[int]) -> None:
        """Candles with these open times are there."""
        self._early.update(at for at in times_ms if at >= self.next_ms)
        self._advance()

    def skip(self, spans: Iterable[Span]) -> None:
        """Nothing will come there."""
        for span in spans:
            first = max(span.start_ms, self.next_ms)
            self._early.update(range(first, span.stop_ms, self._step_ms))
        self._advance()

    def missing(self, stop_ms: int) -> list[Span]:
        """Runs of open times before `stop_ms` that are neither there nor known to be absent."""
        runs: list[Span] = []
        start_ms = self.next_ms
        for at in [*sorted(at for at in self._early if at < stop_ms), stop_ms]:
            if at > start_ms:
                runs.append(Span(start_ms, at))
            start_ms = at + self._step_ms
        return runs

    def _advance(self) -> None:
        while self.next_ms in self._early:
            self._early.remove(self.next_ms)
            self.next_ms += self._step_ms
