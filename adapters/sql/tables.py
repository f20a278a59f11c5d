"""Tables of the desk database. `migrations/desk` builds them; a test keeps the two alike."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from adapters.sql.types import JsonTuple, UtcDateTime, Word
from ports.charts import Theme
from ports.people import Noise, RiskProfile, Role

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
    Column("is_onboarded", Boolean, nullable=False),
    Column("watchlist", JsonTuple, nullable=False),
    Column("cockpit_message_id", BigInteger),
    Column("is_reachable", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
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
