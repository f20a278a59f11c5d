"""Alembic's entry: over the connection that the program hands in, or from the command line.

alembic -n desk -x url=sqlite:///scratch.sqlite upgrade head
alembic -n market -x url=sqlite:///scratch.sqlite revision --autogenerate -m "add volumes"
"""

import asyncio
from typing import Literal

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, TypeDecorator

from adapters.sql.database import open_for_migration
from adapters.sql.market_tables import MARKET
from adapters.sql.place import locate
from adapters.sql.tables import DESK

TABLES = {"desk": DESK, "market": MARKET}
DATABASE = context.config.config_ini_section


def plain_type(kind: str, item: object, _: object) -> str | Literal[False]:
    """Write our column types as what they are to the database: a migration outlives the code."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def migrate(connection: Connection) -> None:
    """Run what the command asks for, in the transaction that is open or in one of its own."""
    context.configure(
        connection=connection,
        target_metadata=TABLES[DATABASE],
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_server_default=True,
        render_item=plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_by_hand() -> None:
    """Open the database named by `-x url=...`."""
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise CommandError(
            f"name the database: alembic -n {DATABASE} -x url=sqlite:///path/to/file.sqlite ..."
        )
    engine = open_for_migration(locate(url, schema=DATABASE))
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


connection: Connection | None = context.config.attributes.get("connection")
if connection is None:
    asyncio.run(migrate_by_hand())
else:
    migrate(connection)
