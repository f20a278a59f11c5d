"""Signals of the desk: made at the close of a bar, told to those who want them, followed to their end."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import Decision
from engines.signals.record import Record, summarise
from engines.signals.signal import Signal
from ports.clock import Clock
from ports.errors import Refused
from ports.markets import MarketSource
from ports.messages import Messenger
from ports.people import Mute, Person
from ports.signals import Card, SignalStore
from services.candles import Collector
from services.market.ring import Rings
from services.markets import Markets
from services.people import People
from services.signalling.cards import Cards, View
from services.signalling.closes import Closes
from services.signalling.drawings import Drawings, Picture
from services.signalling.following import Following
from services.signalling.frames import Frames
from services.signalling.looking import HotStates, Looking, lean, weight
from services.signalling.readers import readers
from services.signalling.register import Register

_SEED = 7
"""The same record has the same intervals each time somebody looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Signals that are followed, markets that are judged, when closes were last looked at and when the last
    signal was made (market time)."""

    live: int
    markets: int
    looked_at: datetime | None
    last_at: datetime | None


class Signals:
    """Everything about signals. `view` and `picture` make the card of a signal for a person.

    `load` before the first candle is heard, `run` and `show_cards` for ever.
    """

    def __init__(
        self,
        store: SignalStore,
        people: People,
        markets: Markets,
        candles: Collector,
        rings: Rings,
        source: MarketSource,
        hot: HotStates,
        messenger: Messenger,
        clock: Clock,
        view: View,
        picture: Picture,
    ) -> None:
        self._store = store
        self._people = people
        self._clock = clock
        self._register = register = Register(store)
        self._looking = Looking(markets=markets, hot=hot, clock=clock, last_made=register.last_made)
        self._drawings = Drawings(picture)
        self._cards = Cards(
            store=store,
            people=people,
            messenger=messenger,
            clock=clock,
            view=view,
            drawings=self._drawings,
        )
        self._following = Following(register=register, markets=markets, source=source, clock=clock)
        self._closes = Closes(
            frames=Frames(source.venue, rings, hot.new_state),
            register=register,
            clock=clock,
            warm=hot,
            collected=lambda: candles.symbols,
            instrument=markets.instrument,
            readers=lambda proposal: readers(people.all(), proposal, clock.now()),
        )
        register.on_change.append(self._cards.hear)
        candles.listen(closed=self._closes.hear, told=self._following.hear)

    def listen(self, hear: Callable[[Signal], None]) -> None:
        """`hear` is told of every signal that is new or has moved."""
        self._register.on_change.append(hear)

    async def load(self) -> None:
        """Read what is live; what it missed meanwhile is found by `run`."""
        await self._register.load()
        self._following.listen()

    async def run(self) -> None:
        """Judge closes and follow signals, for ever."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._closes.run(), name="signals made")
            loops.create_task(self._following.run(), name="signals followed")

    async def show_cards(self) -> None:
        """Keep cards true, for ever; supervised apart, for a card that cannot be shown stops no signal."""
        await self._cards.run()

    async def close(self) -> None:
        """Give up pictures under way."""
        await self._drawings.close()

    def live(self) -> Sequence[Signal]:
        """Everything that is followed, by number."""
        return self._register.live()

    async def get(self, signal_id: int) -> Signal:
        """One signal, whatever its state. Raises `Refused("no_such_signal", number=…)`."""
        live = next((one for one in self._register.live() if one.id == signal_id), None)
        found = live or await self._store.get(signal_id)
        if found is None:
            raise Refused("no_such_signal", number=signal_id)
        return found

    async def latest(self, *, limit: int, offset: int = 0, symbol: str | None = None) -> Sequence[Signal]:
        """Signals of all states, the newest first."""
        return await self._store.latest(limit=limit, offset=offset, symbol=symbol)

    async def record(self) -> Record:
        """How the signals that have ended went."""
        ended = await self._store.ended()
        return await asyncio.to_thread(summarise, ended, np.random.default_rng(_SEED))

    def known(self, symbol: str, timeframe: Timeframe | None = None) -> Decision | None:
        """The decision at the last close of a collected market; of both entry timeframes the surer one."""
        found = [one for one in self._closes.known(symbol) if timeframe in (None, one.timeframe)]
        return max(found, key=weight, default=None)

    def strongest(self, n: int) -> Sequence[Decision]:
        """The markets that lean most to one side at their last close, one decision each."""
        symbols = {symbol for symbol, _ in self._closes.decisions}
        decisions = [one for symbol in symbols if (one := self.known(symbol)) is not None]
        return sorted(decisions, key=lambda one: (-lean(one), one.instrument.symbol))[:n]

    def frames(self, symbol: str) -> Mapping[Timeframe, Frame]:
        """The last closed bar of each timeframe of a collected market, with its indicators."""
        return self._closes.frames.of(symbol)

    async def look(self, symbol: str, timeframe: Timeframe | None = None) -> Decision:
        """What the rules say of a market now; nothing is stored. Raises as `Looking.look` does."""
        return await self._looking.look(symbol, timeframe)

    async def mute(self, person: Person, symbol: str, hours: float) -> Person:
        """No signals about a market for so long, zero ends it; the person as they are then. Raises as
        `People.change` does."""
        now, person = self._clock.now(), self._people.get(person.id) or person  # as they are by now
        kept = [mute for mute in person.mutes if mute.symbol != symbol and mute.until > now]
        if hours > 0:
            kept.append(Mute(symbol, now + timedelta(hours=hours)))
        return await self._people.change(person.id, mutes=tuple(kept))

    async def show(
        self, person: Person, signal: Signal, chat_id: int, message_id: int, is_picture: bool
    ) -> None:
        """A screen that the person opened becomes their living card, in place of the one before."""
        card = Card(
            signal_id=signal.id,
            person_id=person.id,
            chat_id=chat_id,
            message_id=message_id,
            is_picture=is_picture,
            shown_version=signal.version,
        )
        await self._store.add_card(card)
        self._cards.hear(signal)  # it may have moved meanwhile

    async def drawn(self, signal: Signal, person: Person) -> bytes | None:
        """The picture of a card as that person likes it; `None` when it cannot be had in time."""
        return await self._drawings.of(signal, person, is_new=True)

    async def overview(self) -> Overview:
        """Numbers for `/status`. Raises `Transient` when the store is in trouble."""
        newest = await self._store.latest(limit=1)
        return Overview(
            live=len(self._register.live()),
            markets=len({symbol for symbol, _ in self._closes.decisions}),
            looked_at=self._closes.looked_at,
            last_at=newest[0].proposal.created_at if newest else None,
        )
