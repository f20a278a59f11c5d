"""What figures of performance are made from: columns of a run. Statistics, not money."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.core.candle import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What the account was worth at the close of each bar, and how much of it was at stake: one entry a bar.

    `time_ms` are closes (UTC ms, strictly rising). `equity` is in the quote currency, `exposure` the notional
    of all positions, `net` long less short.
    """

    time_ms: IntArray
    equity: FloatArray
    exposure: FloatArray
    net: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundColumns:
    """Positions from first entry to last exit, one entry a position, in order of their ends.

    Times are UTC ms. Money is in the quote currency: `gross` is profit before costs, `fees` what was paid,
    `funding` what was received (negative: paid), `traded` the notional of all fills. `risk` is the money
    between entry and first stop, NaN without one. `is_open`: still held at the end, valued at the last close.
    """

    opened_ms: IntArray
    closed_ms: IntArray
    gross: FloatArray
    fees: FloatArray
    funding: FloatArray
    traded: FloatArray
    risk: FloatArray
    is_open: BoolArray

    @property
    def net(self) -> FloatArray:
        """What each brought."""
        return self.gross - self.fees + self.funding
