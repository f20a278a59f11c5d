"""`perpetuum run`: the desk with a token, the sandbox without."""

import asyncio
import sys
from argparse import Namespace

from bot import logs
from bot.settings import Settings, load


def run() -> int:
    """Start what the settings allow; the exit code."""
    settings = load()
    if settings.telegram_bot_token is None:
        from bot.cli import parser
        from bot.commands.sandbox import run as run_sandbox

        print("No TELEGRAM_BOT_TOKEN in .env: starting the sandbox, where everything can be tried.")
        options: Namespace = parser().parse_args(["sandbox"])
        return run_sandbox(options)
    return run_desk(settings)


def run_desk(settings: Settings) -> int:
    """The desk alone, until a signal."""
    from bot.app import serve

    logs.configure(level=settings.log.level, fmt=settings.log.format, secrets=settings.secrets())
    if sys.platform == "win32":
        return asyncio.run(serve(settings))
    import uvloop

    return uvloop.run(serve(settings))
