"""Parameters of strategies: frozen dataclasses whose fields say what they may be.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SmaParams:
        fast: int = param(50, least=2, most=500, meaning="bars of the fast average")

`parsed` reads them from text, with an error that names the mend; `grid` reads ranges for sweeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import product
from typing import Any, Final, TypeVar, get_type_hints

from engines.core.typo import allowed_slips, edit_distance

P = TypeVar("P")
_META: Final = "param"
MOST_POINTS: Final = 1_000_000
"""A grid of more is a mistake."""
_MOST_DIGITS: Final = 30  # 1e999999999 is quickly written, and a whole number of that length never


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One parameter: its bounds (both allowed; `None`: none) and what it means."""

    least: int | float | None
    most: int | float | None
    meaning: str


_MESSAGES: Final = {
    "unknown": "{name}: no such parameter. There are {known}",
    "misspelt": "{name}: no such parameter. Did you mean {near}?",
    "no_number": "{name}={text}: not a number",
    "not_whole": "{name}={text}: a whole number",
    "no_answer": "{name}={text}: yes or no",
    "no_choice": "{name}={text}: one of {known}",
    "out_of_bounds": "{name}={text}: from {least} to {most}",
    "not_below": "{name}={text} has to be below {other}={limit}",
    "no_axis": "{name}={text}: write one value, a list 20,50,100 or a range 20:100:10",
    "twice": "{name}={text}: a value is there twice",
    "no_range": "{name}={text}: a range is least:most:step with a step above 0",
    "too_many_points": "more than {most:,} points: take wider steps",
    "no_point": "no combination of these values is possible",
}


class BadParams(ValueError):
    """A parameter that cannot be. The message says which, why, and what would do, in English; `code` picks
    other wordings, and `given` fills them in."""

    def __init__(self, code: str, /, **given: object) -> None:
        super().__init__(_MESSAGES[code].format(**given))
        self.code = code
        self.given: Mapping[str, object] = given


def param(default: Any, *, meaning: str, least: float | None = None, most: float | None = None) -> Any:
    """A field of a class of parameters."""
    return field(default=default, metadata={_META: Spec(least=least, most=most, meaning=meaning)})


def specs(kind: type[Any]) -> Mapping[str, Spec]:
    """The parameters of a class by name, in order."""
    return {one.name: one.metadata[_META] for one in fields(kind)}


def defaults(kind: type[Any]) -> Mapping[str, Any]:
    """What each parameter is unless somebody says otherwise."""
    return {one.name: one.default for one in fields(kind) if one.default is not MISSING}


def parsed(kind: type[P], given: Mapping[str, str]) -> P:
    """`kind` with what was given in words. Raises `BadParams`."""
    types = get_type_hints(kind)
    for name in given:
        _check_name(kind, name)
    made = kind(**{name: _value(name, text, types[name], specs(kind)[name]) for name, text in given.items()})
    check(made)
    return made


def check(params: Any) -> None:
    """Raises `BadParams` for a value out of bounds, and what the class itself refuses in `problem()`."""
    for name, spec in specs(type(params)).items():
        _check_bounds(name, getattr(params, name), spec)
    problem = getattr(params, "problem", None)
    if problem is not None and (error := problem()) is not None:
        raise error


def grid(kind: type[P], given: Mapping[str, str]) -> tuple[P, ...]:
    """Every combination of the values given, those that the class refuses as a combination left out.

    A value is `50`, a list `20,50,100` or a range with both ends `20:100:10`. Raises `BadParams`, also for a
    grid without any point or with more than `MOST_POINTS`.
    """
    types = get_type_hints(kind)
    axes: list[list[Any]] = []
    count = 1
    for name, text in given.items():
        _check_name(kind, name)
        axes.append(_axis(name, text, types[name], specs(kind)[name]))
        count *= len(axes[-1])
        if count > MOST_POINTS:
            raise BadParams("too_many_points", most=MOST_POINTS)
    points = (kind(**dict(zip(given, values, strict=True))) for values in product(*axes))
    sound = tuple(point for point in points if _is_sound(point))
    if not sound:
        raise BadParams("no_point")
    return sound


def told(params: Any) -> Mapping[str, str]:
    """Every parameter in words that `parsed` reads."""
    return {one.name: str(getattr(params, one.name)) for one in fields(params)}


def _is_sound(params: Any) -> bool:
    problem = getattr(params, "problem", None)
    return problem is None or problem() is None


def _axis(name: str, text: str, kind: Any, spec: Spec) -> list[Any]:
    parts = text.split(":")
    if len(parts) == 3 and kind in (int, float, Decimal):
        return _range(name, parts, kind, spec)
    if len(parts) != 1:
        raise BadParams("no_axis", name=name, text=text)
    values = [_value(name, one, kind, spec) for one in text.split(",")]
    if len(set(values)) != len(values):
        raise BadParams("twice", name=name, text=text)
    return values


def _range(name: str, parts: Sequence[str], kind: Any, spec: Spec) -> list[Any]:
    low, high, step = (_decimal(name, part) for part in parts)
    if step <= 0 or high < low:
        raise BadParams("no_range", name=name, text=":".join(parts))
    if (high - low) / step >= MOST_POINTS:
        raise BadParams("too_many_points", most=MOST_POINTS)
    count = int((high - low) / step) + 1
    return [_value(name, str(low + step * place), kind, spec) for place in range(count)]


def _decimal(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise BadParams("no_number", name=name, text=text) from None
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise BadParams("no_number", name=name, text=text)
    return value


def _value(name: str, text: str, kind: Any, spec: Spec) -> Any:
    value = _read(name, text.strip(), kind)
    _check_bounds(name, value, spec)
    return value


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in _BOOLS:
            raise BadParams("no_answer", name=name, text=text)
        return _BOOLS[text.lower()]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if text not in [one.value for one in kind]:
            raise BadParams("no_choice", name=name, text=text, known=", ".join(kind))
        return kind(text)
    value = _decimal(name, text)
    if kind is int:
        if value != value.to_integral_value():
            raise BadParams("not_whole", name=name, text=text)
        return int(value)
    return float(value) if kind is float else value


_BOOLS: Final = dict.fromkeys(("yes", "true", "1", "on"), True) | dict.fromkeys(
    ("no", "false", "0", "off"), False
)


def _check_name(kind: type[Any], name: str) -> None:
    known = specs(kind)
    if name in known:
        return
    near = min(known, key=lambda one: edit_distance(name, one), default=None)
    if near is not None and edit_distance(name, near) <= allowed_slips(len(name)):
        raise BadParams("misspelt", name=name, near=near)
    raise BadParams("unknown", name=name, known=", ".join(known))


def _check_bounds(name: str, value: Any, spec: Spec) -> None:
    if isinstance(value, bool | str):
        return
    is_low = spec.least is not None and value < spec.least
    if is_low or (spec.most is not None and value > spec.most):
        raise BadParams("out_of_bounds", name=name, text=value, least=spec.least, most=spec.most)
