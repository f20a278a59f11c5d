"""The cases of the venues' contract: tests that know to which venues they apply."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.build.venue_worlds import VENUES


@dataclass(frozen=True, slots=True)
class Case:
    """A case: its test, in words, and the venues to which it cannot apply, with the reason."""

    module: str
    title: str
    not_for: dict[str, str]


_CASES: dict[tuple[str, str], Case] = {}


def case(**not_for: str) -> Callable[[Any], Any]:
    """Make a test a case of the contract, for every venue that is not named with a reason."""

    def mark(test: Any) -> Any:
        title = test.__name__.removeprefix("test_").replace("_", " ")
        module = test.__module__.rpartition(".test_venue_")[2]
        _CASES[module, title] = Case(module, title, not_for)
        venues = [venue for venue in VENUES if venue not in not_for]
        return pytest.mark.parametrize("world", venues, indirect=True)(test)

    return mark


def cases_of(module: str) -> list[Case]:
    """The cases of a module that was imported, in its order."""
    return [one for one in _CASES.values() if one.module == module]
