"""Rules of the trend: which way a market goes on 4 hours and on a day."""

from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.indicators import cells as at
from engines.indicators.frame import Frame
from engines.indicators.kernel import kernel
from engines.signals.rule import Numbers, Role, Rule, SignArray, side, values

ADX_TRENDS: Final = 20.0
"""ADX below which there is no trend to speak of."""


COUNT: Final = 5
"""How many rules there are."""


def signs(cells: FloatArray) -> SignArray:
    """What each of `TREND_RULES` says of a bar, in their order."""
    found = np.empty(COUNT, np.int8)
    ask(cells, found)
    return found


@kernel
def ask(cells: FloatArray, found: SignArray) -> None:
    """Write down what each of them says."""
    found[0] = side(cells[at.EMA50], cells[at.EMA200])
    found[1] = side(cells[at.CLOSE], cells[at.EMA200])
    found[2] = side(cells[at.EMA9], cells[at.EMA21])
    found[3] = _structure(cells)
    found[4] = side(cells[at.DI_PLUS], cells[at.DI_MINUS]) if cells[at.ADX14] >= ADX_TRENDS else 0


@kernel
def _structure(cells: FloatArray) -> int:
    """Higher lows without lower highs, or the other way round, among the levels that stand: a high that the
    market has closed beyond is none any more."""
    is_up = _step(cells, -1.0) > 0
    is_down = _step(cells, 1.0) < 0
    return int(is_up) - int(is_down)


@kernel
def _step(cells: FloatArray, kind: float) -> int:
    """From the last level but one of a kind to the last; 0 where there are no two."""
    last, before, count = 0.0, 0.0, 0
    for level in range(int(cells[at.COUNT])):
        if cells[at.SIDE + level] == kind:
            before, last = last, cells[at.PRICE + level]
            count += 1
    return side(last, before) if count > 1 else 0


def _swings(frame: Frame) -> Numbers:
    prices, kinds = frame.swings[:, 0], frame.swings[:, 2]
    highs, lows = prices[kinds > 0][-2:].tolist(), prices[kinds < 0][-2:].tolist()
    numbers: dict[str, float] = {}
    if len(highs) == 2:
        numbers |= {"high_before": highs[0], "high": highs[1]}
    if len(lows) == 2:
        numbers |= {"low_before": lows[0], "low": lows[1]}
    return numbers


def _directional(frame: Frame) -> Numbers:
    return {"adx14": frame.value("adx14"), "least": ADX_TRENDS, **values("di_plus", "di_minus")(frame)}


TREND_RULES: Final = (
    Rule(name="ema50_ema200", role=Role.TREND, points=2.0, numbers=values("ema50", "ema200")),
    Rule(name="price_ema200", role=Role.TREND, points=1.0, numbers=values("close", "ema200")),
    Rule(name="ema9_ema21", role=Role.TREND, points=1.0, numbers=values("ema9", "ema21")),
    Rule(name="swing_structure", role=Role.TREND, points=2.0, numbers=_swings),
    Rule(name="adx_di", role=Role.TREND, points=2.0, numbers=_directional),
)
