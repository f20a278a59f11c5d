"""Dataclasses as rows of tables whose columns are named like their fields, and back."""

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import RowMapping, Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def row_of(table: Table, value: "DataclassInstance") -> dict[str, Any]:
    """The fields of a value that the table has columns for."""
    names, values_of = _shared(table, type(value))
    return dict(zip(names, values_of(value), strict=True))


def value_of(kind: type[T], row: Mapping[str, Any] | RowMapping, prefix: str = "") -> T:
    """A dataclass from the columns named like its fields."""
    return kind(**{field.name: row[prefix + field.name] for field in fields_of(kind)})


@cache
def _shared(
    table: Table, kind: "type[DataclassInstance]"
) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    names = tuple(column.name for column in table.columns if hasattr(kind, column.name))
    return names, attrgetter(*names)
