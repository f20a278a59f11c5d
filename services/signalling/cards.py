"""The cards of signals: sent once, edited in place through the signal's life."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from engines.signals.signal import Signal
from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from ports.people import Person, Role
from ports.signals import Card, SignalStore
from services.people import People
from services.signalling.drawings import Drawings

log = structlog.get_logger()

View = Callable[[Signal, Person], Screen]
"""The card in words, with its buttons; short enough to stand under a picture."""

LOOK_EVERY_S = 30.0
MOST_TRIES = 5
"""So often a picture is tried anew before the card goes on as words, which is a message more."""
REST_S = 5.0
"""How long a chat rests after something could not be delivered."""


@dataclass(slots=True, kw_only=True, repr=False)
class Cards:
    """Brings every card up to date with its signal. A chat that has to wait holds back no other; within a
    chat the older signal comes first. What ended before it was ever shown is not shown any more."""

    store: SignalStore
    people: People
    messenger: Messenger
    clock: Clock
    view: View
    drawings: Drawings
    _tries: dict[tuple[int, int], int] = field(default_factory=dict)
    _unwritten: dict[tuple[int, int], tuple[Card, int | None]] = field(default_factory=dict)
    _busy: set[int] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, _: Signal) -> None:
        """A signal is new or has moved."""
        self._news.set()

    async def run(self) -> None:
        """Endless; a run after one that died begins with every chat."""
        self._busy.clear()
        async with asyncio.TaskGroup() as lines:
            while True:
                self._news.clear()
                busy = set(self._busy)  # while we read, they may finish what is still behind in the answer
                for chat_id, behind in (await self._behind()).items():
                    if chat_id not in busy:
                        self._busy.add(chat_id)
                        lines.create_task(self._serve(chat_id, behind), name=f"signal cards {chat_id}")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._news.wait()

    async def deliver(self) -> bool:
        """Bring everything up to date once; `False` when something has to be tried again."""
        lines = (await self._behind()).values()
        return all(await asyncio.gather(*(self._deliver(behind) for behind in lines)))

    async def _behind(self) -> Mapping[int, Sequence[tuple[Signal, Card]]]:
        lines: dict[int, list[tuple[Signal, Card]]] = {}
        try:
            for signal, card in await self.store.behind():
                lines.setdefault(card.chat_id, []).append((signal, card))
        except Transient as error:
            log.warning("signal_cards_not_read", error=str(error))
        return lines

    async def _serve(self, chat_id: int, behind: Sequence[tuple[Signal, Card]]) -> None:
        try:
            if not await self._deliver(behind):
                await asyncio.sleep(REST_S)
        finally:
            self._busy.discard(chat_id)
            self._news.set()

    async def _deliver(self, behind: Sequence[tuple[Signal, Card]]) -> bool:
        """The cards of one chat in order; whether all are up to date."""
        try:
            for signal, card in behind:
                await self._bring(signal, card)
        except Transient as error:
            log.info("signal_card_waits", chat=behind[0][1].chat_id, error=str(error))
            return False
        return True

    async def _bring(self, signal: Signal, card: Card) -> None:
        unwritten = self._unwritten.get((card.signal_id, card.person_id))
        if unwritten is not None:
            await self._write(*unwritten)
            card = unwritten[0]
        if card.message_id is not None and card.shown_version >= signal.version:
            return
        person = self.people.get(card.person_id)
        if person is None or not _is_served(person) or self._is_too_late(signal, card):
            await self.store.drop_card(card.signal_id, card.person_id)
            return
        try:
            await self._show(signal, card, person)
        except Gone:
            await self.store.drop_card(card.signal_id, card.person_id)
            if card.chat_id == person.id:
                await self.people.change(person.id, is_reachable=False)
        except Rejected as error:
            log.error("signal_card_refused", number=signal.id, chat=card.chat_id, error=str(error))
            await self.store.drop_card(card.signal_id, card.person_id)

    async def _show(self, signal: Signal, card: Card, person: Person) -> None:
        words, message_id = self.view(signal, person), card.message_id
        is_new = message_id is None
        photo = await self.drawings.of(signal, person, is_new=is_new) if is_new or card.is_picture else None
        if card.is_picture and not is_new and photo is None and self._may_wait(card):
            raise Transient("its picture cannot be drawn now")
        screen = replace(words, photo=photo)
        is_same_kind = card.is_picture is (photo is not None)
        if message_id is not None and is_same_kind and await self._edit(card, message_id, screen):
            shown = replace(card, shown_version=signal.version)
        else:
            sent = await self.messenger.send(
                card.chat_id, screen, priority=Priority.SIGNAL, is_silent=message_id is not None
            )
            is_picture = photo is not None
            shown = replace(
                card, message_id=sent.message_id, is_picture=is_picture, shown_version=signal.version
            )
        await self._write(shown, message_id)

    def _may_wait(self, card: Card) -> bool:
        """Whether to try again later: right after a start nothing can be drawn."""
        place = card.signal_id, card.person_id
        self._tries[place] = self._tries.get(place, 0) + 1
        return self._tries[place] < MOST_TRIES

    async def _write(self, shown: Card, was: int | None) -> None:
        """Remember what was delivered, also while the store is in trouble: nobody is told twice."""
        place = shown.signal_id, shown.person_id
        self._unwritten[place] = shown, was
        await self.store.shown(shown, was=was)
        del self._unwritten[place]
        self._tries.pop(place, None)

    async def _edit(self, card: Card, message_id: int, screen: Screen) -> bool:
        return await self.messenger.edit(card.chat_id, message_id, screen, priority=Priority.SIGNAL)

    def _is_too_late(self, signal: Signal, card: Card) -> bool:
        is_over = not signal.is_live or signal.proposal.expires_at <= self.clock.now()
        return card.message_id is None and is_over


def _is_served(person: Person) -> bool:
    return person.is_reachable and person.role.covers(Role.VIEWER)
