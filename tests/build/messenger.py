"""A messenger that keeps what it was given, and charts that draw nothing."""

from dataclasses import dataclass, field

from ports.charts import CandleChart, EquityChart
from ports.errors import Gone
from ports.messages import Priority, Screen, SentMessage
from tests.build.telegram import PNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery; `is_edit` tells an edit from a new message."""

    chat_id: int
    message_id: int
    screen: Screen
    priority: Priority
    is_silent: bool = False
    is_edit: bool = False


@dataclass(slots=True)
class RecordingMessenger:
    """`Messenger` in memory. `failure`, while set, is raised by sends and edits; messages in `missing`
    cannot be edited, chats in `closed` are gone."""

    failure: Exception | None = None
    deliveries: list[Sent] = field(default_factory=list)
    pinned: list[SentMessage] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    _last_id: int = 100

    async def send(
        self, chat_id: int, screen: Screen, *, priority: Priority, is_silent: bool = False
    ) -> SentMessage:
        self._refuse(chat_id)
        self._last_id += 1
        self.deliveries.append(
            Sent(
                chat_id=chat_id,
                message_id=self._last_id,
                screen=screen,
                priority=priority,
                is_silent=is_silent,
            )
        )
        return SentMessage(chat_id=chat_id, message_id=self._last_id)

    async def edit(self, chat_id: int, message_id: int, screen: Screen, *, priority: Priority) -> bool:
        self._refuse(chat_id)
        if message_id in self.missing:
            return False
        self.deliveries.append(
            Sent(chat_id=chat_id, message_id=message_id, screen=screen, priority=priority, is_edit=True)
        )
        return True

    async def pin(self, chat_id: int, message_id: int) -> None:
        self.pinned.append(SentMessage(chat_id=chat_id, message_id=message_id))

    async def unpin(self, chat_id: int, message_id: int) -> None:
        self.pinned.remove(SentMessage(chat_id=chat_id, message_id=message_id))

    @property
    def sent(self) -> list[Sent]:
        """New messages."""
        return [one for one in self.deliveries if not one.is_edit]

    @property
    def edits(self) -> list[Sent]:
        """Edits."""
        return [one for one in self.deliveries if one.is_edit]

    def _refuse(self, chat_id: int) -> None:
        if self.failure is not None:
            raise self.failure
        if chat_id in self.closed:
            raise Gone("the chat is closed")


@dataclass(slots=True)
class FakeCharts:
    """`Charts` whose pictures are all the same; `drawn` and `curves` list what was asked for."""

    drawn: list[CandleChart] = field(default_factory=list)
    curves: list[EquityChart] = field(default_factory=list)
    failure: Exception | None = None

    async def candles(self, chart: CandleChart) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.drawn.append(chart)
        return PNG

    async def equity(self, chart: EquityChart) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.curves.append(chart)
        return PNG

    async def close(self) -> None:
        """Nothing to do."""
