"""What doing nothing would have come to: buying at the start and holding, without costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.metrics.days import DAYS_A_YEAR, daily
from engines.metrics.drawdown import falls
from engines.metrics.measure import cagr, elapsed_years
from engines.metrics.series import Curve
from engines.metrics.sharpe import moments, sharpe


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A holding: what it was worth at each bar of the run, of the same opening."""

    name: str
    equity: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A run beside a holding. `beta` is how much of the holding's daily moves the run shares, `alpha` what it
    earns in a year beside that, `correlation` of daily returns; `None` where either did not move."""

    name: str
    roi: float
    cagr: float | None
    sharpe: float | None
    max_drawdown: float
    alpha: float | None
    beta: float | None
    correlation: float | None


def held(
    name: str, candles: Candles, length_ms: int, *, time_ms: IntArray, start_ms: int, opening: float
) -> Held | None:
    """`opening` put into the first candle from `start_ms` on, at its open; valued at the last close known at
    each of `time_ms`. `None` without a candle in that time."""
    first = int(np.searchsorted(candles.time_ms, start_ms))
    bought = candles.rows(first)
    if not len(bought) or int(bought.time_ms[0]) >= int(time_ms[-1]):
        return None
    rows = np.searchsorted(bought.time_ms + length_ms, time_ms, side="right") - 1
    prices = np.where(rows < 0, bought.open[0], bought.close[rows])
    return Held(name=name, equity=opening * prices / bought.open[0])


def spread_evenly(name: str, holdings: Sequence[Held]) -> Held:
    """The same opening in equal parts over `holdings`, at least one, and left alone."""
    return Held(name=name, equity=np.mean([one.equity for one in holdings], axis=0))


def against(curve: Curve, holding: Held, *, opening: float, start_ms: int) -> Against:
    """`curve` beside `holding`."""
    ours = daily(curve.time_ms, curve.equity, opening).returns
    days = daily(curve.time_ms, holding.equity, opening)
    years = elapsed_years(start_ms, int(curve.time_ms[-1]))
    growth = float(holding.equity[-1]) / opening
    deepest = falls(curve.time_ms, holding.equity, opening=opening, start_ms=start_ms).deepest
    count = min(len(ours), len(days))
    beta = regression(ours[:count], days.returns[:count])
    return Against(
        name=holding.name,
        roi=growth - 1,
        cagr=cagr(growth, years),
        sharpe=sharpe(moments(days.returns)),
        max_drawdown=deepest.depth if deepest else 0.0,
        alpha=None if beta is None else alpha(ours[:count], days.returns[:count], beta),
        beta=beta,
        correlation=correlation(ours[:count], days.returns[:count]),
    )


def regression(ours: FloatArray, theirs: FloatArray) -> float | None:
    """The slope of our returns over theirs: covariance by variance."""
    if moments(theirs).deviation is None:
        return None
    away = theirs - theirs.mean()
    return float(np.mean(away * ours) / np.mean(away * away))


def alpha(ours: FloatArray, theirs: FloatArray, beta: float) -> float:
    """What a year would bring if they stood still (Jensen's alpha at a risk-free rate of 0), compounded."""
    return float((1 + np.mean(ours - beta * theirs)) ** DAYS_A_YEAR - 1)


def correlation(ours: FloatArray, theirs: FloatArray) -> float | None:
    """Pearson's."""
    if moments(ours).deviation is None or moments(theirs).deviation is None:
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])
