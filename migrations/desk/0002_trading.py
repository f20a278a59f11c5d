"""Trades, their orders and fills, the ledger, equity

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MONEY = sa.Numeric().with_variant(sa.Text(), "sqlite")
LIVE = sa.text("state IN ('waiting', 'open')")
BEHIND = sa.text("shown_version < version")


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "entries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_entries_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entries_owner_number", "entries", ["owner", "number"])

    op.create_table(
        "equity",
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("equity", MONEY, nullable=False),
        sa.PrimaryKeyConstraint("owner", "at", name=op.f("pk_equity")),
    )
    op.create_table(
        "trades",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("instrument", sa.JSON(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("leverage", MONEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", MONEY, nullable=False),
        sa.Column("quantity", MONEY, nullable=False),
        sa.Column("entered", MONEY, nullable=False),
        sa.Column("entry_cost", MONEY, nullable=False),
        sa.Column("exited", MONEY, nullable=False),
        sa.Column("exit_proceeds", MONEY, nullable=False),
        sa.Column("margin", MONEY, nullable=False),
        sa.Column("realised", MONEY, nullable=False),
        sa.Column("fees", MONEY, nullable=False),
        sa.Column("funding", MONEY, nullable=False),
        sa.Column("risk", MONEY, nullable=True),
        sa.Column("stop", MONEY, nullable=True),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("trail_distance", MONEY, nullable=True),
        sa.Column("best_price", MONEY, nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("is_manual", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("funded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("armed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("shown_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
        sa.UniqueConstraint("key", name=op.f("uq_trades_key")),
    )
    op.create_index("ix_trades_behind", "trades", ["id"], sqlite_where=BEHIND, postgresql_where=BEHIND)
    op.create_index("ix_trades_live", "trades", ["id"], sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index("ix_trades_owner_id", "trades", ["owner", "id"])

    op.create_table(
        "intents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("instrument", sa.JSON(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("quantity", MONEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("limit_price", MONEY, nullable=True),
        sa.Column("worst_price", MONEY, nullable=True),
        sa.Column("most_cost", MONEY, nullable=True),
        sa.Column("trigger_price", MONEY, nullable=True),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["trade_id"], ["trades.id"], name=op.f("fk_intents_trade_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
    )
    op.create_index(op.f("ix_intents_trade_id"), "intents", ["trade_id"])

    op.create_table(
        "postings",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_postings_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "place", name=op.f("pk_postings")),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filled", MONEY, nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("fees", MONEY, nullable=False),
        sa.Column("fill_ids", sa.JSON(), nullable=False),
        sa.Column("queue_ahead", MONEY, nullable=False),
        sa.Column("has_late_fill", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.id"], name=op.f("fk_orders_intent_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("id", name=op.f("uq_orders_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_orders_intent_id"), "orders", ["intent_id"])

    op.create_table(
        "fills",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("price", MONEY, nullable=False),
        sa.Column("quantity", MONEY, nullable=False),
        sa.Column("fee", MONEY, nullable=False),
        sa.Column("liquidity", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fills_order_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fills")),
        sa.UniqueConstraint("order_id", "id", name=op.f("uq_fills_order_id_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("fills", "orders", "intents", "postings", "entries", "equity", "trades", "counters"):
        op.drop_table(table)
