"""Who may do what: people, roles, the first claim, preferences."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ports.clock import Clock
from ports.errors import Refused
from ports.people import Facts, PeopleStore, Person, Role

CLAIM_FACT = "claim_code_hash"
MOST_CLAIM_TRIES = 5
LONGEST_NAME = 64
MOST_STRANGERS = 10_000
NOTICE_LASTS = timedelta(days=7)
"""How long a notice about a stranger stands, and its buttons work."""


@dataclass(slots=True, repr=False)
class People:
    """Everybody the desk knows, in memory and in the store; unknown people have no role at all.

    `appointed` are roles from the settings by numeric id: given when the person first writes, and raised
    (never lowered) on later starts. `new_code` makes a claim code. `on_change` hears of everybody who is new
    or has changed.
    """

    store: PeopleStore
    facts: Facts
    clock: Clock
    new_code: Callable[[], str]
    appointed: dict[int, Role] = field(default_factory=dict)
    on_change: list[Callable[[Person], object]] = field(default_factory=list)
    _known: dict[int, Person] = field(default_factory=dict)
    _deciding: set[int] = field(default_factory=set)
    _strangers: dict[int, datetime] = field(default_factory=dict)
    _tries: dict[int, int] = field(default_factory=dict)
    _roles_change: asyncio.Lock = field(default_factory=asyncio.Lock)
    _claiming: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> None:
        """Read everybody; must run before the first update. Whom an admin blocked stays blocked, unless the
        settings make an admin of them."""
        self._known = {person.id: person for person in await self.store.all()}
        for person_id, role in self.appointed.items():
            person = self._known.get(person_id)
            if person is None or (person.role is Role.BLOCKED and role is not Role.ADMIN):
                continue
            if person.role is not role and role.covers(person.role):
                await self.change(person_id, role=role)

    def get(self, person_id: int) -> Person | None:
        """The known person, else `None`."""
        return self._known.get(person_id)

    def all(self) -> Sequence[Person]:
        """Everybody known, admins first, then by name."""
        rank = {role: place for place, role in enumerate(reversed(Role))}
        return sorted(self._known.values(), key=lambda person: (rank[person.role], person.name.lower()))

    def admins(self) -> Sequence[Person]:
        """Everybody who may administer."""
        return [person for person in self._known.values() if person.role is Role.ADMIN]

    async def arrive(self, person_id: int, name: str, language: str) -> Person | None:
        """The person who wrote; somebody appointed in the settings is welcomed, a stranger is `None`."""
        person = self._known.get(person_id)
        if person is None and person_id in self.appointed:
            return await self.admit(person_id, name, self.appointed[person_id], language)
        return person

    async def admit(self, person_id: int, name: str, role: Role, language: str) -> Person:
        """Give a role: to a new person, or to a known one (then only the role changes)."""
        if person_id in self._known:
            return await self.change(person_id, role=role)
        person = Person(
            id=person_id,
            name=shown_name(name, person_id),
            role=role,
            language=language,
            created_at=self.clock.wire_now(),
        )
        stored = await self.store.add(person)
        self._keep(stored)
        return stored if stored.role is role else await self.change(person_id, role=role)

    async def admit_first(self, person_id: int, name: str, role: Role, language: str) -> Person | None:
        """Give a role to somebody unknown; `None` when another admin has decided, or is just deciding."""
        if person_id in self._known or person_id in self._deciding:
            return None
        self._deciding.add(person_id)
        try:
            return await self.admit(person_id, name, role, language)
        finally:
            self._deciding.discard(person_id)

    async def change(self, person_id: int, **fields: Any) -> Person:
        """Change fields of a known person, in the store first.

        Raises `Refused("unknown_person")`; `Refused("last_admin")` when no admin would be left.
        """
        if "role" not in fields:
            return await self._change(person_id, fields)
        async with self._roles_change:  # two admins who dismiss each other at once: one stays
            return await self._change(person_id, fields)

    async def _change(self, person_id: int, fields: Mapping[str, Any]) -> Person:
        person = self._known.get(person_id)
        if person is None:
            raise Refused("unknown_person")
        role = fields.get("role", person.role)
        if person.role is Role.ADMIN and role is not Role.ADMIN and len(self.admins()) == 1:
            raise Refused("last_admin")
        if all(getattr(person, name) == value for name, value in fields.items()):
            return person
        changed = await self.store.change(person_id, **fields)
        if changed is None:
            changed = await self.store.add(replace(person, **fields))
        self._keep(changed)
        return changed

    def _keep(self, person: Person) -> None:
        self._known[person.id] = person
        for tell in self.on_change:
            tell(person)

    async def notice(self, stranger_id: int) -> bool:
        """Whether the admins are to hear of this stranger; remembers that they did for `NOTICE_LASTS`."""
        now, fact = self.clock.wire_now(), f"stranger:{stranger_id}"
        seen_at = self._strangers.get(stranger_id)
        if seen_at is not None and now - seen_at < NOTICE_LASTS:
            return False
        if len(self._strangers) >= MOST_STRANGERS:
            self._strangers.clear()
        self._strangers[stranger_id] = now
        if await self.facts.put_if_absent(fact, now.isoformat()):
            return True
        told_at = datetime.fromisoformat(await self.facts.get(fact) or now.isoformat())
        self._strangers[stranger_id] = told_at
        if now - told_at < NOTICE_LASTS:
            return False
        self._strangers[stranger_id] = now
        await self.facts.put(fact, now.isoformat())
        return True

    async def open_claim(self) -> str | None:
        """A new one-time claim code while the desk has no admin and none is appointed, else `None`.

        Only its hash is kept, so each start makes a new code and the old one is void.
        """
        if self.admins() or Role.ADMIN in self.appointed.values():
            await self.facts.delete(CLAIM_FACT)
            return None
        code = self.new_code()
        await self.facts.put(CLAIM_FACT, _hash(code))
        return code

    async def claim(self, person_id: int, name: str, language: str, code: str) -> Person | None:
        """Make the person the first admin if the code is right.

        `None` when nothing can be claimed. Raises `Refused("wrong_claim", left=…)`, and after too many
        tries `Refused("claim_closed")` until the next start.
        """
        expected = await self.facts.get(CLAIM_FACT)
        if expected is None or self.admins():
            return None
        tries = self._tries.get(person_id, 0) + 1
        self._tries[person_id] = tries
        if tries > MOST_CLAIM_TRIES:
            raise Refused("claim_closed")
        if not hmac.compare_digest(expected, _hash(code.strip().upper())):
            raise Refused("wrong_claim", left=MOST_CLAIM_TRIES - tries)
        async with self._claiming:  # two who know the code at once: the first is served
            if self.admins():
                return None
            await self.facts.delete(CLAIM_FACT)
            return await self.admit(person_id, name, Role.ADMIN, language)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def shown_name(name: str, person_id: int) -> str:
    """A name that Telegram gave us, cut, without invisible letters; the number where nothing is left."""
    printable = "".join(letter for letter in name if letter.isprintable()).strip()
    return printable[:LONGEST_NAME] or str(person_id)
