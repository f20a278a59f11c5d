"""`perpetuum sandbox`: the outside world in this process, the desk in a process of its own."""

import asyncio
import os
import secrets
import signal
import sys
import tempfile
from argparse import Namespace
from collections.abc import Awaitable, Mapping
from contextlib import ExitStack
from pathlib import Path

from bot.commands.moment import parse_moment
from bot.kernels import FOLDER, NAME
from bot.secrets import SETTABLE
from bot.settings import DeskSettings
from ports.errors import Fatal
from sandbox.accounts import TRADING, VENUES
from sandbox.clock import FASTEST
from sandbox.server import serve
from sandbox.telegram.chats import ADMIN_CHAT_ID
from sandbox.telegram.people import BOT_TOKEN, residents
from sandbox.world import World, WorldOptions, build_world

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_WITHIN_S = 15.0
LONGEST_PAUSE_S = 10.0
QUICK_S = 30.0
WORLD_FILE = "world"
_ROLE_KEYS = {"admin": "ADMINS", "trader": "TRADERS", "viewer": "VIEWERS"}

_UNHURRIED = {
    "PERPETUUM_TELEGRAM__OVERALL_PER_S": "5000",
    "PERPETUUM_TELEGRAM__CHAT_PER_S": "1000",
    "PERPETUUM_TELEGRAM__CHAT_BURST": "1000",
    "PERPETUUM_TELEGRAM__GROUP_PER_MIN": "6000",
    "PERPETUUM_TELEGRAM__FLOOD_PER_S": "1000",
    "PERPETUUM_TELEGRAM__FLOOD_BURST": "2000",
    "PERPETUUM_DESK__COCKPIT_EVERY_S": "5",
    "PERPETUUM_DESK__LIVE_COOLING_S": "10",
    "PERPETUUM_LOG__LEVEL": "warning",
    "PERPETUUM_LOG__FORMAT": "console",
}
"""Telegram's twin has no quota to protect unless it is switched on; the caller's environment wins."""


def run(options: Namespace) -> int:
    """Serve until a signal; the exit code."""
    start = parse_moment("--from", options.start)
    if options.replay is not None and not options.replay.is_dir():
        raise Fatal(f"--replay {options.replay}: no such folder")
    if options.speed is not None and not 0 <= options.speed <= FASTEST:
        raise Fatal(f"--speed {options.speed:g} is out of range 0..{FASTEST:.0f}")
    if options.seed is not None and options.seed < 0:
        raise Fatal(f"--seed {options.seed} is out of range: 0 or more")
    if not 0 <= options.port <= 65_535:
        raise Fatal(f"--port {options.port} is out of range 0..65535")
    world_options = WorldOptions(
        replay=options.replay, start=start, speed=options.speed, seed=options.seed, state=options.state
    )
    with ExitStack() as stack:
        folder = options.state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perpetuum-")))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            world = build_world(world_options)
        except (ValueError, OSError) as error:
            raise Fatal(str(error)) from error
        return asyncio.run(_serve(world, options.port, None if options.no_bot else folder))


