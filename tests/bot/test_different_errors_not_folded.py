"""Folding repeats must not swallow the first word about another trouble."""

import logging
import sys
from typing import Any

import pytest
import structlog

from bot.logs import Folder


def told(folder: Folder, **event: Any) -> Any:
    """What is left of an event, `None` when it was folded."""
    try:
        return folder(None, "error", {"level": "error", **event})
    except structlog.DropEvent:
        return None


def test_each_task_that_dies_is_told() -> None:
    folder = Folder()
    assert told(folder, event="task_died", task="outbox") is not None
    assert told(folder, event="task_died", task="telegram") is not None
    assert told(folder, event="task_died", task="outbox") is None


@pytest.mark.parametrize("first", [ValueError("x"), (ValueError, ValueError("x"), None)])
def test_another_kind_of_error_is_told_the_same_kind_is_folded(first: object) -> None:
    folder = Folder()
    assert told(folder, event="handler_failed", exc_info=first) is not None
    assert told(folder, event="handler_failed", exc_info=KeyError("y")) is not None
    assert told(folder, event="handler_failed", exc_info=ValueError("z")) is None


def test_the_error_being_handled_counts_too() -> None:
    folder = Folder()
    try:
        raise ValueError("x")
    except ValueError:
        assert told(folder, event="task_died", exc_info=True) is not None
        assert told(folder, event="task_died", exc_info=True) is None
    assert told(folder, event="task_died", exc_info=KeyError("y")) is not None


def test_errors_of_libraries_are_told_apart_as_well() -> None:
    folder = Folder()
    shown = []
    for error in (ValueError("x"), KeyError("y"), ValueError("z")):
        try:
            raise error
        except (ValueError, KeyError):
            record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "it broke", (), sys.exc_info())
        shown.append(folder.filter(record))
    assert shown == [True, True, False]
