"""Orders are found by the id that a venue gave them

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_A_VENUE = sa.text("venue_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_orders_venue_id", "orders", ["venue_id"], sqlite_where=AT_A_VENUE, postgresql_where=AT_A_VENUE
    )


def downgrade() -> None:
    op.drop_index("ix_orders_venue_id", "orders")
