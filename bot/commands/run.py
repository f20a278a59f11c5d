"""`perpetuum run` with a token: the desk alone, until a signal."""

import asyncio
import sys

from bot import logs
from bot.app import serve
from bot.settings import Settings


def run(settings: Settings) -> int:
    """The exit code."""
    logs.configure(level=settings.log.level, fmt=settings.log.format, secrets=settings.secrets())
    if sys.platform == "win32":
        return asyncio.run(serve(settings))
    import uvloop

    return uvloop.run(serve(settings))
