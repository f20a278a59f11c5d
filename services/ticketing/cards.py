"""The messages of tickets: one a ticket and chat, edited from the question to the last fill."""

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import structlog

from engines.risk.latch import Latch
from ports.clock import Clock
from ports.errors import DeskError, Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from ports.tickets import TicketCard, TicketState, TicketStore
from services.actions import Actions
from services.people import People, shown_name
from services.ticketing.audience import Audience, Reader
from services.ticketing.progress import progress_of
from services.ticketing.roll import Filed, Roll
from services.ticketing.standing import TicketStanding

log = structlog.get_logger()

View = Callable[[TicketStanding, Reader, str], Screen]
"""The card for a chat; the token is what its buttons carry."""

TICKET: Final = "ticket"
"""The kind of the action behind a card's buttons."""
LOOK_EVERY_S: Final = 0.5
REST_S: Final = 5.0
"""How long a message rests after it could not be delivered."""
COUNTED_IN_S: Final = 5
"""Steps of the time that is left."""
BUTTONS_LAST: Final = timedelta(days=7)

Place = tuple[str, int]
"""A ticket and a chat."""
Places = Mapping[int, int | None]
"""Chats, each with the message that becomes the ticket's; `None`: a new one."""


@dataclass(slots=True, kw_only=True, repr=False)
class Cards:
    """Keeps the messages true. What happened shows at once; the time that is left costs a chat one edit every
    `every_s` real seconds, however many tickets wait there. What a message shows is kept as a checksum of its
    words, so that a restart edits only what has changed."""

    store: TicketStore
    roll: Roll
    audience: Audience
    people: People
    messenger: Messenger
    actions: Actions
    clock: Clock
    latches: Callable[[], Sequence[Latch]]
    view: View
    every_s: float = 10.0
    _cards: dict[Place, TicketCard] = field(default_factory=dict)
    _due: dict[Place, float] = field(default_factory=dict)
    _tokens: dict[Place, str] = field(default_factory=dict)
    _busy: set[int] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        """Find the messages of the tickets in memory; once, after the roll has loaded."""
        self.roll.on_change.append(self._hear)
        for filed in self.roll.all():
            cards = await self.store.cards(filed.ticket.id)
            for card in cards:
                self._keep(card)
            if filed.is_open and not cards:
                self.want(filed.ticket.id, dict.fromkeys(self.audience.of()))

    def want(self, ticket_id: str, places: Places) -> None:
        """Show a ticket in these chats from now on; written down once it is shown."""
        for chat_id, message_id in places.items():
            if (ticket_id, chat_id) not in self._cards:
                self._keep(TicketCard(ticket_id=ticket_id, chat_id=chat_id, message_id=message_id, version=0))

    def tapped(self, ticket_id: str, chat_id: int, message_id: int) -> None:
        """Somebody pressed a button of that message: it is the ticket's from now on. A desk that died between
        Telegram's answer and our commit has sent the card twice."""
        card = self._cards.get((ticket_id, chat_id))
        if card is None or card.message_id != message_id:
            self._keep(TicketCard(ticket_id=ticket_id, chat_id=chat_id, message_id=message_id, version=0))

    async def move(self, ticket_id: str, to: str) -> None:
        """Let the messages of a ticket show the one that took its place."""
        await self.store.move_cards(ticket_id, to)
        for place in [place for place in self._cards if place[0] == ticket_id]:
            card = self._cards.pop(place)
            self._due.pop(place, None)
            self._keep(replace(card, ticket_id=to))

    async def run(self) -> None:
        """Endless: bring messages up to date; a chat that has to wait holds back no other."""
        self._busy.clear()
        async with asyncio.TaskGroup() as lines:
            while True:
                self._news.clear()
                for chat_id in {chat_id for _, chat_id in self._now_due()} - self._busy:
                    self._busy.add(chat_id)
                    lines.create_task(self._serve(chat_id), name=f"tickets in {chat_id}")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._news.wait()

    async def refresh(self) -> None:
        """Bring everything that is due up to date once."""
        for place in self._now_due():
            await self._refresh(place)

    def standing(self, filed: Filed) -> TicketStanding:
        """A ticket as it stands now."""
        ticket, intent = filed.ticket, filed.intent
        left_s = max((ticket.expires_at - self.clock.wire_now()).total_seconds(), 0.0)
        stops = (one for one in self.latches() if one.stops(intent, is_person=False))
        progress = progress_of(intent, filed.orders)
        return TicketStanding(
            ticket=ticket,
            intent=intent,
            trade=filed.trade,
            orders=filed.orders,
            progress=progress,
            left_s=-(-left_s // COUNTED_IN_S) * COUNTED_IN_S,
            latch=None if progress.is_over else next(stops, None),
            asked_by=self.name_of(ticket.asked_by),
            decided_by=self.name_of(ticket.decided_by),
            follows=self._follows(ticket.replaces),
        )

    def name_of(self, person_id: int | None) -> str:
        """How a person is called; empty for nobody."""
        if person_id is None:
            return ""
        person = self.people.get(person_id)
        return shown_name("" if person is None else person.name, person_id)

    def _follows(self, replaced: str | None) -> TicketState | None:
        before = None if replaced is None else self.roll.get(replaced)
        return None if before is None else before.ticket.state

    def _keep(self, card: TicketCard) -> None:
        place = card.ticket_id, card.chat_id
        self._cards[place] = card
        self._due[place] = 0.0
        self._news.set()

    def _hear(self, filed: Filed) -> None:
        for place in self._cards:
            if place[0] == filed.ticket.id:
                self._due[place] = 0.0
        self._news.set()

    def _now_due(self) -> list[Place]:
        now = asyncio.get_running_loop().time()
        return [place for place, at in self._due.items() if at <= now]

    async def _serve(self, chat_id: int) -> None:
        try:
            for place in [place for place in self._now_due() if place[1] == chat_id]:
                await self._refresh(place)
        finally:
            self._busy.discard(chat_id)

    async def _refresh(self, place: Place) -> None:
        filed, card = self.roll.get(place[0]), self._cards.get(place)
        reader = self.audience.reader(place[1])
        self._due.pop(place, None)  # before we wait: what happens meanwhile is due again
        if filed is None or card is None or reader is None or _is_too_late(filed, card):
            return
        try:
            await self._show(filed, card, reader)
        except Gone:
            await self._lost(place)
        except (Transient, Rejected) as error:
            log.info("ticket_card_waits", ticket=place[0], chat=place[1], error=str(error))
            self._again_in(place, REST_S)
        else:
            if filed.is_open:
                waiting = sum(1 for one in self._cards if one[1] == place[1] and self._waits(one[0]))
                self._again_in(place, self.every_s * max(waiting, 1))

    async def _show(self, filed: Filed, card: TicketCard, reader: Reader) -> None:
        screen = self.view(self.standing(filed), reader, await self._token((card.ticket_id, card.chat_id)))
        mark = zlib.crc32(screen.html.encode()) or 1  # 0 is a message that shows nothing yet
        if card.message_id is not None and card.version == mark:
            return
        message_id, is_there = card.message_id, False
        priority = Priority.APPROVAL if filed.is_open else Priority.FILL
        if message_id is not None:
            is_there = await self.messenger.edit(card.chat_id, message_id, screen, priority=priority)
        if message_id is None or not is_there:
            sent = await self.messenger.send(
                card.chat_id, screen, priority=priority, is_silent=not filed.is_open
            )
            message_id = sent.message_id
        await self._shown(replace(card, message_id=message_id, version=mark))

    async def _shown(self, card: TicketCard) -> None:
        """Remember what was delivered, also while the store is in trouble: nobody is told twice."""
        place = card.ticket_id, card.chat_id
        if place in self._cards:  # else another ticket took its message over while we were at it
            self._cards[place] = card
            await self.store.shown(card)

    async def _token(self, place: Place) -> str:
        known = self._tokens.get(place)
        if known is None:
            ticket_id, chat_id = place
            known = self._tokens[place] = await self.actions.offer(
                TICKET, chat_id=chat_id, params={"ticket": ticket_id}, lasts=BUTTONS_LAST
            )
        return known

    async def _lost(self, place: Place) -> None:
        """The chat is closed to us."""
        self._cards.pop(place, None)
        person = self.people.get(place[1])
        if person is not None:
            with suppress(DeskError):
                await self.people.change(person.id, is_reachable=False)

    def _again_in(self, place: Place, pause_s: float) -> None:
        self._due.setdefault(place, asyncio.get_running_loop().time() + pause_s)

    def _waits(self, ticket_id: str) -> bool:
        filed = self.roll.get(ticket_id)
        return filed is not None and filed.is_open


def _is_too_late(filed: Filed, card: TicketCard) -> bool:
    """Whether it was over before anybody saw it, and nothing was sent."""
    was_sent = filed.ticket.state in (TicketState.APPROVED, TicketState.PAPER)
    return card.message_id is None and not filed.is_open and not was_sent
