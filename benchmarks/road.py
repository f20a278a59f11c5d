"""How long the order road by itself takes from nothing: no Telegram, no charts, no screens."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import uvloop

from benchmarks.frame import Measure, load, measures
from benchmarks.order_road import open_road
from benchmarks.process import sandbox

_ROOT = Path(__file__).resolve().parent.parent
_STARTS = 5
_HEARS = b"it hears\n"
_PROGRAM = "import gc; gc.disable(); from benchmarks.road import main; gc.enable(); main()"
"""As the desk: nothing that is imported is garbage."""


@measures("road.start_s")
def start_to_hearing() -> Measure:
    """From the start of a process until it has read its books and the venue's markets, and hears the
    account's stream: from then on orders may go."""
    busy = load()
    with tempfile.TemporaryDirectory() as folder, sandbox() as url:
        first_s = _started(url, folder)
        before = os.times()
        later_s = [_started(url, folder) for _ in range(_STARTS)]
        after = os.times()
    cpu_s = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    note = (
        f"wall, the middle of {_STARTS}, CPU {cpu_s / _STARTS:.2f} s each; "
        f"with an empty database {first_s:.2f} s; {busy}"
    )
    return Measure(median(later_s), note=note)


def _started(url: str, folder: str) -> float:
    """Seconds that a new process took."""
    command = [sys.executable, "-c", _PROGRAM, url, folder]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=_ROOT, env=os.environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        took = next((time.perf_counter() - started for line in process.stdout if line == _HEARS), None)
        process.stdout.read()
    if took is None or process.returncode:
        raise RuntimeError(f"the road did not start: exit code {process.returncode}")
    return took


async def _start(url: str, folder: Path) -> None:
    async with open_road(url, folder) as road:
        hearing, heard = road.orders.hearing, asyncio.Event()
        hearing.listeners.append(lambda account, report: heard.set())
        while not hearing.up.get("bybit"):
            heard.clear()
            await heard.wait()
        print(_HEARS.decode(), end="", flush=True)


def main() -> None:
    """A road at the sandbox that the command line names, over the database in the folder that it names."""
    uvloop.run(_start(sys.argv[1], Path(sys.argv[2])))
