"""What tests have the process of a backtest do in place of playing."""

import os
import time
from pathlib import Path

import orjson

from adapters.backtests.shelf import keep
from adapters.worker import Tell
from ports.backtests import BacktestTask


def warm() -> bytes:
    return b""


def play(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    from tests.build.backtests import a_report  # it brings much along, which the others do without

    tell(orjson.dumps(["playing", 1, 2]))
    keep(a_report(id=task.id, wish=task.wish), place)
    return b""


def sleep(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    (place / "half").write_text(str(os.getpid()))
    tell(orjson.dumps(["playing", 0, 1]))
    time.sleep(60)
    return b""


def fail(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    raise ValueError("a bar is missing")


def exhaust(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    raise MemoryError


def die(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    os._exit(1)


def forget(tell: Tell, task: BacktestTask, place: Path) -> bytes:
    return b""
