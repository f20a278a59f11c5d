"""How long the event loop stands still while kernels are compiled, or loaded, for the first time."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from adapters.indicators.compiler import WorkerCompiler
from adapters.indicators.pooled import PooledLibrary
from benchmarks.frame import Measure, measures
from bot.kernels import FOLDER, keep_kernels
from services.indicators import Indicators

_ROOT = Path(__file__).resolve().parent.parent
_TICK_S = 0.001
_HERE = "here"


class NoCompiler:
    """Leaves the compiling to this process."""

    async def compile(self) -> None:
        """Nothing."""


@measures("signals.cold_start_stall_ms")
def longest_stall() -> Measure:
    """The longest time that an idle loop is late, from an empty cache until indicators are ready."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = _started(folder), _started(folder)
    with tempfile.TemporaryDirectory() as folder:
        here = _started(folder, _HERE)
    note = (
        f"wall; ready after {cold['ready_s']:.1f} s; with a full cache after {warm['ready_s']:.1f} s, "
        f"stall {warm['stall_ms']:.0f} ms; reference: compiled in a thread of the same process"
    )
    return Measure(cold["stall_ms"], here["stall_ms"], note)


def _started(folder: str, *arguments: str) -> dict[str, float]:
    """What a new process measured."""
    environment = {**os.environ, FOLDER: folder, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "benchmarks.cold_start", *arguments]
    run = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, check=True)
    found: dict[str, float] = json.loads(run.stdout)
    return found


async def _measured(*, is_here: bool) -> dict[str, float]:
    folder = keep_kernels(Path(os.environ[FOLDER]))
    compiler = NoCompiler() if is_here else WorkerCompiler(folder)
    indicators = Indicators(PooledLibrary(), compiler)
    begun, stalls = time.perf_counter(), [0.0]
    ticking = asyncio.create_task(_tick(stalls))
    await indicators.ready()
    ticking.cancel()
    return {"stall_ms": max(stalls) * 1000, "ready_s": time.perf_counter() - begun}


async def _tick(stalls: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        stalls.append(time.perf_counter() - before - _TICK_S)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measured(is_here=_HERE in sys.argv))))
