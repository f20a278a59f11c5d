"""Desk stores in memory. They pass the battery of the databases, `tests/contracts/test_desk_stores.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ports.messages import OutboundMessage, OutboxRow
from ports.people import Action, Person
from tests.build.alert_store import MemoryAlerts
from tests.build.desk_state import MemoryAudit, MemoryLatches, MemoryLease, MemoryPolicies
from tests.build.signal_store import MemorySignals
from tests.build.tickets import MemoryTickets


class MemoryPeople:
    """`PeopleStore` in a dictionary."""

    def __init__(self, *people: Person) -> None:
        self._people = {person.id: person for person in people}

    async def all(self) -> Sequence[Person]:
        return sorted(self._people.values(), key=lambda person: (person.created_at, person.id))

    async def get(self, person_id: int) -> Person | None:
        return self._people.get(person_id)

    async def add(self, person: Person) -> Person:
        return self._people.setdefault(person.id, person)

    async def change(self, person_id: int, **fields: Any) -> Person | None:
        if "id" in fields:
            raise TypeError("a person's id never changes")
        person = self._people.get(person_id)
        if person is None:
            return None
        self._people[person_id] = replace(person, **fields)
        return self._people[person_id]


class MemoryActions:
    """`ActionStore` in a dictionary."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    async def add(self, actions: Sequence[Action]) -> None:
        self._actions.update((action.token, action) for action in actions)

    async def get(self, token: str) -> Action | None:
        return self._actions.get(token)

    async def take(self, token: str, *, person_id: int, at: datetime) -> bool:
        action = self._actions.get(token)
        if action is None or action.done_at is not None:
            return False
        self._actions[token] = replace(action, done_at=at, done_by=person_id)
        return True

    async def forget_before(self, at: datetime) -> int:
        expired = [token for token, action in self._actions.items() if action.expires_at < at]
        for token in expired:
            del self._actions[token]
        return len(expired)


@dataclass(slots=True)
class Push:
    """A row of `MemoryOutbox`, with what became of it."""

    row: OutboxRow
    message_id: int | None = None
    closed_at: datetime | None = None
    reason: str | None = None


class MemoryOutbox:
    """`OutboxStore` in a list; `pushes` is open for tests to read."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self._last_id = 0

    async def add(self, message: OutboundMessage) -> bool:
        if any(push.row.message.dedupe == message.dedupe for push in self.pushes):
            return False
        self._last_id += 1
        kept = replace(message, screen=replace(message.screen, photo=None))
        self.pushes.append(Push(OutboxRow(id=self._last_id, message=kept)))
        return True

    async def unsent(self, *, limit: int = 100) -> Sequence[OutboxRow]:
        rows = [push.row for push in self.pushes if push.closed_at is None]
        rows.sort(key=lambda row: (row.message.priority, row.message.created_at, row.id))
        return rows[:limit]

    async def sent(self, row_id: int, *, message_id: int, at: datetime) -> None:
        for push in self._open(row_id):
            push.message_id, push.closed_at = message_id, at

    async def failed(self, row_id: int, *, reason: str) -> None:
        for push in self._open(row_id):
            push.row, push.reason = replace(push.row, tries=push.row.tries + 1), reason

    async def dropped(self, row_id: int, *, reason: str, at: datetime) -> None:
        for push in self._open(row_id):
            push.reason, push.closed_at = reason, at

    async def forget_before(self, at: datetime) -> int:
        kept = [push for push in self.pushes if push.closed_at is None or push.closed_at >= at]
        forgotten = len(self.pushes) - len(kept)
        self.pushes = kept
        return forgotten

    def _open(self, row_id: int) -> list[Push]:
        return [push for push in self.pushes if push.row.id == row_id and push.closed_at is None]


class MemoryFacts:
    """`Facts` in a dictionary. `failure`, while set, is raised by what writes."""

    def __init__(self, **facts: str) -> None:
        self._facts = facts
        self.failure: Exception | None = None

    async def get(self, name: str) -> str | None:
        return self._facts.get(name)

    async def put(self, name: str, value: str) -> None:
        self._refuse()
        self._facts[name] = value

    async def put_if_absent(self, name: str, value: str) -> bool:
        self._refuse()
        if name in self._facts:
            return False
        self._facts[name] = value
        return True

    async def delete(self, name: str) -> None:
        self._refuse()
        self._facts.pop(name, None)

    def _refuse(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True)
class MemoryDesk:
    """All desk stores, empty."""

    people: MemoryPeople = field(default_factory=MemoryPeople)
    actions: MemoryActions = field(default_factory=MemoryActions)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    alerts: MemoryAlerts = field(init=False)
    signals: MemorySignals = field(default_factory=MemorySignals)
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    latches: MemoryLatches = field(default_factory=MemoryLatches)
    policies: MemoryPolicies = field(default_factory=MemoryPolicies)
    lease: MemoryLease = field(default_factory=MemoryLease)
    audit: MemoryAudit = field(default_factory=MemoryAudit)

    def __post_init__(self) -> None:
        self.alerts = MemoryAlerts(self.outbox)
