"""An account as CSV files: every digit as booked, times in UTC, one line of headings."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from engines.ledger.entry import Entry
from engines.orders.order import Fill, Order
from engines.orders.trade import Trade
from ports.books import Statement
from ports.messages import Document

TRADES = (
    "id", "symbol", "kind", "direction", "leverage", "state", "wanted", "quantity", "entered", "entry_cost",
    "exited", "exit_proceeds", "margin", "realised", "fees", "funding", "net", "risk", "stop", "close_reason",
    "is_manual", "created_at", "opened_at", "closed_at",
)  # fmt: skip
FILLS = (
    "order_id", "fill_id", "trade_id", "symbol", "kind", "side", "purpose", "price", "quantity", "fee",
    "liquidity", "at",
)  # fmt: skip
LEDGER = ("entry_id", "kind", "trade_id", "at", "account", "asset", "amount")


def documents(statement: Statement) -> Sequence[Document]:
    """The three files, the oldest first in each."""
    return [
        _file("trades.csv", TRADES, map(_trade, statement.trades)),
        _file("fills.csv", FILLS, (_fill(order, fill) for order, fill in statement.fills)),
        _file("ledger.csv", LEDGER, (line for entry in statement.entries for line in _lines(entry))),
    ]


def _trade(trade: Trade) -> list[object]:
    special = {"symbol": trade.instrument.symbol, "kind": trade.instrument.kind}
    return [special.get(name, getattr(trade, name, None)) for name in TRADES]


def _fill(order: Order, fill: Fill) -> list[object]:
    intent = order.intent
    return [
        order.id, fill.id, intent.trade_id, intent.instrument.symbol, intent.instrument.kind, intent.side,
        intent.purpose, fill.price, fill.quantity, fill.fee, fill.liquidity, fill.at,
    ]  # fmt: skip


def _lines(entry: Entry) -> Iterable[list[object]]:
    for posting in entry.postings:
        yield [
            entry.id, entry.kind, entry.trade_id, entry.at, posting.account, posting.asset, posting.amount
        ]  # fmt: skip


def _file(name: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Document:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_text(value) for value in row] for row in rows)
    return Document(name=name, content=text.getvalue().encode())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)
