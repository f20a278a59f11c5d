"""Signals and their cards; what each person wants to hear of; alerts on indicators

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVE = sa.text("state IN ('new', 'active', 'tp1', 'tp2')")
alerts = sa.table("alerts", sa.column("kind", sa.Text()))


def upgrade() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposal", sa.JSON(), nullable=False),
        sa.Column("course", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint(
            "symbol", "timeframe", "created_at", name=op.f("uq_signals_symbol_timeframe_created_at")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_signals_live", "signals", ["id"], sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index("ix_signals_symbol_id", "signals", ["symbol", "id"])
    op.create_index("ix_signals_ended_at", "signals", ["ended_at"])
    op.create_table(
        "signal_cards",
        sa.Column("signal_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("is_picture", sa.Boolean(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["signal_id"], ["signals.id"], name=op.f("fk_signal_cards_signal_id")),
        sa.PrimaryKeyConstraint("signal_id", "person_id", name=op.f("pk_signal_cards")),
    )
    op.add_column("people", sa.Column("signals", sa.JSON(), nullable=True))
    op.add_column("people", sa.Column("mutes", sa.JSON(), nullable=True))
    op.add_column("people", sa.Column("sees_rich", sa.Boolean(), nullable=True))
    op.add_column("alerts", sa.Column("formula", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.execute(alerts.delete().where(alerts.c.kind == "formula"))  # nobody knows what they waited for
    op.drop_column("alerts", "formula")
    for column in ("sees_rich", "mutes", "signals"):
        op.drop_column("people", column)
    for table in ("signal_cards", "signals"):
        op.drop_table(table)
