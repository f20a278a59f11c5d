"""How the rows of the market database are reached: the same statements on SQLite and on PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Mapping[str, object]


class Statements(Protocol):
    """Statements inside one transaction, with `:name` parameters."""

    def rows(self, statement: str, values: Values) -> Sequence[Row]:
        """Run a statement; what it returns."""
        ...

    def each(self, statement: str, values: Sequence[Values]) -> None:
        """Run a statement once for each set of values."""
        ...


class MarketRows(Protocol):
    """An open market database. Errors are those that `translated` knows."""

    async def read(self, statement: str, values: Values, *, is_small: bool = False) -> Sequence[Row]:
        """All rows of a SELECT. `is_small`: a few chunks at most."""
        ...

    async def write(self, work: Callable[[Statements], T]) -> T:
        """Do `work` in a transaction that commits at its end, or rolls back on an error."""
        ...

    async def size_bytes(self) -> int:
        """Room taken on disk."""
        ...

    async def close(self) -> None:
        """Release all connections. May be called twice."""
        ...
