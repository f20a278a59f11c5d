"""A point of a sweep as a run: money again, times again, as reports read it."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

from engines.core.candle import IntArray
from engines.core.moment import utc
from engines.core.side import Direction, Side
from engines.orders.order import Purpose
from engines.orders.position import ENDS
from engines.simulate.kernel import book as account
from engines.simulate.kernel import table
from engines.simulate.kernel.points import Point
from engines.simulate.run import Execution, Round, Run
from engines.strategies.params import told

_PURPOSES = tuple(Purpose)


def as_run(point: Point) -> Run:
    """The run of a point. Nothing is blocked in it: kernels ask no gate. Its digest is that of its fills and
    positions, not the replay's."""
    prepared = point.prepared
    return Run(
        strategy=point.strategy,
        params=told(point.params),
        symbols=(prepared.instrument.symbol,),
        start=utc(prepared.start_ms),
        stop=utc(prepared.stop_ms),
        opening=point.opening,
        bars=prepared.stop - prepared.first,
        curve=point.curve,
        rounds=rounds(point),
        executions=executions(point),
        blocked=(),
        digest=_digest(point),
    )


def rounds(point: Point) -> Sequence[Round]:
    """Its positions, exact."""
    opened_ms = point.times_ms(point.positions[:, table.R_OPENED]).tolist()
    closed_ms = point.closed_ms().tolist()
    return tuple(
        _round(point, number, row.tolist(), opened_ms[number], closed_ms[number])
        for number, row in enumerate(point.positions)
    )


def executions(point: Point) -> Sequence[Execution]:
    """Its fills, exact."""
    instrument, times_ms = point.prepared.instrument, point.filled_ms().tolist()
    return tuple(
        Execution(
            at=utc(times_ms[number]),
            round=fill[table.FILL_ROUND] + 1,
            instrument=instrument,
            side=Side.BUY if fill[table.FILL_SIDE] > 0 else Side.SELL,
            price=instrument.price_of(fill[table.FILL_TICKS]),
            quantity=instrument.quantity_of(fill[table.FILL_LOTS]),
            fee=_money(fill[table.FILL_FEE]),
            reason=_PURPOSES[fill[table.FILL_PURPOSE]].value,
        )
        for number, fill in enumerate(point.fills.tolist())
    )


def _round(point: Point, number: int, row: Sequence[int], opened_ms: int, closed_ms: int) -> Round:
    prepared, is_open = point.prepared, row[table.R_IS_OPEN] == 1
    instrument = prepared.instrument
    quantity = instrument.quantity_of(row[table.R_ENTERED])
    last = instrument.price_of(int(prepared.bars[table.CLOSE, prepared.stop - 1]))
    return Round(
        number=number + 1,
        instrument=instrument,
        direction=Direction.LONG if row[table.R_SIGN] > 0 else Direction.SHORT,
        quantity=quantity,
        entry_price=_money(row[table.R_COST]) / quantity,
        exit_price=last if is_open else _money(row[table.R_PROCEEDS]) / quantity,
        opened_at=utc(opened_ms),
        closed_at=utc(closed_ms),
        gross=_money(row[table.R_GROSS]),
        fees=_money(row[table.R_FEES]),
        funding=_money(row[table.R_FUNDING]),
        slippage=_money(row[table.R_SLIPPAGE]),
        risk=_money(row[table.R_RISK]) if row[table.R_HAS_RISK] else None,
        reason=None if is_open else ENDS[_PURPOSES[row[table.R_PURPOSE]]],
    )


def _digest(point: Point) -> str:
    hashed = sha256()
    rows: Sequence[IntArray] = (point.fills, point.positions)
    for one in rows:
        hashed.update(one.astype("<i8").tobytes() + b"\0")
    return hashed.hexdigest()


def _money(amount: int) -> Decimal:
    return Decimal(amount) / account.SCALE
