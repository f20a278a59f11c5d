"""What the technical signals call for over a whole history, as rows that kernels act on.

The order of a signal is that of `engines.strategies.technical_orders`, in whole numbers.
"""

from typing import Final

import numpy as np

from engines.core.candle import FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.orders.plan import USUAL_SHARES
from engines.orders.proposal import MOST_SLIPPAGE
from engines.signals.batch import Calls, Sights, calls, sights_of
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.kernel.prepare import Prepared, counted
from engines.strategies.technical import EntryWanted, Technical, TechnicalParams

_TARGETS: Final = 3
_SHARES: Final = [counted("share", share) for share in USUAL_SHARES[_TARGETS]]
_LEVERAGE: Final = 1


class TechnicalCalls:
    """Calls of `technical`, point by point. With `is_shared` what looks see is kept for the next point."""

    def __init__(self, prepared: Prepared, *, is_shared: bool = True) -> None:
        self._prepared = prepared
        self._is_shared = is_shared
        self._kept: dict[EntryWanted, Sights] = {}

    def leverage(self, params: TechnicalParams) -> int:
        """Of its positions."""
        return _LEVERAGE

    def rows(self, params: TechnicalParams) -> IntArray:
        """Everything it calls for, in order of time."""
        prepared = self._prepared
        made = calls(
            self._seen(params),
            prepared.instrument,
            params.gates,
            start_ms=prepared.start_ms,
            stop_ms=prepared.stop_ms,
        )
        rows = self._laid_out(made)
        is_wanted = made.confidence >= params.least_traded
        if prepared.instrument.kind is MarketKind.SPOT:
            is_wanted &= made.direction > 0
        nexts = rows[:, table.NEXT]
        return rows[is_wanted & (nexts >= max(prepared.first, 1)) & (nexts <= prepared.stop)]

    def _seen(self, params: TechnicalParams) -> Sights:
        """What every look sees, once for all points but those with fewer points of triggers."""
        kept = self._kept.get(params.entry)
        if kept is not None and kept.least <= params.least_triggers:
            return kept
        series = {each: self._prepared.series(each) for each in Technical().timeframes(params)}
        sights = sights_of(series, params.least_triggers)
        if self._is_shared:
            self._kept[params.entry] = sights
        return sights

    def _laid_out(self, made: Calls) -> IntArray:
        rows = np.zeros((len(made), table.CALL_SIZE), np.int64)
        rows[:, table.NEXT] = self._prepared.rows_by(made.close_ms)
        rows[:, table.CODE] = table.ADD * made.direction
        rows[:, table.LIMIT] = self._limits(made, rows[:, table.NEXT])
        rows[:, table.STOP] = made.stop
        rows[:, table.UNTIL] = self._prepared.rows_by(made.expires_ms)
        rows[:, table.ENTRY_WORST] = counted("slippage", MOST_SLIPPAGE)
        rows[:, table.SHARE] = counted_sizes(made.size)
        rows[:, table.TARGETS] = _TARGETS
        rows[:, table.PRICES : table.PRICES + _TARGETS] = made.targets
        rows[:, table.SHARES : table.SHARES + _TARGETS] = _SHARES
        return rows

    def _limits(self, made: Calls, nexts: IntArray) -> IntArray:
        """The edge of the zone that the price would come to first, 0 inside it."""
        price = self._prepared.bars[table.CLOSE, np.maximum(nexts - 1, 0)]
        below = np.where(price < made.entry_low, made.entry_low, 0)
        return np.where(price > made.entry_high, made.entry_high, below)


def counted_sizes(sizes: FloatArray) -> IntArray:
    """Parts of the capital cut to what kernels count, as decimals are cut: why floats can tell is written in
    `engines.signals.grid`."""
    counts = np.rint(sizes * account.SCALE)
    return (counts - (sizes < counts / account.SCALE)).astype(np.int64)
