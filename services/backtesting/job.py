"""One backtest that somebody asked for, from the queue to its end, and how it is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson

from ports.backtests import Progress, Stage
from ports.errors import Refused
from services.backtesting.wish import Wish

_PARTS: Final = {
    Stage.FILLING: (0.0, 0.05),
    Stage.READING: (0.05, 0.05),
    Stage.STARTING: (0.1, 0.05),
    Stage.PLAYING: (0.15, 0.65),
    Stage.REPORTING: (0.8, 0.2),
}
"""Where each stage begins and how much of the whole it is, about."""
_TOLD_FROM: Final = 0.2
"""Before, nobody knows how long it will take."""


class State(StrEnum):
    """Where a backtest stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self not in (State.WAITING, State.RUNNING)


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A mutable value with one owner, `services.backtests`. `asked` is what was wished in words.

    `message_id` is the message that shows it, once that has arrived. `ahead` are those before it in the
    queue. Times are wire time. `problem` says why it failed.
    """

    id: str
    person_id: int
    chat_id: int
    asked: str
    title: str
    wish: Wish | None = None
    message_id: int | None = None
    state: State = State.WAITING
    ahead: int = 0
    progress: Progress | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: Refused | None = None
    heard: float = field(default=0.0)
    """The greatest share that was heard: a bar never goes back."""

    def hear(self, progress: Progress) -> None:
        """It has come so far."""
        self.progress = progress
        begin, length = _PARTS[progress.stage]
        self.heard = max(self.heard, begin + length * progress.share)

    def left_s(self, now: datetime) -> float | None:
        """Seconds until it is done, about; `None` while nobody knows."""
        if self.started_at is None or self.heard < _TOLD_FROM:
            return None
        return (now - self.started_at).total_seconds() * (1 - self.heard) / self.heard

    @property
    def took_s(self) -> float | None:
        """Seconds from its start to its end."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


def written(jobs: Iterable[Job]) -> str:
    """What has to be known of jobs after a restart: where they are shown, and whether they are done."""
    rows = [
        {
            "id": one.id,
            "person": one.person_id,
            "chat": one.chat_id,
            "message": one.message_id,
            "asked": one.asked,
            "title": one.title,
            "state": one.state.value,
        }
        for one in jobs
    ]
    return orjson.dumps(rows).decode()


def read(text: str) -> Sequence[Job]:
    """What `written` gave. What was waiting or running then is interrupted now."""
    return [
        Job(
            id=row["id"],
            person_id=row["person"],
            chat_id=row["chat"],
            message_id=row["message"],
            asked=row["asked"],
            title=row["title"],
            state=_after_restart(State(row["state"])),
        )
        for row in orjson.loads(text)
    ]


def _after_restart(state: State) -> State:
    return state if state.is_over else State.INTERRUPTED
