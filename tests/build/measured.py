"""Columns of runs, made of the numbers that a test names."""

from collections.abc import Sequence

import numpy as np

from engines.core.candle import FloatArray
from engines.metrics.measure import Metrics, measure
from engines.metrics.series import Curve, RoundColumns
from tests.build.recordings import DAY, JANUARY_MS

OPENING = 1000.0


def curve_of(
    equity: Sequence[float] | FloatArray,
    *,
    step_ms: int = DAY,
    start_ms: int = JANUARY_MS,
    exposure: Sequence[float] | FloatArray | None = None,
) -> Curve:
    """What an account was worth at closes `step_ms` apart, the first one step after the start."""
    worth = np.array(equity, np.float64)
    stake = np.zeros(len(worth)) if exposure is None else np.array(exposure, np.float64)
    closes = start_ms + np.arange(1, len(worth) + 1, dtype=np.int64) * step_ms
    return Curve(time_ms=closes, equity=worth, exposure=stake, net=stake)


def grown(returns: Sequence[float] | FloatArray) -> FloatArray:
    """`OPENING` after each of those returns."""
    return np.cumprod(1 + np.array(returns, np.float64), dtype=np.float64) * OPENING


def rounds_of(
    net: Sequence[float] = (),
    *,
    risk: Sequence[float] | None = None,
    still_open: Sequence[bool] | None = None,
    fee: float = 0.0,
    traded: float = 0.0,
) -> RoundColumns:
    """Positions of an hour each that brought `net` after a `fee` each."""
    count = len(net)
    closed = JANUARY_MS + np.arange(1, count + 1, dtype=np.int64) * DAY
    return RoundColumns(
        opened_ms=closed - 3_600_000,
        closed_ms=closed,
        gross=np.array(net, np.float64) + fee,
        fees=np.full(count, fee),
        funding=np.zeros(count),
        traded=np.full(count, traded),
        risk=np.full(count, np.nan) if risk is None else np.array(risk, np.float64),
        is_open=np.zeros(count, np.bool_) if still_open is None else np.array(still_open, np.bool_),
    )


def measured(curve: Curve, rounds: RoundColumns | None = None) -> Metrics:
    """The figures of an account that began with `OPENING` in January."""
    return measure(curve, rounds or rounds_of(), opening=OPENING, start_ms=JANUARY_MS)
