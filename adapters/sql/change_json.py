"""A change of a trade as JSON and back: each value as its column keeps it in SQLite."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as fields_of
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, Table
from sqlalchemy.dialects import sqlite

from adapters.sql.row import row_of
from adapters.sql.tables import entries, fills, intents, orders, postings, trades
from engines.ledger.entry import Entry, Posting
from engines.orders.order import Fill, Intent, Order
from engines.orders.trade import Trade
from ports.books import Change

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Packed = Mapping[str, Any]
_Process = Callable[[Any], Any]

_DIALECT = sqlite.dialect()


def packed(change: Change) -> Packed:
    """A change without key, pushes and tickets."""
    return {
        "trade": _row(trades, change.trade),
        "orders": [
            {"order": _row(orders, order), "intent": _row(intents, order.intent)} for order in change.orders
        ],
        "fills": [_row(fills, fill) for fill in change.fills],
        "entries": [
            {"entry": _row(entries, entry), "postings": [_row(postings, one) for one in entry.postings]}
            for entry in change.entries
        ],
    }


def unpacked(row: Packed) -> Change:
    """The change again. Raises `LookupError`, `TypeError` or `ValueError` for what is none."""
    return Change(
        trade=_value(Trade, trades, row["trade"]),
        orders=tuple(_order(one) for one in row["orders"]),
        fills=tuple(_values(Fill, fills, row["fills"])),
        entries=tuple(_entry(one) for one in row["entries"]),
    )


def _order(row: Packed) -> Order:
    return _value(Order, orders, row["order"], intent=_value(Intent, intents, row["intent"]))


def _entry(row: Packed) -> Entry:
    return _value(Entry, entries, row["entry"], postings=tuple(_values(Posting, postings, row["postings"])))


def _row(table: Table, value: "DataclassInstance") -> dict[str, Any]:
    named = row_of(table, value)
    return {name: _processed(_processes(table.c[name])[0], one) for name, one in named.items()}


def _values(kind: type[T], table: Table, rows: Iterable[Packed]) -> list[T]:
    return [_value(kind, table, row) for row in rows]


def _value(kind: type[T], table: Table, row: Packed, **others: Any) -> T:
    """A field that the row does not have yet, for an older version wrote it, has its default."""
    known = [field.name for field in fields_of(kind) if field.name in row]
    return kind(**{name: _processed(_processes(table.c[name])[1], row[name]) for name in known}, **others)


def _processed(process: _Process | None, value: Any) -> Any:
    """`None` is NULL, also where JSON has its own."""
    return value if value is None or process is None else process(value)


@cache
def _processes(column: Column[Any]) -> tuple[_Process | None, _Process | None]:
    """Into the column and out of it."""
    kept = column.type.dialect_impl(_DIALECT)
    return kept.bind_processor(_DIALECT), kept.result_processor(_DIALECT, None)
