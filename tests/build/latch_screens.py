"""What templates about latches and kills are tried with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from engines.risk.latch import Cause, KillLevel
from handlers.ui.latch_view import LatchView
from tests.build.clock import NOON
from tests.build.desk_state import a_latch


def latch_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """Latches of every cause; a bad one is a kill with everything said, the other a pause with an end."""
    kill = a_latch(level=KillLevel.FLAT, detail=hostile)
    pause = a_latch("pause:x", cause=Cause.PAUSE, until=NOON + timedelta(hours=4))
    one = LatchView(
        latch=kill if is_bad else pause,
        scope=hostile,
        since=hostile,
        until=None if is_bad else hostile,
        by=hostile,
        needs_admin=is_bad,
    )
    every = [replace(one, latch=replace(one.latch, cause=cause)) for cause in Cause]
    return {
        "one": one,
        "more": 3 if is_bad else 0,
        "latches": every if is_bad else [],
        "scope": None if is_bad else hostile,
        "is_pulled": is_bad,
    }
