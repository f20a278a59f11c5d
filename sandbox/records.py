"""Values as JSON and back, by the types of their fields."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A value of dataclasses, tuples, enums, decimals and times as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name)) for name in _hints(type(value))}
    if isinstance(value, tuple):
        return [to_json(one) for one in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def from_json(kind: type[T], body: Any) -> T:
    """The value of that type again."""
    made: T = _read(kind, body)
    return made


def _read(kind: Any, body: Any) -> Any:
    if body is None:
        return None
    if isinstance(kind, types.UnionType):
        return _read(next(one for one in get_args(kind) if one is not types.NoneType), body)
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        kinds = [inner[0]] * len(body) if len(inner) == 2 and inner[1] is ... else inner
        return tuple(_read(one, part) for one, part in zip(kinds, body, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        known = hints.keys() & body.keys()  # what was written before a field was there has its default
        return kind(**{name: _read(hints[name], body[name]) for name in known})
    if kind is datetime:
        return datetime.fromisoformat(body)
    return kind(body) if isinstance(kind, type) and issubclass(kind, Decimal | Enum) else body


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
