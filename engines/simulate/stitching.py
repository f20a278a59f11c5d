"""One curve of the tests of a walk-forward, as if one account had gone through them in turn."""

from collections.abc import Sequence

import numpy as np

from engines.metrics.series import Curve, RoundColumns

Outcome = tuple[Curve, RoundColumns]


def stitched(parts: Sequence[Outcome], opening: float) -> Outcome:
    """`parts` in order of time, each begun with `opening`, joined into one account.

    Each part begins with what the one before ended with: its money is multiplied by that over `opening`. An
    account that has lost everything stays where it is. Raises `ValueError` for parts that overlap.
    """
    if not parts:
        raise ValueError("there is no part to join")
    curves, rounds, scale, last_ms = [], [], 1.0, None
    for curve, columns in parts:
        if len(curve.time_ms) == 0:
            continue
        if last_ms is not None and curve.time_ms[0] <= last_ms:
            raise ValueError("parts to be joined overlap in time")
        curves.append(_scaled_curve(curve, scale))
        rounds.append(_scaled_rounds(columns, scale))
        scale = max(scale * float(curve.equity[-1]) / opening, 0.0)
        last_ms = curve.time_ms[-1]
    return _joined_curves(curves), _joined_rounds(rounds)


def no_rounds() -> RoundColumns:
    """Of an account that never traded."""
    none, empty = np.empty(0, np.int64), np.empty(0)
    return RoundColumns(
        opened_ms=none,
        closed_ms=none,
        gross=empty,
        fees=empty,
        funding=empty,
        traded=empty,
        risk=empty,
        is_open=np.empty(0, np.bool_),
    )


def _scaled_curve(curve: Curve, scale: float) -> Curve:
    return Curve(
        time_ms=curve.time_ms,
        equity=curve.equity * scale,
        exposure=curve.exposure * scale,
        net=curve.net * scale,
    )


def _scaled_rounds(columns: RoundColumns, scale: float) -> RoundColumns:
    return RoundColumns(
        opened_ms=columns.opened_ms,
        closed_ms=columns.closed_ms,
        gross=columns.gross * scale,
        fees=columns.fees * scale,
        funding=columns.funding * scale,
        traded=columns.traded * scale,
        risk=columns.risk * scale,
        is_open=columns.is_open,
    )


def _joined_curves(curves: Sequence[Curve]) -> Curve:
    if not curves:
        empty = np.empty(0)
        return Curve(time_ms=np.empty(0, np.int64), equity=empty, exposure=empty, net=empty)
    return Curve(
        time_ms=np.concatenate([one.time_ms for one in curves]),
        equity=np.concatenate([one.equity for one in curves]),
        exposure=np.concatenate([one.exposure for one in curves]),
        net=np.concatenate([one.net for one in curves]),
    )


def _joined_rounds(rounds: Sequence[RoundColumns]) -> RoundColumns:
    if not rounds:
        return no_rounds()
    return RoundColumns(
        opened_ms=np.concatenate([one.opened_ms for one in rounds]),
        closed_ms=np.concatenate([one.closed_ms for one in rounds]),
        gross=np.concatenate([one.gross for one in rounds]),
        fees=np.concatenate([one.fees for one in rounds]),
        funding=np.concatenate([one.funding for one in rounds]),
        traded=np.concatenate([one.traded for one in rounds]),
        risk=np.concatenate([one.risk for one in rounds]),
        is_open=np.concatenate([one.is_open for one in rounds]),
    )
