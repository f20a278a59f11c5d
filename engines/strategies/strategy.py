"""What a strategy is: it looks at a snapshot and says what it wants traded. Nothing else.

The desk, the replay of history and the sandbox call the same `decide`. It is pure: the same snapshot, state
and parameters give the same proposals, and the state after them. Where a strategy needs more than prices, a
`Reader` follows each series bar by bar; what it reads comes back in the snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from engines.core.candle import Candles, IntArray
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName

MarketKey = tuple[MarketKind, str]
"""`Instrument.key`."""

Reading = TypeVar("Reading")
ReadingCo = TypeVar("ReadingCo", covariant=True)
State = TypeVar("State")
Params = TypeVar("Params")
Closes = Mapping[MarketKey, Mapping[Timeframe, Candles]]
"""Closed candles of every market by timeframe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What the strategy's account holds of a market: `quantity` in base coin at `entry_price` on average,
    with the stop in force."""

    direction: Direction
    quantity: Decimal
    entry_price: Decimal
    stop: Decimal | None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight(Generic[Reading]):
    """One market at the moment of a snapshot.

    `price` is what it costs now: in a replay the close of its finest bar. `readings` are by timeframe, those
    of series that have had a bar; `closed` names the timeframes that closed a bar at this very moment.
    `is_waiting`: an entry of the strategy is under way there. `funding_rate` is of the last settlement,
    `None` on spot and where it is not known.
    """

    instrument: Instrument
    price: Decimal
    readings: Mapping[Timeframe, Reading]
    closed: frozenset[Timeframe]
    position: Position | None = None
    is_waiting: bool = False
    funding_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Generic[Reading]):
    """Everything that one decision may look at. `now` is market time; every bar in it had closed by then.
    `capital` is what the strategy's account is worth in the quote currency."""

    now: datetime
    capital: Decimal
    markets: Mapping[MarketKey, Sight[Reading]]


class Reader(Protocol[ReadingCo]):
    """Follows one series of closed bars. However the bars are cut into calls of `push`, the reading is the
    same to the last bit."""

    def push(self, candles: Candles) -> None:
        """Take closed bars in, oldest first. Raises `ValueError` for one that is not later than the last."""
        ...

    def read(self) -> ReadingCo | None:
        """What is known at the last bar; `None` before the first."""
        ...

    def dump(self) -> bytes:
        """Everything, to go on from later."""
        ...

    def load(self, kept: bytes) -> None:
        """Go on from what `dump` gave. Raises `ValueError` for what is damaged or of another version."""
        ...


class Strategy(Protocol[Params, State, Reading]):
    """One strategy. Stateless itself: parameters and state are arguments.

    `name` is what people type, `engine` whose account and limits it trades under. `params` is the class of
    its parameters (`engines.strategies.params`); a state is a frozen dataclass of plain values, which
    `engines.strategies.keeping` writes and reads.
    """

    @property
    def name(self) -> str: ...

    @property
    def engine(self) -> EngineName: ...

    @property
    def params(self) -> type[Params]: ...

    def timeframes(self, params: Params) -> tuple[Timeframe, ...]:
        """The series that it reads, the finest first; at each close of one of them it may be asked."""
        ...

    def reader(self, params: Params, timeframe: Timeframe) -> Reader[Reading]:
        """A new reader for one series."""
        ...

    def start(self, params: Params) -> State:
        """The state before anything was seen."""
        ...

    def decide(
        self, snapshot: Snapshot[Reading], state: State, params: Params
    ) -> tuple[tuple[Proposal, ...], State]:
        """What it wants at this moment, and the state after. On a snapshot in which nothing that it waits for
        has closed, nothing, and the state as it was."""
        ...

    def wakes(self, closes: Closes, params: Params) -> IntArray | None:
        """Times of closes (UTC ms, rising) outside which `decide` certainly wants nothing and leaves the
        state as it is, whatever is held; `None`: every close has to be asked. Never depends on a bar that
        closes later than the time itself."""
        ...
