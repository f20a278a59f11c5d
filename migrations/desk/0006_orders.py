"""Orders of their own terms; tickets, latches, policies, the lease, the audit log

Revision: 0006, after 0005
"""

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("state NOT IN ('denied', 'filled', 'canceled', 'rejected', 'expired', 'absent')")
OPEN_TICKET = sa.text("state = 'open'")
intents = sa.table(
    "intents",
    sa.column("id", sa.Text()),
    sa.column("quantity", sa.Text()),
    sa.column("kind", sa.Text()),
    sa.column("limit_price", sa.Text()),
    sa.column("worst_price", sa.Text()),
)
GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER audit_{deed} BEFORE {deed} ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        for deed in ("update", "delete")
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
        "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ],
}
"""The audit log refuses to be changed, whoever asks."""
trades = sa.table("trades", sa.column("id", sa.BigInteger()))
counters = sa.table("counters", sa.column("name", sa.Text()), sa.column("value", sa.BigInteger()))
orders = sa.table(
    "orders",
    sa.column("number", sa.BigInteger()),
    sa.column("intent_id", sa.Text()),
    sa.column("terms", sa.JSON()),
)


def upgrade() -> None:
    money = sa.Text() if op.get_bind().dialect.name == "sqlite" else sa.Numeric()
    op.add_column("trades", sa.Column("is_cross", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("intents", sa.Column("style", sa.Text(), server_default="single", nullable=False))
    op.add_column("intents", sa.Column("decision_price", money, nullable=True))
    op.add_column("intents", sa.Column("max_slippage", money, nullable=True))
    op.add_column("fills", sa.Column("fee_asset", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("terms", sa.JSON(), nullable=True))
    op.add_column("orders", sa.Column("venue_id", sa.Text(), nullable=True))
    _write_terms()
    with op.batch_alter_table("orders") as batch:
        batch.alter_column("terms", existing_type=sa.JSON(), nullable=False)
    op.create_index(
        "ix_orders_unfinished", "orders", ["number"], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
    op.create_index("ix_orders_created_at", "orders", ["created_at"])
    op.drop_table("counters")  # trades are numbered after the last one
    _create_tickets()
    _create_desk_state(money)
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    _create_counters()
    for table in ("audit", "lease", "policies", "latches", "ticket_cards", "tickets"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_index("ix_orders_created_at", "orders")
    op.drop_index("ix_orders_unfinished", "orders")
    for table, columns in (
        ("orders", ("venue_id", "terms")),
        ("fills", ("fee_asset",)),
        ("intents", ("max_slippage", "decision_price", "style")),
        ("trades", ("is_cross",)),
    ):
        for column in columns:
            op.drop_column(table, column)


def _create_counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    last = op.get_bind().scalar(sa.select(sa.func.max(trades.c.id)))
    if last is not None:
        op.get_bind().execute(counters.insert().values(name="trade", value=last))


def _write_terms() -> None:
    """Until now, an order asked exactly what its intent wanted."""
    connection = op.get_bind()
    known = sa.select(orders.c.number, intents).join(intents, orders.c.intent_id == intents.c.id)
    for row in connection.execute(known).mappings().all():
        terms = {
            "quantity": _text(row["quantity"]),
            "kind": row["kind"],
            "limit_price": _text(row["limit_price"]),
            "worst_price": _text(row["worst_price"]),
            "trigger_price": None,
            "is_post_only": False,
        }
        connection.execute(orders.update().where(orders.c.number == row["number"]).values(terms=terms))


def _text(amount: object) -> str | None:
    return None if amount is None else str(amount)


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tickets_order_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tickets")),
        sa.UniqueConstraint("id", name=op.f("uq_tickets_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tickets_order_id", "tickets", ["order_id"])
    op.create_index(
        "ix_tickets_open", "tickets", ["number"], sqlite_where=OPEN_TICKET, postgresql_where=OPEN_TICKET
    )
    op.create_table(
        "ticket_cards",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_cards_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "chat_id", name=op.f("pk_ticket_cards")),
    )


def _create_desk_state(money: "sa.Text | sa.Numeric[Decimal]") -> None:
    op.create_table(
        "latches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_latches")),
    )
    op.create_table(
        "policies",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("most_order", money, nullable=False),
        sa.Column("most_day", money, nullable=False),
        sa.Column("live_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("engine", name=op.f("pk_policies")),
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_lease_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
