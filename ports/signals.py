"""The store of signals and of the cards that show them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The message that shows a signal to one person. `message_id` is `None` until it was sent; `is_picture`
    says of what kind the message is. What it shows is the signal's `shown_version`."""

    signal_id: int
    person_id: int
    chat_id: int
    message_id: int | None
    is_picture: bool
    shown_version: int


class SignalStore(Protocol):
    """Signals by number, and one card a signal and person."""

    async def add(self, proposal: Proposal, course: Course, readers: Collection[int]) -> Signal:
        """Store a new signal under the next number, with a card to be sent to each of `readers` (their own
        chats); all in one transaction. One of the same market, timeframe and moment that is there already
        comes back as it is, and nothing is stored."""
        ...

    async def advance(self, signal: Signal) -> bool:
        """Store a signal's course; `signal.version` is one more than the stored one. `False` and nothing
        stored when it is not."""
        ...

    async def seen(self, signals: Sequence[Signal]) -> None:
        """Write down how far the market was looked at (`course.seen_ms`), without a new version; signals
        whose version is another by now are left alone."""
        ...

    async def get(self, signal_id: int) -> Signal | None: ...

    async def live(self) -> Sequence[Signal]:
        """Every signal that is still followed, by number."""
        ...

    async def latest(self, *, limit: int, offset: int = 0, symbol: str | None = None) -> Sequence[Signal]:
        """Signals of all states, the newest first."""
        ...

    async def ended(self, *, since: datetime | None = None) -> Sequence[Signal]:
        """Signals that came to their end (after `since`), the oldest first: the track record."""
        ...

    async def last_made(self, symbol: str) -> datetime | None:
        """When the last signal of that pair was made."""
        ...

    async def card(self, signal_id: int, person_id: int) -> Card | None: ...

    async def add_card(self, card: Card) -> None:
        """Remember where a person sees a signal; a card that is there is replaced."""
        ...

    async def behind(self) -> Sequence[tuple[Signal, Card]]:
        """Cards that were not sent yet, or show an older version, by signal."""
        ...

    async def shown(self, card: Card, *, was: int | None) -> None:
        """The card, which was the message `was`, is where it says and shows what it says. Nothing is stored
        when another message took its place meanwhile."""
        ...

    async def drop_card(self, signal_id: int, person_id: int) -> None:
        """That person sees it no more (they blocked us, or nobody is to be told any more)."""
        ...
