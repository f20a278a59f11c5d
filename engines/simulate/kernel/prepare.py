"""A recorded market in whole numbers, as kernels read it.

Kernels count prices in ticks, sizes in lots and money in 1e-8 of the quote currency, so everything has to lie
on these grids; what does not is refused here, with the mend.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument, MarketKind
from engines.core.timeframe import Timeframe
from engines.orders.position import MAINTENANCE
from engines.simulate.history import RecordedMarket
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.replay.tape import Tape, series_of, taped
from engines.simulate.terms import Terms

_OFF_GRID: Final = 1e-6
"""How far from a whole tick a price may be, in ticks, by what binary fractions lose."""
_MOST_RATE: Final = 0.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A market from `first` until before `stop`, rows of its finest bars. `bars` are six rows of ticks
    (`engines.simulate.kernel.table`), `close` the closes once more in ticks, as float64. `unit` is the money
    of one lot at one tick."""

    market: RecordedMarket
    opens_ms: IntArray
    closes_ms: IntArray
    bars: IntArray
    close: FloatArray
    fundings: IntArray
    highest: int
    has_marks: bool
    unit: int
    first: int
    stop: int
    start_ms: int
    stop_ms: int

    @property
    def instrument(self) -> Instrument:
        """What is traded."""
        return self.market.instrument

    def series(self, timeframe: Timeframe) -> Candles:
        """The candles of a timeframe, added up from finer ones where it was not recorded."""
        return series_of(self.market, (timeframe,))[timeframe]

    def rows_by(self, times_ms: IntArray) -> IntArray:
        """How many bars had ended at each moment."""
        return self.closes_ms.searchsorted(times_ms, side="right")


def prepared(market: RecordedMarket, start_ms: int, stop_ms: int) -> Prepared:
    """The market from `start_ms` until before `stop_ms`; bars before that only warm up.

    Raises `ValueError` for prices off the instrument's grid, for a grid finer than money is counted in, for
    no bars at all, and for funding rates that cannot be.
    """
    _check_grid(market)
    tape = taped(market, start_ms, stop_ms)
    if tape.stop <= tape.first:
        raise ValueError(f"{market.instrument.symbol}: no bars between the start and the end")
    bars = np.vstack((tape.open, tape.high, tape.low, tape.close, tape.mark_high, tape.mark_low))
    unit = unit_of(market.instrument)
    if bars.min() < 1 or int(bars.max()) * unit > account.MOST:
        raise ValueError(f"{market.instrument.symbol}: prices below a tick, or more than can be counted")
    return Prepared(
        market=market,
        opens_ms=np.ascontiguousarray(tape.opens_ms),
        closes_ms=np.ascontiguousarray(tape.closes_ms),
        bars=np.ascontiguousarray(bars),
        close=tape.close.astype(np.float64),
        fundings=_fundings(tape, stop_ms),
        highest=int(bars.max()),
        has_marks=tape.mark_low is not tape.low or tape.mark_high is not tape.high,
        unit=unit,
        first=tape.first,
        stop=tape.stop,
        start_ms=start_ms,
        stop_ms=stop_ms,
    )


def unit_of(instrument: Instrument) -> int:
    """The money of one lot at one tick. Raises `ValueError` where that is no whole part of money."""
    unit = instrument.tick * instrument.lot * account.SCALE
    if unit < 1 or unit != unit.to_integral_value():
        raise ValueError(
            f"{instrument.symbol}: a lot of {instrument.lot} times a tick of {instrument.tick} is finer than "
            "the 0.00000001 that money is counted in: take a coarser lot"
        )
    return int(unit)


def terms_row(prepared: Prepared, terms: Terms, leverage: int) -> IntArray:
    """The terms as kernels read them. Raises `ValueError` for what they cannot count."""
    if terms.participation is not None:
        raise ValueError("kernels fill orders whole: leave participation out, or use the replay")
    instrument, row = prepared.instrument, np.zeros(account.TERMS, np.int64)
    is_spot = instrument.kind is MarketKind.SPOT
    fees, (upkeep, upkeep_of) = terms.fees, MAINTENANCE.as_integer_ratio()
    row[account.UNIT] = prepared.unit
    row[account.LEVERAGE] = 0 if is_spot else leverage
    row[account.MAKER] = counted("fee", fees.spot if is_spot else fees.maker)
    row[account.TAKER] = counted("fee", fees.spot if is_spot else fees.taker)
    row[account.SLIP] = counted("slippage", terms.slippage)
    row[account.UPKEEP], row[account.UPKEEP_OF] = upkeep, upkeep_of
    row[account.LEAST] = counted("least notional", instrument.min_notional)
    row[account.HIGHEST] = prepared.highest
    row[account.HAS_MARKS] = prepared.has_marks
    delisted_ms = prepared.market.delisted_ms
    row[account.IS_DELISTED] = delisted_ms is not None and delisted_ms <= prepared.stop_ms
    return row


