"""Everything that an exchange tells, numbered and kept for a while."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

from engines.simulate.exchange.event import Event, What

KEPT: Final = 10_000


class Journal:
    """The latest events, and who is told of the next."""

    def __init__(self) -> None:
        self._last = 0
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._listeners: list[Callable[[Event], None]] = []

    def next_number(self) -> int:
        """A number that nothing had before: orders, executions and events share the count."""
        self._last += 1
        return self._last

    def go_on_after(self, number: int) -> None:
        """Never give a number up to this one again."""
        self._last = max(self._last, number)

    def tell(self, account: str, what: What, at: datetime) -> None:
        """Write an event down and tell whoever listens."""
        event = Event(number=self.next_number(), account=account, at=at, what=what)
        self._events.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event from now on; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def since(self, number: int) -> list[Event]:
        """The kept events after a number, in order."""
        return [event for event in self._events if event.number > number]
