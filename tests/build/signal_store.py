"""Signals in memory. They pass the battery of the databases, `tests/contracts/test_signal_store.py`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal
from ports.signals import Card


class MemorySignals:
    """`SignalStore` in dictionaries. `failure`, while set, is raised by everything that writes."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._signals: dict[int, Signal] = {}
        self._cards: dict[tuple[int, int], Card] = {}

    async def add(self, proposal: Proposal, course: Course, readers: Collection[int]) -> Signal:
        self._check()
        for known in self._signals.values():
            if _moment(known.proposal) == _moment(proposal):
                return known
        signal = Signal(id=len(self._signals) + 1, proposal=proposal, course=course)
        self._signals[signal.id] = signal
        for person_id in readers:
            self._put(
                Card(
                    signal_id=signal.id,
                    person_id=person_id,
                    chat_id=person_id,
                    message_id=None,
                    is_picture=False,
                    shown_version=0,
                )
            )
        return signal

    async def advance(self, signal: Signal) -> bool:
        self._check()
        held = self._signals.get(signal.id)
        if held is None or held.version != signal.version - 1:
            return False
        self._signals[signal.id] = replace(held, course=signal.course, version=signal.version)
        return True

    async def seen(self, signals: Sequence[Signal]) -> None:
        self._check()
        for one in signals:
            held = self._signals.get(one.id)
            if held is not None and held.version == one.version:
                self._signals[one.id] = replace(held, course=one.course)

    async def get(self, signal_id: int) -> Signal | None:
        return self._signals.get(signal_id)

    async def live(self) -> Sequence[Signal]:
        return [one for one in self._signals.values() if one.is_live]

    async def latest(self, *, limit: int, offset: int = 0, symbol: str | None = None) -> Sequence[Signal]:
        newest = sorted(self._signals.values(), key=lambda one: -one.id)
        wanted = [one for one in newest if symbol in (None, one.proposal.instrument.symbol)]
        return wanted[offset : offset + limit]

    async def ended(self, *, since: datetime | None = None) -> Sequence[Signal]:
        over = [
            (one.course.ended_at, one.id, one)
            for one in self._signals.values()
            if one.course.ended_at is not None and (since is None or one.course.ended_at > since)
        ]
        return [one for _, _, one in sorted(over, key=lambda each: each[:2])]

    async def last_made(self, symbol: str) -> datetime | None:
        made = (one.proposal for one in self._signals.values())
        return max((one.created_at for one in made if one.instrument.symbol == symbol), default=None)

    async def card(self, signal_id: int, person_id: int) -> Card | None:
        return self._cards.get((signal_id, person_id))

    async def add_card(self, card: Card) -> None:
        self._check()
        self._put(card)

    async def behind(self) -> Sequence[tuple[Signal, Card]]:
        pairs = [(self._signals[number], card) for (number, _), card in sorted(self._cards.items())]
        return [
            (signal, card)
            for signal, card in pairs
            if card.message_id is None or card.shown_version < signal.version
        ]

    async def shown(self, card: Card, *, was: int | None) -> None:
        self._check()
        held = self._cards.get((card.signal_id, card.person_id))
        if held is not None and held.message_id == was:
            self._put(card)

    async def drop_card(self, signal_id: int, person_id: int) -> None:
        self._check()
        self._cards.pop((signal_id, person_id), None)

    def _put(self, card: Card) -> None:
        self._cards[card.signal_id, card.person_id] = card

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


def _moment(proposal: Proposal) -> tuple[object, ...]:
    return proposal.instrument.symbol, proposal.timeframe, proposal.created_at
