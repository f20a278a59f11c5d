"""A look at any market now, whether it is collected or not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES, Decision
from ports.clock import Clock
from ports.errors import Refused
from services.markets import Markets
from services.signalling.frames import State, frame_of
from services.signalling.views import view_of

LOOKED_AT = (*ENTRY_FRAMES, *TREND_FRAMES)
BARS = 1000
"""Candles of each timeframe that a look rests on."""


class HotStates(Protocol):
    """Makes indicator states, once the kernels are ready."""

    async def ready(self) -> None: ...

    def new_state(self) -> State: ...


@dataclass(slots=True, kw_only=True, repr=False)
class Looking:
    """The rules over candles asked for now. `last_made` tells when the last signal of a pair was made."""

    markets: Markets
    hot: HotStates
    clock: Clock
    last_made: Callable[[str], Awaitable[datetime | None]]

    async def look(self, symbol: str, timeframe: Timeframe | None = None) -> Decision:
        """What the rules say of a market now. Raises as `examine` does."""
        return (await self.examine(symbol, timeframe))[0]

    async def examine(
        self, symbol: str, timeframe: Timeframe | None = None
    ) -> tuple[Decision, Mapping[Timeframe, Frame]]:
        """The same with the bars and indicators that it rests on. Without `timeframe` the surer decision of
        both entry timeframes.

        Raises `Refused` and `Transient` as `Markets.candles` does; `Refused("no_candles")` for a market
        without any, `Refused("no_entry_frame", known=…)` for a timeframe that signals are not made on.
        """
        if timeframe not in (None, *ENTRY_FRAMES):
            raise Refused("no_entry_frame", known=list(ENTRY_FRAMES))
        instrument = await self.markets.resolve(symbol)
        frames = await self._frames(instrument)
        view = view_of(
            instrument,
            frames,
            self.clock,
            now_ms=self._now_ms(),
            last_signal=await self.last_made(instrument.symbol),
        )
        from engines.signals.rules import decide  # compiled, and ready by now

        wanted = ENTRY_FRAMES if timeframe is None else (timeframe,)
        return max((decide(view, one) for one in wanted), key=weight), frames

    async def _frames(self, instrument: Instrument) -> Mapping[Timeframe, Frame]:
        await self.hot.ready()
        found = await asyncio.gather(*(self._frame(instrument.symbol, one) for one in LOOKED_AT))
        frames = {one.timeframe: one for one in found if one is not None}
        if not frames:
            raise Refused("no_candles", pair=instrument.pair, timeframe=Timeframe.H1.value)
        return frames

    async def _frame(self, symbol: str, timeframe: Timeframe) -> Frame | None:
        candles = await self.markets.candles(symbol, timeframe, BARS)
        return frame_of(self.hot.new_state(), candles, timeframe, self._now_ms())

    def _now_ms(self) -> int:
        return int(self.clock.now().timestamp() * 1000)


def weight(decision: Decision) -> tuple[bool, float, float]:
    """How much of a signal it is."""
    return decision.proposal is not None, decision.confidence, lean(decision)


def lean(decision: Decision) -> float:
    """How far a market leans to one side, 0 to 50."""
    return abs(decision.strength - 50)
