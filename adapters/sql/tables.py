"""Tables of the desk database. `migrations/desk` builds them; a test keeps the two alike."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
)

from adapters.sql.people_types import Filter, Mutes
from adapters.sql.signal_types import CourseJson, ProposalJson
from adapters.sql.trade_types import EffectJson, Market, OrderTerms, ScopeJson, Targets
from adapters.sql.types import JsonTuple, Money, UtcDateTime, Word
from engines.alerts.alert import AlertState, Way
from engines.core.side import Direction, Side
from engines.core.timeframe import Timeframe
from engines.ledger.entry import EntryKind
from engines.orders.order import ExecutionStyle, Liquidity, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName
from engines.orders.trade import CloseReason, TradeState
from engines.risk.latch import Cause
from engines.signals.signal import SignalState
from ports.alerts import ConditionKind
from ports.charts import Theme
from ports.desk_state import Approval
from ports.people import Noise, RiskProfile, Role
from ports.tickets import TicketState

DESK = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows only in a column of exactly this type
_RowId = BigInteger().with_variant(Integer, "sqlite")

people = Table(
    "people",
    DESK,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("noise", Word(Noise), nullable=False),
    Column("theme", Word(Theme), nullable=False),
    Column("risk", Word(RiskProfile), nullable=False),
    Column("summary_at", Time),
    Column("is_onboarded", Boolean, nullable=False),
    Column("watchlist", JsonTuple, nullable=False),
    Column("cockpit_message_id", BigInteger),
    Column("is_reachable", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signals", Filter),
    Column("mutes", Mutes),
    Column("sees_rich", Boolean),
)

actions = Table(
    "actions",
    DESK,
    Column("token", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("person_id", BigInteger),
    Column("params", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("message_id", BigInteger),
    Column("done_at", UtcDateTime),
    Column("done_by", BigInteger),
)

outbox = Table(
    "outbox",
    DESK,
    Column("id", _RowId, primary_key=True),
    Column("dedupe", Text, nullable=False, unique=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("html", Text, nullable=False),
    Column("keyboard", JSON, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("is_silent", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("message_id", BigInteger),
    Column("closed_at", UtcDateTime),
    sqlite_autoincrement=True,
)
_waiting = outbox.c.closed_at.is_(None)
Index(
    "ix_outbox_waiting",
    outbox.c.priority,
    outbox.c.created_at,
    outbox.c.id,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
Index("ix_outbox_closed_at", outbox.c.closed_at)

facts = Table(
    "facts",
    DESK,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

stamp = Table(
    "stamp",
    DESK,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("world", Text, nullable=False),
    Column("mode", Text, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

trades = Table(
    "trades",
    DESK,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, unique=True),
    Column("owner", BigInteger, nullable=False),
    Column("instrument", Market, nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("leverage", Money, nullable=False),
    Column("state", Word(TradeState), nullable=False),
    Column("wanted", Money, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("entered", Money, nullable=False),
    Column("entry_cost", Money, nullable=False),
    Column("exited", Money, nullable=False),
    Column("exit_proceeds", Money, nullable=False),
    Column("margin", Money, nullable=False),
    Column("realised", Money, nullable=False),
    Column("fees", Money, nullable=False),
    Column("funding", Money, nullable=False),
    Column("risk", Money),
    Column("stop", Money),
    Column("targets", Targets, nullable=False),
    Column("trail_distance", Money),
    Column("is_cross", Boolean, nullable=False, server_default=false()),
    Column("best_price", Money),
    Column("close_reason", Word(CloseReason)),
    Column("is_manual", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("opened_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("funded_at", UtcDateTime),
    Column("armed_at", UtcDateTime),
    Column("chat_id", BigInteger),
    Column("message_id", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("shown_version", BigInteger, nullable=False),
)
_LIVE_STATES = text("state IN ('waiting', 'open')")
_BEHIND = text("shown_version < version")
Index("ix_trades_owner_id", trades.c.owner, trades.c.id)
Index("ix_trades_live", trades.c.id, sqlite_where=_LIVE_STATES, postgresql_where=_LIVE_STATES)
Index("ix_trades_behind", trades.c.id, sqlite_where=_BEHIND, postgresql_where=_BEHIND)

intents = Table(
    "intents",
    DESK,
    Column("id", Text, primary_key=True),
    Column("trade_id", BigInteger, ForeignKey("trades.id"), nullable=False, index=True),
    Column("owner", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("instrument", Market, nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("quantity", Money, nullable=False),
    Column("kind", Word(OrderKind), nullable=False),
    Column("purpose", Word(Purpose), nullable=False),
    Column("limit_price", Money),
    Column("worst_price", Money),
    Column("most_cost", Money),
    Column("trigger_price", Money),
    Column("style", Word(ExecutionStyle), nullable=False, server_default=ExecutionStyle.SINGLE.value),
    Column("decision_price", Money),
    Column("max_slippage", Money),
    Column("reduce_only", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
)

orders = Table(
    "orders",
    DESK,
    Column("number", _RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("intent_id", Text, ForeignKey("intents.id"), nullable=False, index=True),
    Column("terms", OrderTerms, nullable=False),
    Column("venue_id", Text),
    Column("state", Word(OrderState), nullable=False),
    Column("filled", Money, nullable=False),
    Column("cost", Money, nullable=False),
    Column("fees", Money, nullable=False),
    Column("fill_ids", JsonTuple, nullable=False),
    Column("queue_ahead", Money, nullable=False),
    Column("has_late_fill", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

UNFINISHED = text("orders.state NOT IN ('denied', 'filled', 'canceled', 'rejected', 'expired', 'absent')")
"""Said word for word as the index says it, or SQLite does not use it."""
_UNFINISHED = text("state NOT IN ('denied', 'filled', 'canceled', 'rejected', 'expired', 'absent')")
Index("ix_orders_unfinished", orders.c.number, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
Index("ix_orders_created_at", orders.c.created_at)
_AT_A_VENUE = text("venue_id IS NOT NULL")
Index("ix_orders_venue_id", orders.c.venue_id, sqlite_where=_AT_A_VENUE, postgresql_where=_AT_A_VENUE)

fills = Table(
    "fills",
    DESK,
    Column("number", _RowId, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("price", Money, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("fee", Money, nullable=False),
    Column("fee_asset", Text),
    Column("liquidity", Word(Liquidity), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("order_id", "id"),
    sqlite_autoincrement=True,
)

entries = Table(
    "entries",
    DESK,
    Column("number", _RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", BigInteger, nullable=False),
    Column("kind", Word(EntryKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("trade_id", BigInteger),
    sqlite_autoincrement=True,
)
Index("ix_entries_owner_number", entries.c.owner, entries.c.number)

postings = Table(
    "postings",
    DESK,
    Column("entry_id", Text, ForeignKey("entries.id"), primary_key=True),
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("amount", Money, nullable=False),
)

equity = Table(
    "equity",
    DESK,
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, primary_key=True),
    Column("equity", Money, nullable=False),
)

alerts = Table(
    "alerts",
    DESK,
    Column("id", _RowId, primary_key=True),
    Column("owner", BigInteger, nullable=False),
    Column("instrument", Market, nullable=False),
    Column("kind", Word(ConditionKind), nullable=False),
    Column("way", Word(Way)),
    Column("price", Money),
    Column("share", Money),
    Column("window_s", Integer),
    Column("days", Integer),
    Column("rest_s", Integer),
    Column("state", Word(AlertState), nullable=False),
    Column("is_armed", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("count", Integer, nullable=False),
    Column("fired_at", UtcDateTime),
    Column("fired_price", Money),
    Column("formula", JSON),
    sqlite_autoincrement=True,
)
_LIVE_ALERTS = text("state IN ('watching', 'muted')")
Index("ix_alerts_live", alerts.c.id, sqlite_where=_LIVE_ALERTS, postgresql_where=_LIVE_ALERTS)

alert_marks = Table(
    "alert_marks",
    DESK,
    Column("symbol", Text, primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

signals = Table(
    "signals",
    DESK,
    Column("id", _RowId, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Word(Timeframe), nullable=False),
    Column("state", Word(SignalState), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, index=True),
    Column("proposal", ProposalJson, nullable=False),
    Column("course", CourseJson, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("symbol", "timeframe", "created_at"),
    sqlite_autoincrement=True,
)
_LIVE_SIGNALS = text("state IN ('new', 'active', 'tp1', 'tp2')")
Index("ix_signals_live", signals.c.id, sqlite_where=_LIVE_SIGNALS, postgresql_where=_LIVE_SIGNALS)
Index("ix_signals_symbol_id", signals.c.symbol, signals.c.id)

signal_cards = Table(
    "signal_cards",
    DESK,
    Column("signal_id", BigInteger, ForeignKey("signals.id"), primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger),
    Column("is_picture", Boolean, nullable=False),
    Column("shown_version", Integer, nullable=False),
)

tickets = Table(
    "tickets",
    DESK,
    Column("number", _RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False, index=True),
    Column("engine", Text, nullable=False),
    Column("state", Word(TicketState), nullable=False),
    Column("effect", EffectJson, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("replaces", Text),
    sqlite_autoincrement=True,
)
_OPEN_TICKET = text("state = 'open'")
Index("ix_tickets_open", tickets.c.number, sqlite_where=_OPEN_TICKET, postgresql_where=_OPEN_TICKET)

ticket_cards = Table(
    "ticket_cards",
    DESK,
    Column("ticket_id", Text, ForeignKey("tickets.id"), primary_key=True),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger),
    Column("version", BigInteger, nullable=False),
)

latches = Table(
    "latches",
    DESK,
    Column("id", Text, primary_key=True),
    Column("scope", ScopeJson, nullable=False),
    Column("cause", Word(Cause), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("by", BigInteger),
    Column("pulled_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("detail", Text, nullable=False),
)

policies = Table(
    "policies",
    DESK,
    Column("engine", Word(EngineName), primary_key=True),
    Column("approval", Word(Approval), nullable=False),
    Column("account", Text, nullable=False),
    Column("most_order", Money, nullable=False),
    Column("most_day", Money, nullable=False),
    Column("live_from", UtcDateTime),
    Column("changed_by", BigInteger),
    Column("changed_at", UtcDateTime),
)

lease = Table(
    "lease",
    DESK,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("renewed_at", UtcDateTime, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

audit = Table(
    "audit",
    DESK,
    Column("id", _RowId, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("person_id", BigInteger),
    Column("chat_id", BigInteger),
    Column("deed", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("params", JSON, nullable=False),
    sqlite_autoincrement=True,
)
