"""Where a kill is watched: messages edited as it goes, and one more when it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from ports.errors import Gone, Rejected, Transient
from ports.messages import Messenger, Priority, Screen
from services.stopping.report import KillReport, KillWish

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A message that shows the kill, in the words of `person_id`."""

    chat_id: int
    message_id: int
    person_id: int


@dataclass(slots=True, repr=False)
class _Shown:
    """Of which kill a message is, and what it shows."""

    wish: KillWish
    screen: Screen | None = None


@dataclass(slots=True, repr=False)
class Board:
    """Edits the messages of the last kill, the newest state at most every `every_s`. `tell` pushes the end
    to admins who do not have it before their eyes in one of the chats given."""

    messenger: Messenger
    view: Callable[[KillReport, int], Screen]
    tell: Callable[[KillReport, Collection[int]], Awaitable[None]]
    every_s: float = 1.0
    _report: KillReport | None = None
    _told: KillReport | None = None
    _places: dict[Place, _Shown] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, report: KillReport) -> None:
        """The kill goes on; one that is replaced has nothing to say any more."""
        if report.given_up == "replaced":
            return
        self._places = {place: one for place, one in self._places.items() if one.wish == report.wish}
        self._report = report
        self._news.set()

    def put(self, place: Place, report: KillReport) -> None:
        """That message shows `report`, and is to be kept true."""
        self._places[place] = _Shown(wish=report.wish)
        self._news.set()

    async def run(self) -> None:
        """Keep the messages true for ever. Telling the end needs the database, and holds back no edit."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._keep_shown())
            loops.create_task(self._keep_told())

    async def _keep_shown(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if not await self.show():
                self._news.set()
            await asyncio.sleep(self.every_s)

    async def _keep_told(self) -> None:
        while True:
            await asyncio.sleep(self.every_s)
            await self.end()

    async def show(self) -> bool:
        """Edit what would look different; `False` when something has to be tried again."""
        report = self._report
        if report is None:
            return True
        return all([await self._edit(place, report) for place in list(self._places)])

    async def _edit(self, place: Place, report: KillReport) -> bool:
        screen, shown = self.view(report, place.person_id), self._places.get(place)
        if shown is None or shown.wish != report.wish or shown.screen == screen:
            return True
        try:
            await self.messenger.edit(place.chat_id, place.message_id, screen, priority=Priority.KILL)
        except Transient as error:
            log.warning("kill_not_shown", chat=place.chat_id, error=str(error))
            return False
        except (Gone, Rejected) as error:
            log.warning("kill_not_shown", chat=place.chat_id, error=str(error))
            self._places.pop(place, None)
            return True
        shown.screen = screen
        return True

    async def end(self) -> None:
        """Tell those who do not look on that it is over, once; what fails is tried at the next round."""
        report = self._report
        if report is None or report == self._told or not (report.is_done or report.given_up):
            return
        with suppress(Transient):
            await self.tell(report, {place.chat_id for place in self._places})
            self._told = report
