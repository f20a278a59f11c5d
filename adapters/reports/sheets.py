"""The CSV files of a report: figures, days, positions, fills, and what the gate did not let through."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from adapters.reports.cells import unformulated
from adapters.reports.figures import Figure, Unit, currency, figures
from engines.core.moment import utc
from engines.metrics.days import DAY_MS, daily
from engines.orders.order import Purpose
from engines.orders.trade import CloseReason
from engines.simulate.run import Blocked, Execution, Round
from ports.reports import Report

_DIGITS: Final = 10

Row = TypeVar("Row")
Cell = str | float | Decimal | datetime | None
Columns = Mapping[str, Callable[[Row], Cell]]
"""Cells of a row by the names of their columns."""

DELISTED: Final = "delisted"
_CLOSED_BY: Final = {CloseReason.PERSON: "strategy", CloseReason.MANUAL: DELISTED}
"""What stands in a run for the person at the desk: the strategy closes what it wants closed, and the end of a
market what nobody could sell any more."""
_TRADES: Final[Columns[Round]] = {
    "number": lambda one: one.number,
    "symbol": lambda one: one.instrument.symbol,
    "market": lambda one: one.instrument.kind.value,
    "direction": lambda one: one.direction.value,
    "quantity": lambda one: one.quantity,
    "opened_at": lambda one: one.opened_at,
    "entry_price": lambda one: one.entry_price,
    "closed_at": lambda one: one.closed_at,
    "exit_price": lambda one: one.exit_price,
    "gross": lambda one: one.gross,
    "fees": lambda one: one.fees,
    "funding": lambda one: one.funding,
    "slippage": lambda one: one.slippage,
    "net": lambda one: one.net,
    "risk": lambda one: one.risk,
    "r": lambda one: float(one.net / one.risk) if one.risk else None,
    "closed_by": lambda one: _CLOSED_BY.get(one.reason, one.reason.value) if one.reason else None,
}
_FILLS: Final[Columns[Execution]] = {
    "time": lambda one: one.at,
    "trade": lambda one: one.round,
    "symbol": lambda one: one.instrument.symbol,
    "market": lambda one: one.instrument.kind.value,
    "side": lambda one: one.side.value,
    "price": lambda one: one.price,
    "quantity": lambda one: one.quantity,
    "fee": lambda one: one.fee,
    "purpose": lambda one: DELISTED if one.reason == Purpose.MANUAL else one.reason,
}
_BLOCKED: Final[Columns[Blocked]] = {
    "time": lambda one: one.at,
    "symbol": lambda one: one.instrument.symbol,
    "market": lambda one: one.instrument.kind.value,
    "side": lambda one: one.side.value,
    "key": lambda one: one.key,
    "asked": lambda one: one.asked,
    "allowed": lambda one: one.allowed,
    "ruling": lambda one: one.ruling.value,
    "gate": lambda one: one.gate,
    "reason": lambda one: one.reason,
}


def summary_sheet(report: Report) -> bytes:
    """`summary.csv`: one line a figure; `low` and `high` are the ends of its interval."""
    money = currency(report)
    columns: Columns[Figure] = {
        "metric": lambda one: one.metric,
        "value": lambda one: one.value,
        "low": lambda one: one.interval.low if one.interval else None,
        "high": lambda one: one.interval.high if one.interval else None,
        "unit": lambda one: money if one.unit is Unit.MONEY else one.unit.value,
    }
    return _sheet(columns, figures(report))


def trades_sheet(report: Report) -> bytes:
    """`trades.csv`: one line a position, in the order of the run. `closed_by` is `strategy`, `stop`, `trail`,
    `targets`, `liquidated` or `delisted`; empty while it is open."""
    return _sheet(_TRADES, report.run.rounds)


def days_sheet(report: Report) -> bytes:
    """`days.csv`: one line a UTC day: what was there at its end, what it changed by, and the same of holding
    (empty where there was none to hold)."""
    curve, opening, holdings = report.run.curve, float(report.run.opening), report.assessment.holdings
    ours = daily(curve.time_ms, curve.equity, opening)
    theirs = daily(curve.time_ms, holdings[0].equity, opening) if holdings else None
    columns: Columns[int] = {
        "date": lambda row: f"{utc(int(ours.number[row]) * DAY_MS):%Y-%m-%d}",
        "equity": lambda row: float(ours.equity[row]),
        "change": lambda row: float(ours.returns[row]),
        "holding": lambda row: float(theirs.equity[row]) if theirs else None,
        "holding_change": lambda row: float(theirs.returns[row]) if theirs else None,
    }
    return _sheet(columns, range(len(ours)))


def fills_sheet(report: Report) -> bytes:
    """`fills.csv`: one line a fill."""
    return _sheet(_FILLS, report.run.executions)


def blocked_sheet(report: Report) -> bytes:
    """`blocked_trades_log.csv`: one line an intent that was denied or made smaller."""
    return _sheet(_BLOCKED, report.run.blocked)


def _sheet(columns: Columns[Row], rows: Iterable[Row]) -> bytes:
    """The header is there without rows too."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_written(cell(row)) for cell in columns.values()] for row in rows)
    return text.getvalue().encode()


def _written(cell: Cell) -> str:
    """Numbers plainly, times as ISO 8601; text on one line, never as the beginning of a formula."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}" if cell else "0"
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, str):
        return unformulated(" ".join(cell.split()))
    return f"{cell:.{_DIGITS}g}"
