"""A venue of many markets, and indicators that need no compiler, for screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from services.market.options import MarketOptions
from services.markets import Markets
from services.screener import Screener
from tests.build.clock import HandClock
from tests.build.frames import a_frame
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument, some_candles
from tests.build.stores import MemoryFacts

HASTY = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())


class ManyMarkets(FakeMarketSource):
    """A venue whose candles of each market and timeframe are its own, up to now; `unreadable` symbols raise
    what they name, `young` ones have few, `halted` ones none of today."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.clock = clock
        self.unreadable: dict[str, Exception] = {}
        self.young: set[str] = set()
        self.halted: set[str] = set()

    def add(self, base: str, turnover: float = 50e6, **fields: Any) -> str:
        """One more market against USDT; its symbol."""
        symbol = f"{base}USDT"
        self.listed.append(an_instrument(base))
        self.prices[symbol] = a_ticker(
            symbol, "100", turnover_24h=Decimal(str(turnover)), at=self.clock.now(), **fields
        )
        return symbol

    async def candles(self, symbol: str, timeframe: Timeframe, *, limit: int) -> Candles:
        await self._answer(f"candles {symbol} {timeframe} {limit}")
        if symbol in self.unreadable:
            raise self.unreadable[symbol]
        count = 5 if symbol in self.young else limit
        candles = some_candles(count, timeframe, end=self.clock.now(), start_price=100.0)
        return candles.rows(0, -2) if symbol in self.halted else candles


@dataclass(slots=True)
class PlainState:
    """`State` whose frame is an uptrend at the last close; with fewer than fifty bars little is known."""

    pushed: Candles | None = None

    @property
    def last_ms(self) -> int | None:
        return None if self.pushed is None else int(self.pushed.time_ms[-1])

    def push(self, candles: Candles) -> FloatArray:
        self.pushed = candles
        return np.empty((len(candles), 0))

    def frame(self, timeframe: Timeframe) -> Frame | None:
        if self.pushed is None:
            return None
        last = int(self.pushed.time_ms[-1])
        unknown: dict[str, Any] = {} if len(self.pushed) >= 50 else {"ema50": np.nan}
        return replace(a_frame(timeframe, **unknown), time_ms=last)


@dataclass(slots=True)
class PlainStates:
    """`HotStates` that are ready at once."""

    made: list[PlainState] = field(default_factory=list)

    async def ready(self) -> None:
        """Nothing to compile."""

    def new_state(self) -> PlainState:
        self.made.append(PlainState())
        return self.made[-1]


@dataclass(slots=True)
class ScreenFloor:
    """A screener over a venue in memory. `known` are frames of collected markets."""

    clock: HandClock = field(default_factory=HandClock)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    known: dict[str, Mapping[Timeframe, Frame]] = field(default_factory=dict)
    hot: PlainStates = field(default_factory=PlainStates)
    source: ManyMarkets = field(init=False)
    markets: Markets = field(init=False)
    screener: Screener = field(init=False)

    def __post_init__(self) -> None:
        self.source = ManyMarkets(self.clock)
        self.start()

    def start(self) -> None:
        """A new process, with what was written down."""
        self.markets = Markets(self.source, None, self.clock, HASTY)
        self.screener = Screener(
            self.source,
            self.markets,
            self.facts,
            self.clock,
            self.hot,
            lambda symbol: self.known.get(symbol, {}),
            HASTY,
        )
