"""The state of a strategy survives as text."""

from dataclasses import dataclass, field

import pytest

from engines.strategies.keeping import read, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    last_ms: dict[str, int] = field(default_factory=dict)
    is_long: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    last_ms: dict[str, int] = field(default_factory=dict)
    is_long: bool | None = None


def test_a_state_reads_back() -> None:
    state = Seen(last_ms={"BTCUSDT": 1_700_000_000_000}, is_long=False)
    assert read(Seen, written(state)) == state


def test_equal_states_are_equal_text() -> None:
    assert written(Seen(last_ms={"a": 1, "b": 2})) == written(Seen(last_ms={"b": 2, "a": 1}))


@pytest.mark.parametrize(
    "kept", [written(Other()), '{"kind": "Seen", "values": {"last_ms": {}}}', "{}", "[]"]
)
def test_the_state_of_another_is_refused(kept: str) -> None:
    with pytest.raises(ValueError, match="make it anew from history"):
        read(Seen, kept)


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(TypeError, match="not a state"):
        written({"last_ms": 1})
