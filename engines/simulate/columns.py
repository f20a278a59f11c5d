"""Positions of a run as the columns that metrics read. Here money becomes statistics."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from engines.metrics.series import RoundColumns
from engines.simulate.run import Round


def round_columns(rounds: Sequence[Round]) -> RoundColumns:
    """Columns of `rounds`, in the same order."""
    return RoundColumns(
        opened_ms=np.array([_ms(one.opened_at) for one in rounds], np.int64),
        closed_ms=np.array([_ms(one.closed_at) for one in rounds], np.int64),
        gross=np.array([one.gross for one in rounds], np.float64),
        fees=np.array([one.fees for one in rounds], np.float64),
        funding=np.array([one.funding for one in rounds], np.float64),
        traded=np.array([one.quantity * (one.entry_price + one.exit_price) for one in rounds], np.float64),
        risk=np.array([np.nan if one.risk is None else one.risk for one in rounds], np.float64),
        is_open=np.array([one.reason is None for one in rounds], np.bool_),
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
