"""Tables of the market database. `migrations/market` builds them; a test keeps the two alike."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from adapters.sql.tables import DESK, stamp

MARKET = MetaData(naming_convention=DESK.naming_convention)

stamp.to_metadata(MARKET)

series = Table(
    "series",
    MARKET,
    Column("id", Integer, primary_key=True),
    Column("venue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    UniqueConstraint("venue", "kind", "symbol", "timeframe"),
)

chunks = Table(
    "chunks",
    MARKET,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    Column("bars", LargeBinary, nullable=False),
)
# What the store has is told from the index alone: going through the chunks would read every candle
Index("ix_chunks_coverage", *(chunks.c[name] for name in ("series_id", "first_ms", "last_ms", "count")))
