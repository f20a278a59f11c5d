"""How a part of the desk feels, as `/status` and the doctor show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
