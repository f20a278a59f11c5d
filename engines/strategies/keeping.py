"""The state of a strategy as text, to go on from after a restart."""

import json
from dataclasses import asdict, fields, is_dataclass
from typing import Any, TypeVar, cast

S = TypeVar("S")


def written(state: Any) -> str:
    """A frozen dataclass of plain values (numbers, text, flags, `None`, and lists and mappings of them) as
    JSON."""
    if not is_dataclass(state) or isinstance(state, type):
        raise TypeError(f"not a state: {state!r}")
    return json.dumps({"kind": type(state).__name__, "values": asdict(state)}, sort_keys=True)


def read(kind: type[S], text: str) -> S:
    """What `written` gave. Raises `ValueError` for the state of another strategy, or of other fields than
    today's: it is to be made anew from history then."""
    kept = json.loads(text)
    names = {one.name for one in fields(cast(Any, kind))}
    is_known = isinstance(kept, dict) and kept.get("kind") == kind.__name__
    if not is_known or set(kept.get("values", ())) != names:
        raise ValueError(f"this is no state of {kind.__name__} as it is today: make it anew from history")
    return kind(**kept["values"])
