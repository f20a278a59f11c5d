"""How the feeds are doing."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime

from ports.clock import Clock
from ports.errors import Transient
from ports.health import FeedHealth

_DELAYS = 512


class FeedMeter:
    """Remembers when a feed last spoke and how it last failed, and counts what it said.

    `well` is the code of the feed in good order. `count` is the number of markets it is about.
    """

    def __init__(self, name: str, clock: Clock, *, quiet_after_s: float, well: str) -> None:
        self._name = name
        self._well = well
        self._clock = clock
        self._quiet_after_s = quiet_after_s
        self._heard_at: datetime | None = None
        self._error: str | None = None
        self._messages = 0
        self._breaks = 0
        self._lost = 0
        self._delays_s: deque[float] = deque(maxlen=_DELAYS)
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

    def heard(self, event_at: datetime | None = None) -> None:
        """The feed spoke; of something that happened at `event_at` (market time) where it says so."""
        self._messages += 1
        self._heard_at = self._clock.wire_now()
        self._error = None
        if event_at is not None:
            self._delays_s.append(self._clock.age_s(event_at))

    def failed(self, error: Transient) -> None:
        """The feed broke; it counts as failing until it speaks again."""
        if self._error is None:
            self._breaks += 1
        self._error = error.kind

    def lost(self, number: int) -> None:
        """So many events were found missing."""
        self._lost += number

    def delay_ms(self, share: float) -> float | None:
        """Milliseconds from event to us that this share of the last messages did not exceed (0.99: p99);
        `None` while no message told its time."""
        ranked = sorted(self._delays_s)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] * 1000 if ranked else None

    def counts(self) -> Mapping[str, float]:
        """What the heartbeat writes down: `messages`, `breaks` (connections that had to be made anew), `lost`
        events, and `delay_p50_ms`, `delay_p99_ms` where they are known."""
        delays = {f"delay_p{round(share * 100)}_ms": self.delay_ms(share) for share in (0.5, 0.99)}
        known = {name: round(ms, 1) for name, ms in delays.items() if ms is not None}
        return {"messages": self._messages, "breaks": self._breaks, "lost": self._lost, **known}

    def health(self) -> FeedHealth:
        """The state now: in good order, `waiting` (nothing heard yet), `quiet` (nothing for too long),
        or `failing`. Parameters: `count` of markets, `counts`, and while failing the `error` kind of
        `Transient`."""
        params: dict[str, object] = {"count": self.count, **self.counts()}
        if self._error is not None:
            code, params["error"] = "failing", self._error
        elif self._heard_at is None:
            code = "waiting"
        else:
            code = self._well if self.is_alive else "quiet"
        return FeedHealth(name=self._name, is_ok=self.is_alive, age_s=self.age_s, code=code, params=params)
