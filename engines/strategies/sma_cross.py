"""Trend following, the benchmark: two averages cross where the trend is strong, and a stop bounds the loss.

At the close of a bar the fast average crosses the slow one. That ends a position which lies the other way;
where the ADX is above its least, it opens one in the direction of the cross, with a stop so many average true
ranges from that close. The stop stays where it is; after it nothing is held until the next cross. A position
in the direction of the cross is kept. Coins cannot be sold short: on spot a cross down only sells.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zlib import crc32

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument, MarketKind
from engines.core.money import cut
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.kernel import plain
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.strategies import sma_cross_rule as rule
from engines.strategies.params import BadParams, param
from engines.strategies.strategy import Closes, Sight, Snapshot

ENTRY_SLIPPAGE: Final = Decimal("0.01")
"""An entry that would cost more than this beyond the price it was decided on is not worth it."""
EXIT_SLIPPAGE: Final = Decimal("0.2")
"""A way out is taken at nearly any price."""


class SideWanted(StrEnum):
    """Which positions may be opened."""

    BOTH = "both"
    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """As the rule reads it."""
        return {SideWanted.BOTH: 0, SideWanted.LONG: 1, SideWanted.SHORT: -1}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmaCrossParams:
    """What can be set."""

    fast: int = param(50, least=1, most=5_000, meaning="bars of the fast average")
    slow: int = param(200, least=2, most=10_000, meaning="bars of the slow average")
    adx_length: int = param(14, least=1, most=500, meaning="bars of the ADX")
    adx_least: float = param(20.0, least=0, most=100, meaning="ADX above which a position is opened")
    atr_length: int = param(14, least=1, most=500, meaning="bars of the average true range")
    stop_atrs: float = param(3.0, least=0.1, most=100, meaning="average true ranges from close to stop")
    side: SideWanted = param(SideWanted.BOTH, meaning="positions that may be opened: both, long, short")
    timeframe: Timeframe = param(Timeframe.H1, meaning="bars that are looked at")
    notional: Decimal = param(
        Decimal(0), least=0, most=1_000_000_000, meaning="size in the quote currency; 0: by risk"
    )
    risk: Decimal = param(
        Decimal("0.01"), least=0.00001, most=1, meaning="part of the capital lost at the stop"
    )
    most: Decimal = param(
        Decimal("0.95"), least=0.001, most=10, meaning="largest size by risk, in multiples of the capital"
    )
    leverage: int = param(2, least=1, most=100, meaning="leverage of perpetuals, which sets their margin")

    def problem(self) -> BadParams | None:
        """Why these cannot go together."""
        if self.fast >= self.slow:
            return BadParams("not_below", name="fast", text=self.fast, other="slow", limit=self.slow)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmaCrossState:
    """Nothing: crosses are read off the averages, and positions are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known at the close of a bar; NaN while it warms up."""

    fast: float
    slow: float
    adx: float
    atr: float
    close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmaCrossReading:
    """The last bar and the one before."""

    now: Row
    before: Row


class SmaCrossReader:
    """Follows one series. A mutable value with one owner."""

    _HEADER: Final = struct.Struct("<4sIIIII")
    _MAGIC: Final = b"SMX1"

    def __init__(self, params: SmaCrossParams) -> None:
        self._lengths = (params.fast, params.slow, params.adx_length, params.atr_length)
        self._numbers = np.zeros(rule.size(params.fast, params.slow))

    def push(self, candles: Candles) -> None:
        """Take closed bars in, oldest first. Raises `ValueError` for one that is not later than the last."""
        times = candles.time_ms
        is_late = len(times) > 0 and self._numbers[rule.BARS] > 0 and times[0] <= self._numbers[rule.TIME]
        if is_late or not (times[1:] > times[:-1]).all():
            raise ValueError("bars must be in order of time, each once, and later than those before")
        high, low, close = plain(candles.high), plain(candles.low), plain(candles.close)
        rule.push(self._numbers, times.astype(np.float64), high, low, close, *self._lengths)

    def read(self) -> SmaCrossReading | None:
        """What is known at the last bar; `None` before the first."""
        if self._numbers[rule.BARS] == 0:
            return None
        return SmaCrossReading(now=self._row(rule.NOW), before=self._row(rule.BEFORE))

    def dump(self) -> bytes:
        """Everything, to go on from later, with the lengths and a checksum."""
        numbers = self._numbers.astype("<f8").tobytes()
        return self._HEADER.pack(self._MAGIC, *self._lengths, crc32(numbers)) + numbers

    def load(self, kept: bytes) -> None:
        """Go on from what `dump` gave. Raises `ValueError` for what is damaged or of other lengths."""
        numbers = kept[self._HEADER.size :]
        if kept[: self._HEADER.size] != self._HEADER.pack(self._MAGIC, *self._lengths, crc32(numbers)):
            raise ValueError(
                "this is no state of these averages, or it is damaged: make it anew from candles"
            )
        if len(numbers) != self._numbers.nbytes:
            raise ValueError("this state of averages is cut off: make it anew from candles")
        self._numbers = np.frombuffer(numbers, "<f8").astype(np.float64)

    def _row(self, at: int) -> Row:
        fast, slow, adx, atr, close = self._numbers[at : at + rule.WIDTH].tolist()
        return Row(fast=fast, slow=slow, adx=adx, atr=atr, close=close)


@dataclass(frozen=True, slots=True)
class SmaCross:
    """The strategy."""

    name: str = "sma_cross"
    engine: EngineName = EngineName.TREND
    params: type[SmaCrossParams] = SmaCrossParams

    def timeframes(self, params: SmaCrossParams) -> tuple[Timeframe, ...]:
        """The one that it looks at."""
        return (params.timeframe,)

    def reader(self, params: SmaCrossParams, timeframe: Timeframe) -> SmaCrossReader:
        """A new reader for one series."""
        return SmaCrossReader(params)

    def start(self, params: SmaCrossParams) -> SmaCrossState:
        """The state before anything was seen."""
        return SmaCrossState()

    def decide(
        self, snapshot: Snapshot[SmaCrossReading], state: SmaCrossState, params: SmaCrossParams
    ) -> tuple[tuple[Proposal, ...], SmaCrossState]:
        """A way out and a way in for every market whose averages crossed at this close."""
        wanted = [
            proposal
            for sight in snapshot.markets.values()
            if params.timeframe in sight.closed
            for proposal in _wanted(snapshot, sight, params)
        ]
        return tuple(wanted), state

    def wakes(self, closes: Closes, params: SmaCrossParams) -> IntArray:
        """Closes at which averages of some market cross."""
        series = [one[params.timeframe] for one in closes.values() if params.timeframe in one]
        found = [one.time_ms[crosses(one, params)[0]] + params.timeframe.ms for one in series]
        return np.unique(np.concatenate([*found, np.empty(0, np.int64)]))


def crosses(candles: Candles, params: SmaCrossParams) -> tuple[IntArray, IntArray]:
    """Rows of `candles` at whose close something is called for, and the codes of `rule.call`."""
    rows, codes, _ = called_alone(candles, params)
    return rows, codes


def called_alone(candles: Candles, params: SmaCrossParams) -> tuple[IntArray, IntArray, FloatArray]:
    """The same with the ATR at each of these rows."""
    count = len(candles)
    rows, codes, ranges = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count)
    found = rule.calls_over(
        np.zeros(rule.size(params.fast, params.slow)),
        plain(candles.high),
        plain(candles.low),
        plain(candles.close),
        params.fast,
        params.slow,
        params.adx_length,
        params.atr_length,
        params.adx_least,
        params.side.sign,
        rows,
        codes,
        ranges,
    )
    return rows[:found].copy(), codes[:found].copy(), ranges[:found].copy()


def called(
    fast: FloatArray,
    slow: FloatArray,
    adx: FloatArray,
    atr: FloatArray,
    params: SmaCrossParams,
    *,
    first: int = 0,
) -> tuple[IntArray, IntArray]:
    """The same from row `first` on, where the columns are known."""
    rows, codes = np.empty(len(fast), np.int64), np.empty(len(fast), np.int64)
    count = rule.calls(fast, slow, adx, atr, params.adx_least, params.side.sign, first, rows, codes)
    return rows[:count].copy(), codes[:count].copy()


def _wanted(
    snapshot: Snapshot[SmaCrossReading], sight: Sight[SmaCrossReading], params: SmaCrossParams
) -> Iterator[Proposal]:
    """What one market calls for."""
    reading = sight.readings.get(params.timeframe)
    code = 0 if reading is None else _code(reading, params)
    if reading is None or code == 0:
        return
    direction = Direction.LONG if code > 0 else Direction.SHORT
    held = sight.position
    if held is not None and held.direction is not direction:
        yield _way_out(snapshot, sight, held.direction)
    if abs(code) == rule.OPEN and not sight.is_waiting and (held is None or held.direction is not direction):
        yield from _way_in(snapshot, sight, reading.now, direction, params)


def _code(reading: SmaCrossReading, params: SmaCrossParams) -> int:
    now, before = reading.now, reading.before
    return rule.call(
        now.fast, now.slow, now.adx, now.atr, before.fast, before.slow, params.adx_least, params.side.sign
    )


def _way_out(snapshot: Snapshot[SmaCrossReading], sight: Sight[SmaCrossReading], held: Direction) -> Proposal:
    return Proposal(
        key=_key(snapshot, sight.instrument, "close"),
        engine=EngineName.TREND,
        instrument=sight.instrument,
        side=held.exit,
        max_slippage=EXIT_SLIPPAGE,
        reduce_only=True,
        reason="cross",
    )


def _way_in(
    snapshot: Snapshot[SmaCrossReading],
    sight: Sight[SmaCrossReading],
    now: Row,
    direction: Direction,
    params: SmaCrossParams,
) -> Iterator[Proposal]:
    """Nothing where the stop would be no price, or the size is too small for the market."""
    instrument, is_spot = sight.instrument, sight.instrument.kind is MarketKind.SPOT
    if is_spot and direction is Direction.SHORT:
        return
    ticks = rule.stop_distance(now.atr, params.stop_atrs, float(instrument.tick))
    distance = instrument.price_of(ticks)
    stop = instrument.price(Decimal(str(now.close))) - distance * direction.sign
    quantity = sized(instrument, snapshot.capital, sight.price, distance, params)
    if stop <= 0 or quantity <= 0 or quantity * sight.price < instrument.min_notional:
        return
    yield Proposal(
        key=_key(snapshot, instrument, "open"),
        engine=EngineName.TREND,
        instrument=instrument,
        side=direction.entry,
        quantity=quantity,
        max_slippage=ENTRY_SLIPPAGE,
        expires_at=snapshot.now + timedelta(milliseconds=params.timeframe.ms),
        stop=stop,
        leverage=Decimal(1 if is_spot else params.leverage),
        reason="cross",
    )


def sized(
    instrument: Instrument, capital: Decimal, price: Decimal, distance: Decimal, params: SmaCrossParams
) -> Decimal:
    """How much is traded at `price` with a stop at `distance`, on the size grid; zero or less: nothing."""
    if params.notional > 0:
        return instrument.quantity(params.notional / price)
    by_risk = instrument.quantity(cut(capital * params.risk) / distance)
    return min(by_risk, instrument.quantity(cut(capital * params.most) / price))


def _key(snapshot: Snapshot[SmaCrossReading], instrument: Instrument, deed: str) -> str:
    return f"sma_cross:{instrument.kind}:{instrument.symbol}:{snapshot.now:%Y%m%dT%H%M}:{deed}"
