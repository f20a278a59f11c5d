"""A few processes for work that would hold up the event loop."""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from adapters.worker import ANSWER, JOB, Kind
from ports.errors import Transient

_ROOT = Path(__file__).resolve().parent.parent
# Workers see nothing else of the environment: no token, no key.
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TEMP",
    "TZDIR",
    "MPLCONFIGDIR",
    "NUMBA_CACHE_DIR",
    "XDG_CACHE_HOME",
    "SYSTEMROOT",
)
_PIECE = 1 << 18
"""Bytes that are handed to a process at once: more of them would be copied while the loop waits."""
_LEAN = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1048576"}


class JobFailed(RuntimeError):
    """The function raised: a bug, or input it should have been spared. Carries the worker's traceback."""


class TookTooLong(Transient):
    """The function was not done within its time; its process is ended."""


class _Died(Exception):
    """The process ended before it answered."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process is asked. `hear` hears what the function tells on its way."""

    name: str
    arguments: tuple[object, ...] = ()
    hear: Callable[[bytes], None] | None = None

    def packed(self) -> bytes:
        body = (self.name, self.arguments, self.hear is not None)
        return pickle.dumps(body, pickle.HIGHEST_PROTOCOL)


class _Worker:
    """One process that has been started."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.jobs = 0

    @classmethod
    async def start(cls, extra: dict[str, str]) -> "_Worker":
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "adapters.worker",
            stdin=PIPE, stdout=PIPE, start_new_session=True,
            env=environment | _LEAN | extra | {"PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
        return cls(process)

    async def ask(self, job: _Job) -> bytes:
        assert self._process.stdin is not None
        packed = memoryview(job.packed())
        try:
            self._process.stdin.write(JOB.pack(len(packed)))
            for first in range(0, len(packed), _PIECE):
                self._process.stdin.write(packed[first : first + _PIECE])
                await self._process.stdin.drain()
            kind, content = await self._read()
            while kind is Kind.TOLD:
                if job.hear is not None:
                    job.hear(content)
                kind, content = await self._read()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _Died from error
        self.jobs += 1
        if kind is Kind.FAILED:
            raise JobFailed(content.decode())
        return content

    async def _read(self) -> tuple[Kind, bytes]:
        assert self._process.stdout is not None
        kind, size = ANSWER.unpack(await self._process.stdout.readexactly(ANSWER.size))
        return Kind(kind), await self._process.stdout.readexactly(size)

    async def stop(self, grace_s: float) -> None:
        """End of input, then force."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(grace_s):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class _Slot:
    def __init__(self) -> None:
        self.worker: _Worker | None = None


class Workers:
    """Runs functions named `"module:function"`, which take picklable arguments and return bytes.

    At most `size` jobs run at once, others wait. `warm` is a job without arguments that a new process does
    first, to have its libraries loaded. A process is replaced after `recycle_after` jobs, when it died, when
    whoever asked left, and when a job took longer than `limit_s`. A job is tried `tries` times when its
    process dies. `environment` is what processes see besides the little that all do.
    """

    def __init__(
        self,
        *,
        warm: str,
        size: int = 1,
        limit_s: float = 15.0,
        start_limit_s: float = 60.0,
        recycle_after: int = 1000,
        grace_s: float = 3.0,
        tries: int = 2,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._warm = _Job(warm)
        self._tries = tries
        self._environment = dict(environment or {})
        self._limit_s, self._start_limit_s, self._grace_s = limit_s, start_limit_s, grace_s
        self._recycle_after = recycle_after
        self._slots = [_Slot() for _ in range(size)]
        self._idle: asyncio.Queue[_Slot] = asyncio.Queue()
        for slot in self._slots:
            self._idle.put_nowait(slot)
        self._renewals: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def start(self) -> None:
        """Start processes in the background; the first jobs wait for them. Without it jobs start them."""
        while not self._idle.empty():
            self._renew_later(self._idle.get_nowait())

    async def run(self, job: str, *arguments: object, hear: Callable[[bytes], None] | None = None) -> bytes:
        """The answer of `job`. When its process dies, it is tried again in a new one.

        With `hear` the function is called with `tell` before its arguments, and `hear` with what it tells, on
        the event loop. Raises `JobFailed` when the function raised, `TookTooLong`, and `Transient` when the
        processes died or are closed.
        """
        asked = _Job(job, arguments, hear)
        slot = await self._idle.get()
        try:
            for _ in range(self._tries):
                with suppress(_Died):
                    return await self._try(slot, asked)
            raise Transient(f"worker processes died of {job}")
        finally:
            self._release(slot)

    async def close(self) -> None:
        """Let running jobs finish for a moment, then end all processes."""
        self._is_closed = True
        for renewal in self._renewals:
            renewal.cancel()
        await asyncio.gather(*self._renewals, return_exceptions=True)
        await asyncio.gather(*(slot.worker.stop(self._grace_s) for slot in self._slots if slot.worker))

    async def _try(self, slot: _Slot, job: _Job) -> bytes:
        worker = slot.worker or await self._new_worker(slot)
        return await self._ask(slot, worker, job, self._limit_s)

    async def _new_worker(self, slot: _Slot) -> _Worker:
        if self._is_closed:
            raise Transient("worker processes are closed")
        slot.worker = worker = await _Worker.start(self._environment)
        await self._ask(slot, worker, self._warm, self._start_limit_s)
        return worker

    async def _ask(self, slot: _Slot, worker: _Worker, job: _Job, limit_s: float) -> bytes:
        try:
            async with asyncio.timeout(limit_s):
                return await worker.ask(job)
        except JobFailed:
            raise
        except BaseException as error:  # also cancellation: the process still owes an answer to this job
            slot.worker = None
            await worker.kill()
            if isinstance(error, TimeoutError):
                raise TookTooLong(f"{job.name} took longer than {limit_s:g} s") from error
            raise

    def _release(self, slot: _Slot) -> None:
        if slot.worker and slot.worker.jobs >= self._recycle_after and not self._is_closed:
            self._renew_later(slot)
        else:
            self._idle.put_nowait(slot)

    def _renew_later(self, slot: _Slot) -> None:
        renewal = asyncio.create_task(self._renew(slot))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)

    async def _renew(self, slot: _Slot) -> None:
        """A new process for `slot`. If none comes up, the next job tries again and tells its caller."""
        try:
            if slot.worker:
                await slot.worker.stop(self._grace_s)
                slot.worker = None
            with suppress(_Died, Transient, JobFailed, OSError):
                await self._new_worker(slot)
        finally:
            self._idle.put_nowait(slot)
