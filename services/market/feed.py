"""How the feeds are doing."""

from datetime import datetime

from ports.clock import Clock
from ports.errors import Transient
from ports.health import FeedHealth


class FeedMeter:
    """Remembers when a feed last spoke and how it last failed.

    `well` is the code of the feed in good order.
    """

    def __init__(self, name: str, clock: Clock, *, quiet_after_s: float, well: str) -> None:
        self._name = name
        self._well = well
        self._clock = clock
        self._quiet_after_s = quiet_after_s
        self._heard_at: datetime | None = None
        self._error: str | None = None
        self.count = 0

    @property
    def age_s(self) -> float | None:
        """Real seconds since the feed last spoke."""
        if self._heard_at is None:
            return None
        return max((self._clock.wire_now() - self._heard_at).total_seconds(), 0.0)

    @property
    def is_alive(self) -> bool:
        """Whether it spoke lately. A world that stands still has nothing to say."""
        if self.age_s is None or self._error is not None:
            return False
        return self.age_s <= self._quiet_after_s or self._clock.speed == 0

    def heard(self) -> None:
        """The feed spoke."""
        self._heard_at = self._clock.wire_now()
        self._error = None

    def failed(self, error: Transient) -> None:
        """The feed broke; it counts as failing until it speaks again."""
        self._error = error.kind

    def health(self) -> FeedHealth:
        """The state now: in good order, `waiting` (nothing heard yet), `quiet` (nothing for too long),
        or `failing`. Parameters: `count` of markets and, while failing, the `error` kind of `Transient`."""
        params: dict[str, object] = {"count": self.count}
        if self._error is not None:
            code, params["error"] = "failing", self._error
        elif self._heard_at is None:
            code = "waiting"
        else:
            code = self._well if self.is_alive else "quiet"
        return FeedHealth(name=self._name, is_ok=self.is_alive, age_s=self.age_s, code=code, params=params)
