"""How a part of the desk feels, as `/status` and the doctor show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One source or road. `code` picks the wording (`"streaming"`, `"conflict"`, `"out_of_reach"`…).

    `age_s` is real seconds since it last gave something, `None` when it never did.
    """

    name: str
    is_ok: bool
    age_s: float | None
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHealth:
    """One supervised background task."""

    name: str
    is_running: bool
    failures: int
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHealth:
    """Scheduled jobs of one name. Times are market time; `failures` counts since the start of the program.

    `last_at` is when the last run began and `has_failed` how it ended; `next_at` is the nearest moment to
    come. `last_at` is `None` before the first run, `next_at` when nothing is to come.
    """

    name: str
    is_running: bool
    last_at: datetime | None
    has_failed: bool
    next_at: datetime | None
    failures: int
