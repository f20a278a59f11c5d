"""The bot's own technical signals as a strategy: what `engines.signals` makes of a close is traded.

Signals look at coins and trade their perpetual where there is one: where a pair has both markets, the coin is
looked at and the perpetual traded. At each close the pair has at most one signal; the time of the last one is
the state, for a signal has to wait for some time after another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from engines.core.candle import Candles, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.frame import Frame
from engines.indicators.hot import HotState
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.signals.batch import promising, sights_of
from engines.signals.closing import at_close
from engines.signals.decision import ENTRY_FRAMES, TREND_FRAMES, View
from engines.signals.gates import PARAMS
from engines.signals.gates import Params as GateParams
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.proposal import Proposal as Idea
from engines.strategies.params import param
from engines.strategies.strategy import Closes, Sight, Snapshot
from engines.strategies.technical_orders import order_of


class EntryWanted(StrEnum):
    """Bars at whose close a signal may be made."""

    BOTH = "both"
    FIFTEEN = "15m"
    HOUR = "1h"

    @property
    def timeframes(self) -> tuple[Timeframe, ...]:
        """Those bars."""
        return tuple(one for one in ENTRY_FRAMES if self in (EntryWanted.BOTH, one.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalParams:
    """What can be set. A signal is made from `least_confidence` on, and traded from `least_traded` on."""

    entry: EntryWanted = param(
        EntryWanted.BOTH, meaning="bars that signals are made on: both, 15m, 1h (1h needs nothing finer)"
    )
    least_trend: float = param(PARAMS.least_trend, least=0, most=1, meaning="trend of a market")
    least_triggers: float = param(PARAMS.least_triggers, least=0, most=20, meaning="points of events")
    least_reward: float = param(PARAMS.least_reward, least=0, most=20, meaning="reward over risk")
    most_volatility: float = param(PARAMS.most_volatility, least=0.1, most=100, meaning="ATR over its norm")
    least_confidence: float = param(
        PARAMS.least_confidence, least=0, most=1, meaning="confidence of a signal"
    )
    least_traded: float = param(
        LEAST_PUSHED, least=0, most=1, meaning="confidence of a signal that is traded"
    )
    cool_down_h: float = param(
        PARAMS.cool_down_ms / Timeframe.H1.ms, least=0, most=720, meaning="hours between signals of a pair"
    )
    strong_touches: int = param(
        PARAMS.strong_touches, least=1, most=50, meaning="touches of a level that stands in the way"
    )

    @property
    def gates(self) -> GateParams:
        """Where the gates stand."""
        return GateParams(
            least_trend=self.least_trend,
            least_triggers=self.least_triggers,
            least_reward=self.least_reward,
            most_volatility=self.most_volatility,
            least_confidence=self.least_confidence,
            cool_down_ms=round(self.cool_down_h * Timeframe.H1.ms),
            strong_touches=self.strong_touches,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalState:
    """When the last signal of each pair was made (UTC ms), by symbol."""

    last_signal_ms: Mapping[str, int] = field(default_factory=dict)


class FrameReader:
    """Follows one series with the hot indicators. A mutable value with one owner."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._timeframe = timeframe
        self._state = HotState()

    def push(self, candles: Candles) -> None:
        """Take closed bars in, oldest first. Raises `ValueError` for one that is not later than the last."""
        self._state.push(candles)

    def read(self) -> Frame | None:
        """The last bar with its indicators; `None` before the first."""
        return self._state.frame(self._timeframe)

    def dump(self) -> bytes:
        """Everything, to go on from later."""
        return self._state.dump()

    def load(self, kept: bytes) -> None:
        """Go on from what `dump` gave. Raises `ValueError` for what is damaged or of another version."""
        self._state = HotState.load(kept)


@dataclass(frozen=True, slots=True)
class Technical:
    """The strategy."""

    name: str = "technical"
    engine: EngineName = EngineName.SIGNALS
    params: type[TechnicalParams] = TechnicalParams

    def timeframes(self, params: TechnicalParams) -> tuple[Timeframe, ...]:
        """Those of entries and of trends."""
        return (*params.entry.timeframes, *TREND_FRAMES)

    def reader(self, params: TechnicalParams, timeframe: Timeframe) -> FrameReader:
        """A new reader for one series."""
        return FrameReader(timeframe)

    def start(self, params: TechnicalParams) -> TechnicalState:
        """The state before anything was seen."""
        return TechnicalState()

    def decide(
        self, snapshot: Snapshot[Frame], state: TechnicalState, params: TechnicalParams
    ) -> tuple[tuple[Proposal, ...], TechnicalState]:
        """An order for every pair with a signal that is sure enough."""
        made: dict[str, int] = {}
        wanted: list[Proposal] = []
        now_ms = round(snapshot.now.timestamp() * 1000)
        for looked_at, traded in _pairs(snapshot.markets.values()):
            symbol = looked_at.instrument.symbol
            idea = _signal(looked_at, now_ms, state.last_signal_ms.get(symbol), params)
            if idea is None:
                continue
            made[symbol] = now_ms
            if idea.confidence >= params.least_traded and snapshot.capital > 0:
                wanted.append(order_of(idea, traded.instrument, capital=snapshot.capital, price=traded.price))
        if not made:
            return (), state
        return tuple(wanted), TechnicalState(last_signal_ms={**state.last_signal_ms, **made})

    def wakes(self, closes: Closes, params: TechnicalParams) -> IntArray:
        """Closes at which some market has a signal, unless its grid or the one before it forbids it. Both
        markets of a pair count: where one is not there yet, or no more, the other is looked at."""
        found = [promising(sights_of(one, params.least_triggers), params.gates) for one in closes.values()]
        return np.unique(np.concatenate([*found, np.empty(0, np.int64)]))


def _pairs(sights: Iterable[Sight[Frame]]) -> list[tuple[Sight[Frame], Sight[Frame]]]:
    """Of each pair the market that is looked at, and the one that is traded."""
    by_symbol: dict[str, list[Sight[Frame]]] = {}
    for sight in sights:
        by_symbol.setdefault(sight.instrument.symbol, []).append(sight)
    return [(min(both, key=_is_perp), max(both, key=_is_perp)) for both in by_symbol.values()]


def _is_perp(sight: Sight[Frame]) -> bool:
    return sight.instrument.kind is MarketKind.PERP


def _signal(
    sight: Sight[Frame], now_ms: int, last_signal_ms: int | None, params: TechnicalParams
) -> Idea | None:
    """What the market says at this close, if anything."""
    closing = [one for one in ENTRY_FRAMES if one in sight.closed and one in sight.readings]
    if not closing:
        return None
    view = View(
        instrument=sight.instrument,
        now_ms=now_ms,
        data_age_s=0.0,
        frames=sight.readings,
        last_signal_ms=last_signal_ms,
    )
    return at_close(view, closing, params.gates).signal
