"""Trades, orders and money read from the tables, in a transaction that is open."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.row import value_of
from adapters.sql.tables import entries, fills, intents, orders, postings, trades
from engines.ledger.entry import Entry, Posting
from engines.orders.order import Fill, Intent, Order
from engines.orders.trade import Trade
from ports.books import Statement


async def read_trades(connection: AsyncConnection, query: Select[Any]) -> Sequence[Trade]:
    """Those of a selection of `trades`."""
    return [_trade(row) for row in (await connection.execute(query)).mappings()]


async def read_orders(connection: AsyncConnection, query: Select[Any]) -> Sequence[Order]:
    """Those of a selection of `placed()`."""
    return [_order(row) for row in (await connection.execute(query)).mappings()]


async def read_statement(connection: AsyncConnection, owner: int) -> Statement:
    """Everything of an account, as it stands together."""
    theirs = select(trades).where(trades.c.owner == owner).order_by(trades.c.id)
    return Statement(
        trades=await read_trades(connection, theirs),
        fills=await read_fills(connection, owner),
        entries=await read_entries(connection, owner),
    )


async def read_fills(
    connection: AsyncConnection, owner: int, trade_id: int | None = None
) -> Sequence[tuple[Order, Fill]]:
    """Fills of an account, or of one trade of it, with their orders, the oldest first."""
    theirs = [intents.c.owner == owner]
    if trade_id is not None:
        theirs.append(intents.c.trade_id == trade_id)
    by_id = {order.id: order for order in await read_orders(connection, placed().where(*theirs))}
    of_owner = (
        select(fills)
        .join(orders, fills.c.order_id == orders.c.id)
        .join(intents, orders.c.intent_id == intents.c.id)
        .where(*theirs)
        .order_by(fills.c.number)
    )
    rows = await connection.execute(of_owner)
    return [(by_id[row["order_id"]], value_of(Fill, row)) for row in rows.mappings()]


async def read_entries(connection: AsyncConnection, owner: int) -> Sequence[Entry]:
    """The ledger of an account, in the order booked."""
    of_owner = (
        select(entries, postings)
        .join(postings, postings.c.entry_id == entries.c.id)
        .where(entries.c.owner == owner)
        .order_by(entries.c.number, postings.c.place)
    )
    heads: dict[str, RowMapping] = {}
    lines: dict[str, list[Posting]] = {}
    for row in (await connection.execute(of_owner)).mappings():
        heads.setdefault(row["id"], row)
        lines.setdefault(row["id"], []).append(value_of(Posting, row))
    return [_entry(heads[name], lines[name]) for name in heads]


def placed() -> Select[Any]:
    """Orders with their intents, the oldest first; columns of the intent are named `its_…`."""
    of_intent = [column.label(f"its_{column.name}") for column in intents.columns]
    return (
        select(orders, *of_intent).join(intents, orders.c.intent_id == intents.c.id).order_by(orders.c.number)
    )


def _trade(row: RowMapping) -> Trade:
    return Trade(**{name: value for name, value in row.items() if name != "key"})


def _order(row: RowMapping) -> Order:
    intent = value_of(Intent, row, "its_")
    return value_of(Order, {**row, "intent": intent})


def _entry(head: RowMapping, lines: Sequence[Posting]) -> Entry:
    return value_of(Entry, {**head, "postings": tuple(lines)})
