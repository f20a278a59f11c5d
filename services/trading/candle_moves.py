"""Candles as moves: the way inside is unknown, so the worse order of events is taken."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.moment import utc
from engines.core.move import Move
from engines.core.timeframe import Timeframe


def bar_moves(instrument: Instrument, traded: Candles, marks: Candles | None) -> Sequence[Move]:
    """One move a candle, the oldest first. A mark candle that is missing is not made up: the mark is taken
    to have been where the market closed."""
    by_time = {} if marks is None else {time: row for row, time in enumerate(marks.time_ms.tolist())}
    moves: list[Move] = []
    for row, time_ms in enumerate(traded.time_ms.tolist()):
        close = _price(instrument, traded.close[row])
        low, high = _price(instrument, traded.low[row]), _price(instrument, traded.high[row])
        mark_low, mark_high, mark = (low, high, close) if marks is None else (close, close, close)
        if marks is not None and (place := by_time.get(time_ms)) is not None:
            mark_low, mark_high, mark = (
                _price(instrument, column[place]) for column in (marks.low, marks.high, marks.close)
            )
        moves.append(
            Move(
                symbol=instrument.symbol,
                kind=instrument.kind,
                since=utc(time_ms),
                at=utc(time_ms + Timeframe.M1.ms),
                open=_price(instrument, traded.open[row]),
                high=high,
                low=low,
                close=close,
                mark=mark,
                mark_low=mark_low,
                mark_high=mark_high,
                volume=instrument.quantity(Decimal(repr(float(traded.volume[row])))),
                is_bar=True,
            )
        )
    return moves


def milliseconds(at: datetime) -> int:
    """Epoch milliseconds of an instant."""
    return round(at.timestamp() * 1000)


def _price(instrument: Instrument, value: float) -> Decimal:
    """Floats enter the world of money here: the shortest text that means the float, on the grid."""
    return instrument.price(Decimal(repr(float(value))))