async def _serve(world: World, port: int, folder: Path | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        runner, address = await serve(world, port)
    except OSError as error:
        raise Fatal(f"port {port} is taken; `perpetuum sandbox --port 0` takes any free one") from error
    bot: Bot | None = None
    try:
        if folder is not None:
            bot = Bot(environment(os.environ, address, folder), folder)
            bot.keep_running()
            if not await _first(world.telegram.polling_started.wait(), stop.wait(), bot.gave_up.wait()):
                return 0 if stop.is_set() else 1
        print(f"ready {address}", flush=True)
        if sys.stdout.isatty():
            print("Open that address in a browser. Stop with Ctrl+C.", flush=True)
        await _first(stop.wait(), *([bot.gave_up.wait()] if bot is not None else []))
        return 0 if stop.is_set() else 1
    finally:
        if bot is not None:
            await bot.stop()
        await runner.cleanup()


async def _first(wanted: Awaitable[object], *others: Awaitable[object]) -> bool:
    """Wait for the first of several; whether it was `wanted`."""
    tasks = [asyncio.ensure_future(one) for one in (wanted, *others)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return tasks[0] in done


def environment(inherited: Mapping[str, str], address: str, folder: Path) -> dict[str, str]:
    """What the desk needs to find the sandbox instead of the world; no real secret is passed on."""
    kept = {name: value for name, value in inherited.items() if name not in SETTABLE}
    roles: dict[str, list[str]] = {}
    for person in residents():
        if person.role in _ROLE_KEYS:
            roles.setdefault(_ROLE_KEYS[person.role], []).append(str(person.id))
    ours = {
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "PERPETUUM_DESK__WORLD": f"sandbox:{world_name(folder)}",
        "PERPETUUM_DESK__DATA_DIR": str((folder / "desk").resolve()),
        "PERPETUUM_DESK__CLOCK_URL": address.replace("http://", "ws://") + "/clock",
        "PERPETUUM_TELEGRAM__API_URL": address,
        "PERPETUUM_TELEGRAM__ADMIN_CHAT": str(ADMIN_CHAT_ID),
        "PERPETUUM_MARKET__BYBIT_URL": f"{address}/bybit",
        "PERPETUUM_MARKET__BINANCE_URL": f"{address}/binance",
        **{f"PERPETUUM_VENUES__{name.upper()}_URL": f"{address}/{name}" for name in VENUES},
        **{f"{name.upper()}_API_KEY": TRADING.key for name in VENUES},
        **{f"{name.upper()}_API_SECRET": TRADING.secret for name in VENUES},
        "PERPETUUM_VENUES__BYBIT_URL": f"{address}/bybit",
        "PERPETUUM_VENUES__GATE_URL": f"{address}/gate",
        **{f"PERPETUUM_TELEGRAM__{key}": ",".join(ids) for key, ids in roles.items()},
    }
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    # A run's own folder ends with it; what is compiled once serves every run, and the desk outside.
    lasting = {FOLDER: str((DeskSettings().data_dir / NAME).resolve())}
    return {**_UNHURRIED, **lasting, **kept, **ours, "PYTHONPATH": os.pathsep.join(paths)}


def world_name(folder: Path) -> str:
    """The name of the world kept in `folder`, made on the first run, so that databases never mix."""
    file = folder / WORLD_FILE
    if not file.exists():
        file.write_text(secrets.token_hex(4), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


class Bot:
    """The desk's process: started again when it dies, until it dies too often to be of use."""

    def __init__(self, environment: Mapping[str, str], folder: Path, *, patience: int = 5) -> None:
        self._environment = dict(environment)
        self._folder = folder
        self._patience = patience
        self._process: asyncio.Future[asyncio.subprocess.Process] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.gave_up = asyncio.Event()

    def keep_running(self) -> None:
        """Start it, and again whenever it ends."""
        self._keeper = asyncio.create_task(self._keep(), name="desk")

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._process is None:
            return
        process = await self._process  # also one that is only just being started
        if process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        quick_deaths = 0
        while True:
            started_at = loop.time()
            self._process = asyncio.ensure_future(self._start())
            code = await (await asyncio.shield(self._process)).wait()
            quick_deaths = quick_deaths + 1 if loop.time() - started_at < QUICK_S else 1
            print(f"The desk ended with code {code}.", file=sys.stderr, flush=True)
            if quick_deaths >= self._patience:
                self.gave_up.set()
                return
            await asyncio.sleep(min(0.5 * 2**quick_deaths, LONGEST_PAUSE_S))

    async def _start(self) -> asyncio.subprocess.Process:
        # Its working directory is the run's own, so that no .env or perpetuum.toml of the user is read.
        # It is tethered to us by its standard input, so that not even a kill leaves it behind.
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--tethered",
            stdin=asyncio.subprocess.PIPE, env=self._environment, cwd=self._folder,
        )  # fmt: skip
