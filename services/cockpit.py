"""The pinned message of each person, edited in place so that a glance at the chat is enough."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from ports.people import Person, Role
from services.people import People

View = Callable[[Person], Screen]


@dataclass(slots=True, repr=False)
class Cockpits:
    """Opens, refreshes and repairs cockpits. `view` draws one from data in memory, without waiting."""

    people: People
    messenger: Messenger
    clock: Clock
    view: View
    every_s: float = 15.0
    _shown: dict[int, Screen] = field(default_factory=dict)
    _editing: set[int] = field(default_factory=set)
    _repairing: set[int] = field(default_factory=set)

    async def open(self, person: Person) -> None:
        """Send a new cockpit and pin it; it replaces the one before."""
        screen = self.view(person)
        sent = await self.messenger.send(person.id, screen, priority=Priority.ANSWER, is_silent=True)
        await self.people.change(person.id, cockpit_message_id=sent.message_id)
        self._shown[person.id] = screen
        await self.messenger.pin(person.id, sent.message_id)
        if person.cockpit_message_id is not None:
            await self.messenger.unpin(person.id, person.cockpit_message_id)

    async def run(self) -> None:
        """Refresh every cockpit for ever; a chat that has to wait holds back no other. At most one edit of
        this loop waits for each, and the round after it brings the newest state."""
        async with asyncio.TaskGroup() as edits:
            while True:
                for person in self.people.all():
                    if person.id not in self._editing and _may_see(person):
                        self._editing.add(person.id)
                        edits.create_task(self._refresh_in_turn(person))
                await asyncio.sleep(self.every_s)

    async def _refresh_in_turn(self, person: Person) -> None:
        try:
            await self.refresh(person)
        finally:
            self._editing.discard(person.id)

    async def refresh(self, person: Person, *, priority: Priority = Priority.DIGEST) -> None:
        """Edit one cockpit if it would look different; a deleted one is sent anew."""
        if person.cockpit_message_id is None:
            return
        screen = self.view(person)
        if self._shown.get(person.id) == screen:
            return
        try:
            is_there = await self.messenger.edit(
                person.id, person.cockpit_message_id, screen, priority=priority
            )
            if is_there:
                self._shown[person.id] = screen
            else:
                await self._repair(person)
        except Gone:
            await self.people.change(person.id, is_reachable=False)
        except (Transient, Rejected):
            # The next round tries again; the sender has logged why.
            self._shown.pop(person.id, None)

    async def _repair(self, person: Person) -> None:
        """Open another cockpit in place of a deleted one, unless somebody did so or is just doing it."""
        now = self.people.get(person.id)
        is_done = now is None or now.cockpit_message_id != person.cockpit_message_id
        if is_done or person.id in self._repairing:
            return
        self._repairing.add(person.id)
        try:
            await self.open(person)
        finally:
            self._repairing.discard(person.id)


def _may_see(person: Person) -> bool:
    return (
        person.cockpit_message_id is not None
        and person.is_reachable
        and person.is_onboarded
        and person.role.covers(Role.VIEWER)
    )
