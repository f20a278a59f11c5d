"""`perpetuum run` with a token: the desk alone, until a signal."""

import asyncio
import os
import signal
import sys
from threading import Thread

from bot import logs
from bot.app import serve
from bot.outside import fence, fenced_loop
from bot.settings import Settings


def run(settings: Settings, *, is_tethered: bool = False) -> int:
    """The exit code. A tethered desk ends when its standard input does, however its starter ended."""
    if is_tethered:
        Thread(target=_end_with_starter, name="tether", daemon=True).start()
    logs.configure(level=settings.log.level, fmt=settings.log.format, secrets=settings.secrets())
    fence(settings)
    with asyncio.Runner(loop_factory=fenced_loop(settings, _usual_loop())) as runner:
        return runner.run(serve(settings))


def _usual_loop() -> type[asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop
    import uvloop

    return uvloop.Loop


def _end_with_starter() -> None:
    """Read until the other end, which only the starter holds, is gone; then stop as if asked to."""
    while os.read(sys.stdin.fileno(), 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
