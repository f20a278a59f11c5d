"""A process that has imported everything and gives birth to lives: a start costs milliseconds then, and a
life is a process of its own that `kill -9` ends.

A line of JSON on standard input starts a life; its number is written back, and how it ended once it has.
"""

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import orjson

from tests.build.chaos_plan import Action, Deed
from tests.build.chaos_script import live
from tests.build.killing import LastStep

LIBRARIES = ("ccxt.pro", "adapters.venues.clients", "alembic.command", "aiosqlite")
"""What a life would import when it is first needed."""


def main() -> None:
    """Until standard input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    _say("ready")
    while line := sys.stdin.readline():
        number = os.fork()
        if number == 0:
            os._exit(_live(orjson.loads(line)))
        _say(number)
        _, status = os.waitpid(number, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _live(wanted: dict[str, Any]) -> int:
    """One life, its log in a file."""
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    actions = tuple(Action(**{**one, "deed": Deed(one["deed"])}) for one in wanted["actions"])
    last = wanted["last_step"]
    countdown = None if last is None else LastStep(at=last)
    code = asyncio.run(live(wanted["url"], Path(wanted["folder"]), actions, countdown))
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
