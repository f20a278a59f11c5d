"""Latches on screen: the first line of what an admin or a trader looks at, the list, the news."""

from dataclasses import dataclass
from datetime import datetime

from engines.risk.latch import NEEDS_ADMIN, Cause, Latch
from handlers.ui.engine_words import account_name, engine_name
from handlers.ui.request import Services
from ports.people import Person
from services.speech import Speech, zone_of

BY_HAND = NEEDS_ADMIN | {Cause.PAUSE}
"""What a person ends; the rest goes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatchView:
    """A latch in words. `scope` says what is stopped, `until` when it ends, where that is known."""

    latch: Latch
    scope: str
    since: str
    until: str | None
    by: str | None
    needs_admin: bool

    @property
    def is_by_hand(self) -> bool:
        """Whether a person ends it."""
        return self.latch.cause in BY_HAND


def latch_line(services: Services, say: Speech, *, for_paper: bool = False) -> str:
    """The first line of a screen while entries are stopped, as HTML with its line break; empty otherwise.
    `for_paper` leaves out what does not touch a person's own paper trades."""
    latches = [one for one in services.latches.all() if one.scope.has_paper or not for_paper]
    if not latches:
        return ""
    first = latch_view(latches[0], services, say)
    return say.render("latch_line.html", one=first, more=len(latches) - 1) + "\n"


def latch_view(latch: Latch, services: Services, say: Speech) -> LatchView:
    """A latch for templates."""
    person = None if latch.by is None else services.people.get(latch.by)
    return LatchView(
        latch=latch,
        scope=scope_words(latch, say),
        since=moment(latch.pulled_at, services, say),
        until=None if latch.until is None else moment(latch.until, services, say),
        by=_name(person),
        needs_admin=latch.cause in NEEDS_ADMIN,
    )


def scope_words(latch: Latch, say: Speech) -> str:
    """What a latch stops: an engine, an account, both, or everything."""
    scope = latch.scope
    parts = [
        *([] if scope.engine is None else [engine_name(scope.engine, say)]),
        *([] if scope.account is None else [account_name(scope.account, say)]),
    ]
    whole = say("all engines and people's paper trades") if scope.has_paper else say("all engines")
    return " · ".join(parts) or whole


def moment(at: datetime, services: Services, say: Speech) -> str:
    """A moment of wire time: its hour, with the day where that is not today."""
    zone = zone_of(say.zone)
    is_today = at.astimezone(zone).date() == services.clock.wire_now().astimezone(zone).date()
    return say.time(at, "HH:mm" if is_today else "d MMM HH:mm")


def _name(person: Person | None) -> str | None:
    return None if person is None else person.name
