"""A sliding window, the measure of limits such as "20 in any minute"."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Window:
    """At most `limit` events in any `span_s` seconds of whatever clock the caller reads."""

    limit: int
    span_s: float
    _times: deque[float] = field(default_factory=deque)

    @classmethod
    def per(cls, span_s: float, count: float) -> "Window":
        """`count` in `span_s`; a fraction below one becomes one in a longer span."""
        limit = max(1, int(count))
        return cls(limit, span_s * limit / count)

    def wait_s(self, now: float) -> float:
        """Seconds until one more event fits; 0 when one does."""
        while self._times and self._times[0] + self.span_s <= now:
            self._times.popleft()
        return 0.0 if len(self._times) < self.limit else self._times[0] + self.span_s - now

    def take(self, now: float) -> None:
        """Count an event that `wait_s` said fits."""
        self._times.append(now)
