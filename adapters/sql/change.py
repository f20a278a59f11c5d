"""A change of a trade as rows, and the statements that write them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import BindParameter, Insert, Table, Update, bindparam, insert, update

from adapters.sql.batch import Batch, Bound
from adapters.sql.database import Database
from adapters.sql.outbox import push_insertion, push_row
from adapters.sql.row import row_of
from adapters.sql.tables import entries, fills, intents, orders, postings, tickets, trades
from engines.ledger.entry import Entry
from engines.orders.order import Intent
from engines.orders.trade import Trade
from ports.books import Change
from ports.tickets import TicketState

Row = dict[str, Any]

KEPT_INTENTS = 4096

_OF_MESSAGE = ("chat_id", "message_id", "shown_version")
"""Columns that belong to the living message: written with a new trade and by `shown`, never by a change."""
_NEVER_MOVED = ("id", "key", "owner", "instrument", "direction", "created_at")


@dataclass(frozen=True, slots=True)
class BoundChange:
    """A change with its rows by the name of their statement; intents apart, by the id of their order."""

    change: Change
    rows: Mapping[str, Sequence[Bound]]
    intents: Sequence[tuple[str, Bound]]


@dataclass(frozen=True, slots=True)
class ChangeStatements:
    """How rows of changes are written; kept, so that each is compiled once. `bind_intent` keeps the rows: an
    intent never changes, and comes with every change of its orders."""

    database: Database
    by_name: Mapping[str, Insert | Update]
    bind_intent: Callable[[Intent], Bound]

    @classmethod
    def of(cls, database: Database) -> "ChangeStatements":
        """Those of a database. What others refer to comes first."""
        new_intent = database.insert(intents).on_conflict_do_nothing(index_elements=["id"])
        bind_intent = lru_cache(KEPT_INTENTS)(lambda one: database.bind(new_intent, row_of(intents, one)))
        return cls(
            database,
            {
                "new_trades": insert(trades),
                "moved_trades": _trade_update(),
                "intents": new_intent,
                "orders": _upsert(database, orders, never_moved=("number", "id", "intent_id", "created_at")),
                "fills": insert(fills),
                "entries": insert(entries),
                "postings": insert(postings),
                "tickets": _upsert(database, tickets, never_moved=("number", "id", "created_at")),
                "pushes": push_insertion(database),
            },
            bind_intent,
        )

    def bind(self, change: Change) -> BoundChange:
        """Make a change ready to be written. Raises `ValueError` and what SQLAlchemy raises for values that
        no column takes."""
        return BoundChange(
            change,
            {name: [self._bound(name, row) for row in rows] for name, rows in _rows(change)},
            [(one.id, self.bind_intent(one.intent)) for one in change.orders],
        )

    def write(self, batch: Batch, bound: Sequence[BoundChange]) -> Mapping[int, str]:
        """Write those that fit what is stored; why the others do not, by their place. An intent never
        changes: it comes with its first order."""
        late = _late(batch, [one.change for one in bound])
        kept = [one for place, one in enumerate(bound) if place not in late]
        named = {order_id for one in kept for order_id, _ in one.intents}
        known = batch.stored(orders.c.id, orders.c.number, named)
        rows = {name: [row for one in kept for row in one.rows.get(name, ())] for name in self.by_name}
        rows["intents"] = [row for one in kept for order_id, row in one.intents if order_id not in known]
        for name, statement in self.by_name.items():
            batch.each(statement, rows[name])
        return late

    def _bound(self, name: str, row: Row) -> Bound:
        return self.database.bind(self.by_name[name], row)


def entry_rows(new: Iterable[Entry]) -> tuple[list[Row], list[Row]]:
    """Entries and their postings."""
    heads, lines = [], []
    for entry in new:
        heads.append(row_of(entries, entry))
        lines += [
            {"entry_id": entry.id, "place": place} | row_of(postings, posting)
            for place, posting in enumerate(entry.postings)
        ]
    return heads, lines


def _late(batch: Batch, changes: Sequence[Change]) -> Mapping[int, str]:
    """Changes that come too late: the trade is at another version, or a ticket is decided."""
    versions = dict(batch.stored(trades.c.id, trades.c.version, {one.trade.id for one in changes}))
    named = {ticket.id for one in changes for ticket in one.tickets}
    states = dict(batch.stored(tickets.c.id, tickets.c.state, named))
    late: dict[int, str] = {}
    for place, change in enumerate(changes):
        trade = change.trade
        if versions.get(trade.id, 0) != trade.version - 1:
            late[place] = f"trade {trade.id} is not at version {trade.version - 1} any more"
        elif any(states.get(one.id, TicketState.OPEN) != TicketState.OPEN for one in change.tickets):
            late[place] = f"a ticket of trade {trade.id} is decided already"
        else:
            versions[trade.id] = trade.version
            states.update((one.id, one.state) for one in change.tickets)
    return late


def _rows(change: Change) -> Iterable[tuple[str, list[Row]]]:
    trade = change.trade
    if trade.version == 1:
        yield "new_trades", [{**row_of(trades, trade), "key": change.key}]
    else:
        yield "moved_trades", [_moved(trade)]
    yield "orders", [{**row_of(orders, order), "intent_id": order.intent.id} for order in change.orders]
    yield "fills", [row_of(fills, fill) for fill in change.fills]
    heads, lines = entry_rows(change.entries)
    yield "entries", heads
    yield "postings", lines
    yield "tickets", [row_of(tickets, ticket) for ticket in change.tickets]
    yield "pushes", [push_row(push) for push in change.pushes]


def _moved(trade: Trade) -> Row:
    return dict(zip(_MOVED_NAMES, _moved_values(trade), strict=True))


def _trade_update() -> Update:
    values: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in _MOVED}
    return update(trades).where(trades.c.id == bindparam("its_id")).values(values)


def _upsert(database: Database, table: Table, *, never_moved: Sequence[str]) -> Insert:
    new = database.insert(table)
    moved = [column.name for column in table.columns if column.name not in never_moved]
    return new.on_conflict_do_update(index_elements=["id"], set_={name: new.excluded[name] for name in moved})


_MOVED = [column.name for column in trades.columns if column.name not in (*_NEVER_MOVED, *_OF_MESSAGE)]
_MOVED_NAMES = ("its_id", *(f"new_{name}" for name in _MOVED))
_moved_values = attrgetter("id", *_MOVED)