def counted(name: str, value: Decimal) -> int:
    """`value` in parts of 1e-8. Raises `ValueError` where that is no whole number, or too large."""
    exact = value * account.SCALE
    if exact != exact.to_integral_value() or not 0 <= exact <= account.MOST:
        raise ValueError(
            f"{name} {value}: from 0 on, with at most eight decimals, and no more than 90 million"
        )
    return int(exact)


def _check_grid(market: RecordedMarket) -> None:
    tick = float(market.instrument.tick)
    candles = market.series[market.finest]
    columns: Mapping[str, FloatArray] = {
        "open": candles.open,
        "high": candles.high,
        "low": candles.low,
        "close": candles.close,
    }
    for name, column in columns.items():
        ticks = column / tick
        off = np.flatnonzero(~(np.abs(ticks - np.rint(ticks)) <= _OFF_GRID * np.maximum(ticks * 1e-6, 1.0)))
        if len(off):
            row = int(off[0])
            raise ValueError(
                f"{market.instrument.symbol}: {name} {column[row]} of bar {int(candles.time_ms[row])} is no "
                f"multiple of {market.instrument.tick}: name the tick of this market"
            )


def _fundings(tape: Tape, stop_ms: int) -> IntArray:
    """Settlements up to the end as kernels read them, those of the spot market none."""
    fundings = tape.fundings
    if fundings is None or tape.instrument.kind is MarketKind.SPOT:
        return np.empty((0, table.FUNDING_SIZE), np.int64)
    if len(fundings.rate) and not np.abs(fundings.rate).max() < _MOST_RATE:
        raise ValueError(f"{tape.instrument.symbol}: a funding rate beyond {_MOST_RATE} is none")
    exact = fundings.rate * account.FUNDING_SCALE
    rates = np.rint(exact)
    if (np.abs(rates - exact) > _OFF_GRID).any():
        raise ValueError(f"{tape.instrument.symbol}: funding rates with more than ten decimals")
    rows = np.empty((len(rates), table.FUNDING_SIZE), np.int64)
    rows[:, table.F_NEXT] = tape.closes_ms.searchsorted(fundings.time_ms, side="right")
    rows[:, table.F_WHEN] = _whens(tape, fundings.time_ms, rows[:, table.F_NEXT])
    rows[:, table.F_MARK] = _marks(tape, fundings.time_ms, rows[:, table.F_NEXT])
    rows[:, table.F_RATE] = rates
    delisted_ms = tape.market.delisted_ms
    last_ms = stop_ms if delisted_ms is None else min(stop_ms, delisted_ms)
    return rows[(rows[:, table.F_NEXT] > 0) & (fundings.time_ms <= last_ms)]


def _whens(tape: Tape, times_ms: IntArray, nexts: IntArray) -> IntArray:
    """When each settlement came after the last bar that had ended; no bar is played after the last."""
    is_late = tape.closes_ms[np.maximum(nexts - 1, 0)] < times_ms
    following = np.minimum(nexts, len(tape.opens_ms) - 1)
    is_inside = (nexts < tape.stop) & (tape.opens_ms[following] < times_ms)
    return np.where(is_inside, table.INSIDE, np.where(is_late, table.BETWEEN, table.AT_CLOSE))


def _marks(tape: Tape, times_ms: IntArray, nexts: IntArray) -> IntArray:
    """The mark at each settlement, as `Tape.mark_at` has it."""
    traded = tape.close[np.maximum(nexts - 1, 0)]
    if not len(tape.settled_ms):
        return traded
    known = tape.settled_ms.searchsorted(times_ms, side="right")
    return np.where(known > 0, tape.settled_mark[np.maximum(known - 1, 0)], traded)
