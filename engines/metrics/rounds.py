"""What positions brought, one by one. Those still open at the end are counted, but neither won nor lost."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.core.candle import FloatArray
from engines.metrics.series import BoolArray, RoundColumns

_LEAST: Final = 1e-9  # less than the smallest amount of money that is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFigures:
    """Over closed positions, net of fees and funding, in the quote currency. `expectancy` is the mean of one,
    `payoff` the mean win by the mean loss, `average_r` the mean in units of what each risked. `fees`,
    `funding` and `traded` are over all. `None` where there is nothing to divide by."""

    closed: int
    still_open: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_r: float | None
    payoff: float | None
    best: float | None
    worst: float | None
    losses_in_a_row: int
    held_ms: float | None
    fees: float
    funding: float
    traded: float


def round_figures(rounds: RoundColumns) -> RoundFigures:
    """The figures of `rounds`."""
    done = ~rounds.is_open
    net = rounds.net[done]
    wins, losses = net[net > 0], net[net < 0]
    risk = rounds.risk[done]
    is_known = risk > _LEAST  # NaN is not
    return RoundFigures(
        closed=len(net),
        still_open=len(rounds.is_open) - len(net),
        win_rate=len(wins) / len(net) if len(net) else None,
        profit_factor=profit_factor(net),
        expectancy=_mean(net),
        average_r=_mean(net[is_known] / risk[is_known]),
        payoff=_payoff(wins, losses),
        best=float(net.max()) if len(net) else None,
        worst=float(net.min()) if len(net) else None,
        losses_in_a_row=_longest(net < 0),
        held_ms=_mean((rounds.closed_ms - rounds.opened_ms)[done].astype(np.float64)),
        fees=float(rounds.fees.sum()),
        funding=float(rounds.funding.sum()),
        traded=float(rounds.traded.sum()),
    )


def profit_factor(net: FloatArray) -> float | None:
    """What was won by what was lost; `None` where nothing was lost."""
    lost = -float(net[net < 0].sum())
    return float(net[net > 0].sum()) / lost if lost > _LEAST else None


def _payoff(wins: FloatArray, losses: FloatArray) -> float | None:
    if not len(wins) or not len(losses) or losses.mean() > -_LEAST:
        return None
    return float(wins.mean() / -losses.mean())


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def _longest(flags: BoolArray) -> int:
    """The longest run of true ones."""
    edges = np.flatnonzero(~np.concatenate(([False], flags, [False])))
    return int(np.diff(edges).max()) - 1
