"""The market database in a schema of a PostgreSQL server."""

from collections.abc import Callable, Sequence

from sqlalchemy import BigInteger, Connection, TextClause, bindparam, text

from adapters.sql.database import Database
from adapters.sql.health import size_bytes
from adapters.sql.market_rows import Row, Statements, T, Values


class MarketServer:
    """`MarketRows` over SQLAlchemy's pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, statement: str, values: Values, *, is_small: bool = False) -> Sequence[Row]:
        async with self._database.read() as connection:
            return [tuple(row) for row in await connection.execute(_typed(statement, values), values)]

    async def write(self, work: Callable[[Statements], T]) -> T:
        async with self._database.write() as connection:
            return await connection.run_sync(lambda sync: work(_ServerStatements(sync)))

    async def size_bytes(self) -> int:
        async with self._database.read() as connection:
            return await connection.run_sync(size_bytes)

    async def close(self) -> None:
        await self._database.close()


class _ServerStatements:
    """`Statements` of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Values) -> Sequence[Row]:
        found = self._connection.execute(_typed(statement, values), values)
        return [tuple(row) for row in found] if found.returns_rows else []

    def each(self, statement: str, values: Sequence[Values]) -> None:
        self._connection.execute(_typed(statement, values[0]), values)


def _typed(statement: str, values: Values) -> TextClause:
    """Every whole number has 64 bits: guessed from the first value, some would have 32."""
    numbers = (name for name, value in values.items() if isinstance(value, int))
    return text(statement).bindparams(*(bindparam(name, type_=BigInteger()) for name in numbers))
