"""The signals that are followed, in memory over their store; the store is first."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from engines.signals.course import begin
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal
from ports.signals import SignalStore

log = structlog.get_logger()


@dataclass(slots=True, repr=False)
class Register:
    """Live signals by number, and when the last one of each pair was made. `on_change` hears of every
    signal that is new or came to another state."""

    store: SignalStore
    on_change: list[Callable[[Signal], None]] = field(default_factory=list)
    _live: dict[int, Signal] = field(default_factory=dict)
    _made_at: dict[str, datetime | None] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what is live."""
        self._live = {signal.id: signal for signal in await self.store.live()}

    def live(self) -> Sequence[Signal]:
        """Everything that is followed, by number."""
        return list(self._live.values())

    def in_market(self, symbol: str) -> Sequence[Signal]:
        """Those of one market."""
        return [one for one in self._live.values() if one.proposal.instrument.symbol == symbol]

    def markets(self) -> frozenset[str]:
        """Symbols of the markets that are followed."""
        return frozenset(one.proposal.instrument.symbol for one in self._live.values())

    async def last_made(self, symbol: str) -> datetime | None:
        """When the last signal of a pair was made."""
        if symbol not in self._made_at:
            self._made_at[symbol] = await self.store.last_made(symbol)
        return self._made_at[symbol]

    async def add(self, proposal: Proposal, readers: Collection[int]) -> Signal:
        """Store a new signal and its cards. Raises as the store does."""
        symbol = proposal.instrument.symbol
        self._made_at.pop(symbol, None)  # an error leaves open whether it was stored
        signal = await self.store.add(proposal, begin(proposal), readers)
        self._made_at[symbol] = signal.proposal.created_at
        self._keep(signal)
        return signal

    def see(self, signal: Signal, course: Course) -> None:
        """A look that changed no state; `keep_seen` writes it down."""
        self._live[signal.id] = replace(signal, course=course)

    async def advance(self, signal: Signal, course: Course) -> None:
        """Store that a signal came to another state. Raises as the store does, and changes nothing then."""
        moved = replace(signal, course=course, version=signal.version + 1)
        if not await self.store.advance(moved):
            stored = await self.store.get(signal.id)  # an earlier try was stored though it seemed to fail
            log.warning("signal_moved_before", what=f"#{signal.id}", stored=stored and stored.version)
            moved = stored or moved
        self._keep(moved)
        state = moved.course.state.value
        log.info("signal_moved", what=f"#{moved.id} {state}", result=moved.course.result_r)

    async def keep_seen(self) -> None:
        """Write down how far the markets were looked at. Raises as the store does."""
        await self.store.seen(self.live())

    def _keep(self, signal: Signal) -> None:
        if signal.is_live:
            self._live[signal.id] = signal
        else:
            self._live.pop(signal.id, None)
        for tell in self.on_change:
            tell(signal)
