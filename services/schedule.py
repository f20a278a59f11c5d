"""What the desk does by the calendar."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engines.core.timeframe import Timeframe
from ports.schedule import Cron, Job

Work = Callable[[], Awaitable[object]]
OnClose = Callable[[Timeframe, datetime], Awaitable[object]]
"""Work after a candle's close: the timeframe, and when the candle closed (UTC)."""

AFTER_CLOSE_S = 2
"""Venues need a moment to publish a candle."""

CLOSES: Mapping[Timeframe, Cron] = {
    Timeframe.M5: Cron(minute="*/5", second=AFTER_CLOSE_S),
    Timeframe.M15: Cron(minute="*/15", second=AFTER_CLOSE_S),
    Timeframe.H1: Cron(second=AFTER_CLOSE_S),
    Timeframe.H4: Cron(hour="*/4", second=AFTER_CLOSE_S),
    Timeframe.D1: Cron(hour="0", second=AFTER_CLOSE_S),
}
PERIODIC: Mapping[str, Cron] = {
    "heartbeat": Cron(minute="*/5"),
    "equity": Cron(minute="0"),
    "audit": Cron(minute="20"),
    "housekeeping": Cron(minute="40"),
    "retention": Cron(hour="3", minute="10"),
    "screen": Cron(hour="0", minute="10"),
    "reconcile": Cron(hour="0", minute="5"),
    "backup": Cron(minute="50"),
    "keys": Cron(hour="9", minute="30"),
    "listings": Cron(minute="*/2", second=20),
}
"""When each kind of work runs; spread over the hour, so that they do not all come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Work by name. `periodic` has names of `PERIODIC`; each of `closes` runs after every candle's close."""

    periodic: Mapping[str, Work]
    closes: Mapping[str, OnClose] = field(default_factory=dict)

    def jobs(self) -> Iterator[Job]:
        """All of it as jobs. Raises `KeyError` for work that has no moment."""
        for name, work in self.closes.items():
            for timeframe, when in CLOSES.items():
                yield Job(key=f"{name}:{timeframe}", name=name, when=when, work=_after_close(timeframe, work))
        for name, periodic in self.periodic.items():
            yield Job(key=name, name=name, when=PERIODIC[name], work=_regardless(periodic))


def _after_close(timeframe: Timeframe, work: OnClose) -> Callable[[datetime], Awaitable[object]]:
    return lambda due: work(timeframe, due.replace(second=0, microsecond=0))


def _regardless(work: Work) -> Callable[[datetime], Awaitable[object]]:
    return lambda due: work()
