"""The desk against a sandbox: inside the test's own process, or in one that can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from adapters.charts.pooled import WARM
from adapters.workers import Workers
from bot.app import App
from bot.commands.sandbox import environment
from bot.kernels import FOLDER
from bot.outside import open_outside
from bot.settings import SECRETS, load
from tests.build.sandbox import Sandbox, until
from tests.build.zygote import Birth, the_zygote

STOP_WITHIN_S = 60.0


def environment_of(sandbox: Sandbox, **settings: object) -> dict[str, str]:
    """The environment of a desk in that sandbox; `settings` are keys such as `telegram__chat_per_s`, or
    `database_url`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", FOLDER) if name in os.environ}
    given = {
        name.upper() if name in SECRETS.values() else f"PERPETUUM_{name.upper()}": str(value)
        for name, value in settings.items()
    }
    quick = {
        "PERPETUUM_TELEGRAM__POLL_TIMEOUT_S": "2",
        "PERPETUUM_LOG__FORMAT": "json",
        "PERPETUUM_MARKET__COLLECTED": "0",
    }
    return {**environment({**kept, **quick}, sandbox.url, sandbox.folder), **given}


@asynccontextmanager
async def running_desk(
    sandbox: Sandbox,
    *,
    cockpit_every_s: float = 0.2,
    tell_after_s: float = 60.0,
    has_prices: bool = True,
    **settings: object,
) -> AsyncIterator[App]:
    """A desk in this process that listens and, with `has_prices`, has loaded the market.

    It must stop with exit code 0, and none of its background tasks may have died.
    """
    nowhere = sandbox.folder / "no such file"
    loaded = load(environ=environment_of(sandbox, **settings), dotenv=nowhere, toml=nowhere)
    outside = await open_outside(loaded)
    # Most tests draw nothing: the process that draws is started by the first chart, not with the desk.
    outside.workers = Workers(warm=WARM, size=0)
    try:
        app = App(loaded, outside, tell_after_s=tell_after_s)
        app.services.cockpits.every_s = cockpit_every_s
        stop = asyncio.Event()
        running = asyncio.create_task(app.run(stop))
        try:
            await _listening(sandbox, running)
            if has_prices:
                await app.services.markets.quote("BTCUSDT")
            yield app
            dead = [job for job in app.jobs() if job.failures]
            assert not dead, f"background tasks died: {dead}"
        finally:
            stop.set()
            code = await running
        assert code == 0
    finally:
        await outside.close()


async def _listening(sandbox: Sandbox, running: "asyncio.Task[int]") -> None:
    async def look() -> bool:
        if running.done():
            running.result()
        return sandbox.world.telegram.updates.is_being_read

    await until(look, "the desk reads updates")


@dataclass(slots=True)
class DeskProcess:
    """`perpetuum run` as a process of its own, its log in a file."""

    sandbox: Sandbox
    settings: Mapping[str, object] = field(default_factory=dict)
    _pid: int | None = None
    _logs: list[Path] = field(default_factory=list)

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        log = self.sandbox.folder / f"desk-{len(self._logs)}.log"
        log.touch()
        self._logs.append(log)
        birth = Birth(
            environment=environment_of(self.sandbox, **{"log__level": "info", **self.settings}),
            folder=str(self.sandbox.folder),
            log=str(log),
            ended=str(log.with_suffix(".ended")),
        )
        self._pid = await asyncio.to_thread(lambda: the_zygote().bear(birth))
        await until(self._is_listening, "the desk's process reads updates", within_s=60)

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._pid is not None
        return self._pid

    @property
    def code(self) -> int | None:
        """How it ended: the exit code, negative for a signal; `None` while it runs."""
        ended = self._logs[-1].with_suffix(".ended")
        return int(ended.read_text()) if ended.exists() else None

    async def kill(self) -> None:
        """`kill -9`: nothing is said, nothing is saved."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        return await self._end(signal.SIGTERM)

    async def wait(self, within_s: float = STOP_WITHIN_S) -> int:
        """The exit code once it has ended by itself."""
        async with asyncio.timeout(within_s):
            while (code := self.code) is None:
                await asyncio.sleep(0.02)
        return code

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._pid is not None and self.code is None:
            await self.kill()

    def output(self) -> str:
        """Everything it has written, over all starts."""
        return "".join(log.read_text(encoding="utf-8", errors="replace") for log in self._logs)

    def events(self) -> list[dict[str, object]]:
        """Its log lines."""
        lines = (line for line in self.output().splitlines() if line.startswith("{"))
        return [orjson.loads(line) for line in lines]

    def resident_mb(self) -> float:
        """Memory it holds now."""
        fields = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        kilobytes = next(line.split()[1] for line in fields if line.startswith("VmRSS:"))
        return int(kilobytes) / 1024

    async def _end(self, number: signal.Signals) -> int:
        if self.code is None:
            os.kill(self.pid, number)
        try:
            return await self.wait()
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise

    async def _is_listening(self) -> bool:
        assert self.code is None, f"it ended:\n{self.output()[-3000:]}"
        is_ready = '"desk_ready"' in self._logs[-1].read_text(encoding="utf-8")
        return is_ready and self.sandbox.world.telegram.updates.is_being_read


@asynccontextmanager
async def desk_process(sandbox: Sandbox, **settings: object) -> AsyncIterator[DeskProcess]:
    """A desk in a process of its own, listening; ended whatever happens."""
    desk = DeskProcess(sandbox, settings)
    try:
        await desk.start()
        yield desk
    finally:
        await desk.close()
        sys.stdout.write(desk.output()[-5000:])  # pytest shows it with a failure


def descendants(pid: int) -> set[int]:
    """Children of a process, and theirs."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    children = {int(number) for number in listed}
    return children.union(*(descendants(child) for child in children))


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
