"""Kernels compiled in a process of their own, for all that look into the same folder."""

from pathlib import Path

import structlog

from adapters.workers import JobFailed, Workers
from ports.errors import Transient

log = structlog.get_logger()

_LOAD = "adapters.indicators.compiling:load"
_COMPILE = "adapters.indicators.compiling:compile_kernels"
_DONE = "compiled"


class WorkerCompiler:
    """`KernelCompiler` into `folder`, which the environment names to every process (`bot/kernels.py`). `job`
    is what has them compiled."""

    def __init__(self, folder: Path, *, job: str = _COMPILE, limit_s: float = 600.0) -> None:
        self._done = folder / _DONE
        self._job = job
        self._limit_s = limit_s

    async def compile(self) -> None:
        """Compile what is not in the folder yet."""
        if self._done.exists():
            return
        workers = Workers(warm=_LOAD, limit_s=self._limit_s)
        try:
            await workers.run(self._job)
            self._done.touch()
        except (JobFailed, Transient, OSError) as error:
            log.warning("kernels_not_compiled", error=str(error))
        finally:
            await workers.close()
