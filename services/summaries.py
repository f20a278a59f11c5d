"""Daily summaries: each person at their own hour, once a local day, also when the desk was down then."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ports.clock import Clock
from ports.people import Facts, Person, Role
from ports.schedule import Cron, Job, Schedule
from services.people import People
from services.speech import zone_of

SEEN_FACT = "schedule_seen"
WORTH_FOR = timedelta(hours=6)
"""How late a summary is still sent."""
UNDER_WAY = timedelta(minutes=15)
"""A summary due so shortly before the desk went down may not have been written down yet."""


@dataclass(slots=True, repr=False)
class Summaries:
    """Keeps one job a person. `send` pushes the summary of a local day; it drops what was pushed before."""

    people: People
    schedule: Schedule
    facts: Facts
    clock: Clock
    send: Callable[[Person, date], Awaitable[object]]
    _when: dict[int, Cron] = field(default_factory=dict)

    async def start(self) -> None:
        """Schedule everybody, make up for what was missed while we were down, and follow every change."""
        now = self.clock.now()
        seen = await self.facts.get(SEEN_FACT)
        since = now if seen is None else max(datetime.fromisoformat(seen) - UNDER_WAY, now - WORTH_FOR)
        for person in self.people.all():
            self.follow(person, since=since)
        self.people.on_change.append(self.follow)

    async def remember(self) -> None:
        """Write down that up to now nothing was missed."""
        await self.facts.put(SEEN_FACT, self.clock.now().isoformat())

    def follow(self, person: Person, *, since: datetime | None = None) -> None:
        """Schedule the person as they want it now."""
        when = _when(person)
        if when == self._when.get(person.id):
            return  # putting it again could lose a moment that is just due
        key = f"summary:{person.id}"
        if when is None:
            del self._when[person.id]
            self.schedule.drop(key)
            return

        async def work(due: datetime) -> None:
            await self._send(person.id, due)

        self._when[person.id] = when
        self.schedule.put(Job(key=key, name="summaries", when=when, work=work), since=since)

    async def _send(self, person_id: int, due: datetime) -> None:
        person = self.people.get(person_id)
        if person is not None and self.clock.now() - due <= WORTH_FOR:
            await self.send(person, due.astimezone(zone_of(person.zone)).date())


def _when(person: Person) -> Cron | None:
    """The moments of a person's summaries; `None` when there are none to send."""
    is_here = person.is_onboarded and person.is_reachable and person.role.covers(Role.VIEWER)
    if person.summary_at is None or not is_here:
        return None
    hour, minute = str(person.summary_at.hour), str(person.summary_at.minute)
    return Cron(hour=hour, minute=minute, zone=zone_of(person.zone).key)
