"""A venue of many markets, and indicators that need no compiler, for screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.signals.screen import WEIGHTS, Pick, Reason, Scores
from handlers.screen import Row
from services.market.options import MarketOptions
from services.market.quote import Quote
from services.markets import Markets
from services.screener import Progress, Screener
from services.screening.day_screen import DayScreen, Sifted
from tests.build.clock import NOON, HandClock
from tests.build.frames import a_frame
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument, some_candles
from tests.build.stores import MemoryFacts

REASONS = (
    "trend_up trend_down no_trend pullback_turning pullback deep_pullback running rsi volume moves calm wild"
)
"""Every code of a reason."""

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
            patience_s=5.0,
        )


def a_pick(base: str, **fields: Any) -> Pick:
    """A market in an uptrend that has pulled back."""
    usual: dict[str, Any] = {
        "turnover": 5e8,
        "direction": Direction.LONG,
        "scores": Scores(trend=80, setup=100, volume=90, volatility=70),
        "reasons": (
            Reason(code="trend_up", numbers={"adx_1d": 31.4, "adx_4h": 27.0}),
            Reason(code="pullback_turning", numbers={"rsi": 42.3}),
            Reason(code="volume", numbers={"times": 1.84}),
        ),
    }
    return Pick(symbol=f"{base}USDT", **usual | fields)


def a_day_screen(*picks: Pick, at: datetime = NOON) -> DayScreen:
    """The screen of a day on which most of 412 pairs were left out."""
    sifted = Sifted(listed=412, thin=250, wide=12, unquoted=3, young=9, unread=7, ranked=131)
    return DayScreen(made_at=at, sifted=sifted, picks=picks)


def screen_values(base: str, quote: Quote, *, is_bad: bool) -> dict[str, Any]:
    """The coins of the day as templates show them; a bad one is of yesterday, being made anew, without
    prices."""
    scores = Scores(trend=50, setup=50, volume=50, volatility=50)
    pick = Pick(symbol="XUSDT", turnover=1e6, direction=None, scores=scores, reasons=())
    numbers = {name: Decimal(30) for name in ("adx_1d", "adx_4h", "rsi", "times", "atr")}
    row = Row(
        pick=pick,
        base=base,
        arrow="•",
        quote=None if is_bad else quote,
        total=Decimal(86),
        scores=[(name, Decimal(50)) for name in WEIGHTS],
        reasons=[(code, numbers) for code in REASONS.split()],
    )
    return {
        "daily": DayScreen(made_at=NOON, sifted=Sifted(listed=9), picks=(pick,)),
        "coins": [row],
        "made": base,
        "is_past": is_bad,
        "progress": Progress(1, 2) if is_bad else None,
        "has_failed": False,
        "weights": [(name, Decimal("0.25")) for name in WEIGHTS],
    }
