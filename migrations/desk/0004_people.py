"""When a person's daily summary comes; those who are here get it at nine in the evening

Revision: 0004, after 0003
"""

from datetime import time

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

people = sa.table("people", sa.column("summary_at", sa.Time()))


def upgrade() -> None:
    op.add_column("people", sa.Column("summary_at", sa.Time(), nullable=True))
    op.execute(people.update().values(summary_at=time(21)))


def downgrade() -> None:
    op.drop_column("people", "summary_at")
