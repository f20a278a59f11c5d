"""Starting the sandbox and the desk as processes of their own, and looking at them from outside."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frame import Skipped

_ROOT = Path(__file__).resolve().parent.parent
_READY = re.compile(r"ready (http://127\.0\.0\.1:\d+)")
TOKEN = "7000000001:SANDBOX-TOKEN-on-loopback-only-000000"  # noqa: S105 - the sandbox prints it too
ADMIN, TRADER, VIEWER = 1001, 1002, 1003


class Started:
    """A running `python -m bot …`, in an empty folder; its words go to a file there."""

    def __init__(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._words = folder / "output.txt"
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PERPETUUM_", "TELEGRAM_", "DATABASE_"))
        }
        with self._words.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", *arguments],
                cwd=folder,
                env={**clean, "PYTHONPATH": str(_ROOT), **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def words(self) -> str:
        """Everything printed so far."""
        return self._words.read_text(errors="replace")

    def wait_until(self, check: Callable[[], str | None], limit_s: float) -> str:
        """The first answer of `check`. Raises `Skipped` when the process ends or time runs out before."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if answer := check():
                return answer
            if self.process.poll() is not None:
                raise Skipped(f"the process ended: {self.words[-300:]}")
            time.sleep(0.01)
        raise Skipped(f"nothing within {limit_s:g} s: {self.words[-300:]}")

    def stop(self) -> None:
        """SIGTERM, then force."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[Started]:
    """`python -m bot` with these arguments and variables, stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        process = Started(list(arguments), Path(folder), environment)
        try:
            yield process
        finally:
            process.stop()


@contextmanager
def sandbox() -> Iterator[str]:
    """The outside world alone; its base URL."""
    with started("sandbox", "--port", "0", "--no-bot") as process:

        def ready() -> str | None:
            found = _READY.search(process.words)
            return found[1] if found else None

        yield process.wait_until(ready, limit_s=60)


@contextmanager
def desk(sandbox_url: str, **environment: str) -> Iterator[Started]:
    """The desk, pointed at a sandbox, in which Anna is an admin and nobody is too quick."""
    settings = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "PERPETUUM_TELEGRAM__API_URL": sandbox_url,
        "PERPETUUM_TELEGRAM__ADMINS": str(ADMIN),
        "PERPETUUM_TELEGRAM__OVERALL_PER_S": "100000",
        "PERPETUUM_TELEGRAM__CHAT_PER_S": "100000",
        "PERPETUUM_TELEGRAM__CHAT_BURST": "100000",
        "PERPETUUM_TELEGRAM__FLOOD_PER_S": "100000",
        "PERPETUUM_TELEGRAM__FLOOD_BURST": "100000",
        "PERPETUUM_MARKET__BYBIT_URL": f"{sandbox_url}/bybit",
        "PERPETUUM_MARKET__BINANCE_URL": f"{sandbox_url}/binance",
        "PERPETUUM_DESK__WORLD": "sandbox:benchmark",
        "PERPETUUM_DESK__CLOCK_URL": f"{sandbox_url.replace('http', 'ws', 1)}/clock",
        "PERPETUUM_LOG__LEVEL": "warning",
    }
    with started("run", **{**settings, **environment}) as process:
        yield process


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for member in found:
        found.extend(child for child, parent in parents.items() if parent == member)
    return found


def pss_mb(pid: int) -> float:
    """Proportional memory of one process in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise Skipped("this system does not tell a process's proportional memory")


def cpu_s_of(pid: int) -> float:
    """CPU seconds one process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
