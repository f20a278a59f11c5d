"""The worth of an account at every close, from the few rows at which what it holds has changed."""

from engines.core.candle import FloatArray, IntArray
from engines.indicators.kernel import rare
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table


@rare
def unfold(
    changes: IntArray, close: FloatArray, unit: int, first: int, equity: FloatArray, net: FloatArray
) -> None:
    """Fill one entry a bar from row `first` on, in the quote currency: the worth, and what is held with its
    sign. `close` is in ticks."""
    stop = first + len(equity)
    for number in range(len(changes)):
        money, offset = float(changes[number, table.C_MONEY]), float(changes[number, table.C_OFFSET])
        each = float(changes[number, table.C_STAKE] * unit)
        end = changes[number + 1, table.C_ROW] if number + 1 < len(changes) else stop
        for row in range(max(changes[number, table.C_ROW], first), min(end, stop)):
            value = each * close[row]
            equity[row - first] = (money + value - offset) / account.SCALE
            net[row - first] = value / account.SCALE
