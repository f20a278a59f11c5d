"""The living messages: one a trade, edited in place through its life."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from engines.orders.subaccount import is_person
from engines.orders.trade import Trade
from ports.clock import Clock
from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from ports.people import Person, Role
from services.people import People
from services.trading.prices import Prices
from services.trading.register import Held, Register
from services.trading.wish import Standing

View = Callable[[Standing, Person], Screen]

LOOK_EVERY_S = 0.5
MOST_OF_OLD = 1000
"""Messages of ended trades that wait to be brought up to date; those beyond are found at the next start."""


@dataclass(slots=True, repr=False)
class Living:
    """Keeps messages true. What happened shows at once; prices alone cost a chat one edit every `every_s`
    real seconds, however many trades it shows, for Telegram counts edits as messages.

    `view` draws a trade from data in memory, without waiting.
    """

    register: Register
    prices: Prices
    people: People
    messenger: Messenger
    clock: Clock
    view: View
    every_s: float = 5.0
    _ended: dict[int, Trade] = field(default_factory=dict)
    _shown: dict[int, Screen] = field(default_factory=dict)
    _tried_at: dict[int, float] = field(default_factory=dict)
    _editing: set[int] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        """Hear of changes from now on; once."""
        self.register.on_change.append(self._hear)

    async def load(self) -> None:
        """Find what the messages did not show when the desk stopped."""
        behind = await self.register.books.unshown()
        self._ended.update(
            (trade.id, trade)
            for trade in behind[-MOST_OF_OLD:]
            if not trade.is_live and is_person(trade.owner)
        )

    async def run(self) -> None:
        """Endless: bring messages up to date; a chat that has to wait holds back no other."""
        async with asyncio.TaskGroup() as edits:
            while True:
                self._news.clear()
                for trade in self.due():
                    self._editing.add(trade.id)
                    edits.create_task(self._refresh_in_turn(trade))
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._news.wait()

    async def refresh(self, trade: Trade) -> None:
        """Bring one message up to date; one that is gone, or was never there, is sent."""
        person = self.people.get(trade.owner)
        if person is None or not person.is_reachable or not person.role.covers(Role.VIEWER):
            self._ended.pop(trade.id, None)
            return
        screen = self.view(self.prices.standing(trade), person)
        if trade.shown_version == trade.version and self._shown.get(trade.id) == screen:
            return
        try:
            await self._show_somewhere(trade, screen)
        except Gone:
            self._ended.pop(trade.id, None)
            await self.people.change(person.id, is_reachable=False)
        except (Transient, Rejected):
            self._shown.pop(trade.id, None)  # the next round tries again; the sender has logged why

    async def _show_somewhere(self, trade: Trade, screen: Screen) -> None:
        """Where it was; in the person's own chat when the group is closed to us."""
        try:
            await self._show(trade, screen)
        except Gone:
            if trade.chat_id in (None, trade.owner):
                raise
            await self._show(replace(trade, chat_id=None, message_id=None), screen)

    async def _show(self, trade: Trade, screen: Screen) -> None:
        chat_id = _chat_of(trade)
        message_id, is_there = trade.message_id, False
        is_news = trade.shown_version < trade.version
        if message_id is not None:
            priority = Priority.FILL if is_news else Priority.DIGEST
            is_there = await self.messenger.edit(chat_id, message_id, screen, priority=priority)
        if message_id is None or not is_there:
            sent = await self.messenger.send(chat_id, screen, priority=Priority.FILL, is_silent=True)
            message_id = sent.message_id
        if is_news or not is_there:
            await self.register.show(trade, version=trade.version, chat_id=chat_id, message_id=message_id)
        self._shown[trade.id] = screen
        ended = self._ended.get(trade.id)
        if ended is not None and ended.version == trade.version:
            del self._ended[trade.id]
            self._shown.pop(trade.id, None)

    async def _refresh_in_turn(self, trade: Trade) -> None:
        try:
            await self.refresh(trade)
        finally:
            self._tried_at[trade.id] = asyncio.get_running_loop().time()
            self._editing.discard(trade.id)

    def due(self) -> list[Trade]:
        """Trades whose messages may have to change now; not those of which more will be known in a moment."""
        now = asyncio.get_running_loop().time()
        live = self.register.live()
        settled = [held.trade for held in live if is_person(held.trade.owner) and not held.is_in_flight]
        self._forget({held.trade.id for held in live} | set(self._ended))
        in_chat = Counter(_chat_of(trade) for trade in settled)
        return [
            trade
            for trade in (*settled, *self._ended.values())
            if trade.id not in self._editing and self._is_due(trade, now, in_chat[_chat_of(trade)])
        ]

    def _is_due(self, trade: Trade, now: float, in_chat: int) -> bool:
        tried_at = self._tried_at.get(trade.id)
        if tried_at is None:
            return True
        pause_s = 1.0 if trade.shown_version < trade.version else self.every_s * max(in_chat, 1)
        return now - tried_at >= pause_s or (trade.shown_version < trade.version and self._is_well(trade))

    def _is_well(self, trade: Trade) -> bool:
        """Whether the last try went through, so that news need not wait."""
        return trade.id in self._shown

    def _forget(self, kept: set[int]) -> None:
        for memory in (self._shown, self._tried_at):
            for trade_id in memory.keys() - kept:
                del memory[trade_id]

    def _hear(self, held: Held) -> None:
        if not is_person(held.trade.owner):
            return  # of the desk's orders their tickets tell
        if not held.trade.is_live:
            self._ended[held.trade.id] = held.trade
        self._news.set()


def _chat_of(trade: Trade) -> int:
    """Where its message is; the person's own chat where there is none yet."""
    return trade.owner if trade.chat_id is None else trade.chat_id
