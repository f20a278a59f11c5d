"""The market: candles in chunks by series, stamp

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "venue", "kind", "symbol", "timeframe", name=op.f("uq_series_venue_kind_symbol_timeframe")
        ),
    )
    op.create_table(
        "chunks",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        sa.Column("bars", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "start_ms", name=op.f("pk_chunks")),
    )
    op.create_index("ix_chunks_coverage", "chunks", ["series_id", "first_ms", "last_ms", "count"])
    op.create_table(
        "stamp",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_stamp_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp")),
    )


def downgrade() -> None:
    for table in ("stamp", "chunks", "series"):
        op.drop_table(table)
