"""Markets of a few bars, and a strategy that wants what a test says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from engines.core.candle import Candles, IntArray
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Side
from engines.core.timeframe import Timeframe
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.simulate.costs import Fees
from engines.simulate.history import History, RecordedMarket
from engines.simulate.replay.replay import Played, play
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.strategy import Closes, Snapshot
from tests.build.recordings import JANUARY_MS, MINUTE

D = Decimal
Row = tuple[float, float, float, float]
Wants = Callable[[Snapshot[float]], Sequence[Proposal]]

START: Final = JANUARY_MS
NO_COSTS: Final = Terms(
    fees=Fees(spot=D(0), maker=D(0), taker=D(0)), slippage=D(0), limits=OPEN_LIMITS, opening=D(10_000)
)


def an_instrument(symbol: str = "BTCUSDT", kind: MarketKind = MarketKind.PERP, **changes: Any) -> Instrument:
    """A market with ticks of a tenth and lots of a thousandth."""
    made = Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        kind=kind,
        tick=D("0.1"),
        lot=D("0.001"),
        min_notional=D(5),
    )
    return replace(made, **changes)


PERP: Final = an_instrument()
SPOT: Final = an_instrument(kind=MarketKind.SPOT)


def bars(
    rows: Iterable[Row],
    *,
    timeframe: Timeframe = Timeframe.M5,
    start_ms: int = START,
    without: Iterable[int] = (),
    volume: float = 10.0,
) -> Candles:
    """Bars of (open, high, low, close); those `without` are missing."""
    table = np.array(list(rows), np.float64).reshape(-1, 4)
    kept = np.setdiff1d(np.arange(len(table)), np.array(list(without), np.int64))
    table = table[kept]
    return Candles(
        time_ms=start_ms + kept.astype(np.int64) * timeframe.ms,
        open=table[:, 0].copy(),
        high=table[:, 1].copy(),
        low=table[:, 2].copy(),
        close=table[:, 3].copy(),
        volume=np.full(len(kept), volume),
    )


def flat(count: int, price: float = 100.0) -> list[Row]:
    """Bars in which nothing happens."""
    return [(price, price, price, price)] * count


def a_market(candles: Candles, instrument: Instrument = PERP, **more: Any) -> RecordedMarket:
    """A market of five-minute bars."""
    series: Mapping[Timeframe, Candles] = more.pop("series", {Timeframe.M5: candles})
    return RecordedMarket(instrument=instrument, series=series, **more)


def a_history(*markets: RecordedMarket, stop_ms: int | None = None, **more: Any) -> History:
    """All that these markets have, from the first bar to the last."""
    ends = [
        int(candles.time_ms[-1]) + timeframe.ms
        for market in markets
        for timeframe, candles in market.series.items()
    ]
    more = {"start_ms": START, **more}
    return History(markets=markets, stop_ms=max(ends) if stop_ms is None else stop_ms, **more)


class Last:
    """Reads the last close."""

    def __init__(self) -> None:
        self._close: float | None = None
        self._at = -1

    def push(self, candles: Candles) -> None:
        """The newest counts."""
        if int(candles.time_ms[0]) <= self._at:
            raise ValueError("bars must be later than those before")
        self._close, self._at = float(candles.close[-1]), int(candles.time_ms[-1])

    def read(self) -> float | None:
        """The last close."""
        return self._close

    def dump(self) -> bytes:
        """Nothing is kept."""
        return b""

    def load(self, kept: bytes) -> None:
        """Nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoParams:
    """Nothing can be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How often it was asked."""

    asked: int = 0


@dataclass(frozen=True, slots=True)
class Scripted:
    """Wants what its script says: by the number of minutes since the start. With `is_sleepy` it names the
    closes at which it wants something."""

    script: Mapping[int, Wants]
    reads: tuple[Timeframe, ...] = (Timeframe.M5,)
    is_sleepy: bool = True
    engine: EngineName = EngineName.TREND
    name: str = "scripted"
    params: type[NoParams] = NoParams

    def timeframes(self, params: NoParams) -> tuple[Timeframe, ...]:
        """Those of the test."""
        return self.reads

    def reader(self, params: NoParams, timeframe: Timeframe) -> Last:
        """A new reader."""
        return Last()

    def start(self, params: NoParams) -> Seen:
        """Nothing was asked yet."""
        return Seen()

    def decide(
        self, snapshot: Snapshot[float], state: Seen, params: NoParams
    ) -> tuple[tuple[Proposal, ...], Seen]:
        """What the script has for this moment."""
        minute = round((snapshot.now.timestamp() * 1000 - START) / MINUTE)
        wants = self.script.get(minute)
        if wants is None:
            return (), state
        return tuple(wants(snapshot)), Seen(asked=state.asked + 1)

    def wakes(self, closes: Closes, params: NoParams) -> IntArray | None:
        """When the script has something."""
        if not self.is_sleepy:
            return None
        ends = [bars.time_ms + each.ms for series in closes.values() for each, bars in series.items()]
        return np.intersect1d([START + minute * MINUTE for minute in self.script], np.concatenate(ends))


def wish(side: Side, quantity: object = 1, instrument: Instrument = PERP, **more: Any) -> Wants:
    """A script's line: one proposal, its key the moment and the deed."""

    def wants(snapshot: Snapshot[float]) -> Sequence[Proposal]:
        deed = "close" if more.get("reduce_only") else "open"
        return [
            Proposal(
                key=f"{snapshot.now:%dT%H%M}:{instrument.symbol}:{side}:{deed}",
                engine=EngineName.TREND,
                instrument=instrument,
                side=side,
                quantity=D(str(quantity)),
                **more,
            )
        ]

    return wants


def both(*wishes: Wants) -> Wants:
    """Several proposals at one moment, in that order."""
    return lambda snapshot: [proposal for wants in wishes for proposal in wants(snapshot)]


def played(history: History, script: Mapping[int, Wants], terms: Terms = NO_COSTS, **more: Any) -> Played:
    """The script on a history; played bar by bar as well, with the same outcome."""
    strategy = Scripted(script, **more)
    quick = play(history, strategy, NoParams(), terms)
    slow = play(history, strategy, NoParams(), terms, is_skipping=False)
    assert quick.run.digest == slow.run.digest
    return quick


def fills(one: Played) -> list[tuple[int, str, Decimal, Decimal]]:
    """Every fill: minutes since the start, what for, price, and size with its sign."""
    return [
        (
            round((each.at.timestamp() * 1000 - START) / MINUTE),
            each.reason,
            each.price,
            each.quantity * each.side.sign,
        )
        for each in one.run.executions
    ]
