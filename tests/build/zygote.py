"""A process that has imported the desk and gives birth to desks: a start costs a fraction of a second then,
and each desk is a process of its own, with a log, an environment and a folder of its own.

A line of JSON on standard input starts `perpetuum run`; its number is written back, and a file
tells how it ended.
"""

import atexit
import importlib
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO

import orjson

ROOT = Path(__file__).resolve().parent.parent.parent
LIBRARIES = (
    "adapters.venues.clients",
    "aiosqlite",
    "alembic.command",
    "bot.cli",
    "bot.commands.run",
    "bot.outside",
    "ccxt.pro",
    "uvloop",
)
"""What a desk imports, at its start or when it first needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A desk that is wanted. Its exit code, negative for a signal, comes to be in the file `ended`."""

    environment: dict[str, str]
    folder: str
    log: str
    ended: str


class Zygote:
    """The process, started when the first desk is wanted."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def bear(self, birth: Birth) -> int:
        """Start a desk; the number of its process."""
        wish, answer = self._pipes()
        wish.write(orjson.dumps(asdict(birth)) + b"\n")
        wish.flush()
        return int(answer.readline())

    def close(self) -> None:
        """End it. Its desks live on."""
        for pipe in self._pipes():
            pipe.close()
        self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


@cache
def the_zygote() -> Zygote:
    """The one of this process."""
    zygote = Zygote()
    atexit.register(zygote.close)
    return zygote


def main() -> None:
    """Until standard input ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    for line in sys.stdin.buffer:
        if os.fork() == 0:
            os._exit(_keep(Birth(**orjson.loads(line))))


def _keep(birth: Birth) -> int:
    """Start the desk, wait for its end and write it down."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    number = os.fork()
    if number == 0:
        os._exit(_live(birth))
    os.write(sys.stdout.fileno(), b"%d\n" % number)
    _, status = os.waitpid(number, 0)
    ended = Path(birth.ended)
    written = ended.with_suffix(".part")
    written.write_text(str(os.waitstatus_to_exitcode(status)))
    written.replace(ended)
    return 0


def _live(birth: Birth) -> int:
    from bot.cli import main as perpetuum

    for number, path in enumerate((os.devnull, birth.log, birth.log)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(birth.folder)
    os.environ.clear()
    os.environ.update(birth.environment)
    try:
        return perpetuum(["run"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
