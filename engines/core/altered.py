"""Copies of frozen values with some fields changed, in less than half the time of `dataclasses.replace`."""

from collections.abc import Callable
from dataclasses import fields
from inspect import getattr_static, ismemberdescriptor
from operator import attrgetter
from typing import Any, Final, TypeVar

V = TypeVar("V")
_put = object.__setattr__
_Copying = tuple[Callable[[Any], tuple[Any, ...]], tuple[Callable[..., None], ...]]
"""What reads all fields of a class at once, and what writes each."""
_COPYING: Final[dict[type[Any], _Copying]] = {}


def altered(value: V, **changes: Any) -> V:
    """A copy of a dataclass with slots, of two fields or more, that checks nothing when it is made. Raises
    `TypeError` for any other, `AttributeError` for a field that it does not have."""
    kind: type[Any] = type(value)
    read, writers = _COPYING.get(kind) or _copying(kind)
    copy: V = object.__new__(kind)
    for write, one in zip(writers, read(value), strict=True):
        write(copy, one)
    for name, one in changes.items():
        _put(copy, name, one)
    return copy


def _copying(kind: type[Any]) -> _Copying:
    """For a class that comes for the first time."""
    names = [one.name for one in fields(kind)]
    slots = [getattr_static(kind, name, None) for name in names]
    if hasattr(kind, "__post_init__") or len(names) < 2 or not all(map(ismemberdescriptor, slots)):
        raise TypeError(f"{kind.__name__} cannot be copied unchecked: use dataclasses.replace")
    _COPYING[kind] = attrgetter(*names), tuple(slot.__set__ for slot in slots)
    return _COPYING[kind]
