"""The command line. Every command imports what it needs when it runs, so that `--help` stays instant."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

VERSION = "0.1.0"


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="perpetuum",
        description="A self-hosted crypto desk whose face is a Telegram bot.",
        epilog="Without a Telegram token, `perpetuum run` starts the sandbox and prints its address.",
    )
    top.add_argument("--version", action="version", version=f"perpetuum {VERSION}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="start the desk (with a token), or the sandbox (without)")
    run.add_argument("--tethered", action="store_true", help=argparse.SUPPRESS)  # for the sandbox's desk
    commands.add_parser("doctor", help="check settings, databases, clock, Telegram, venues and feeds")
    _sandbox(commands.add_parser("sandbox", help="the outside world on loopback, and the desk inside it"))
    return top


def _sandbox(command: argparse.ArgumentParser) -> None:
    command.add_argument("--replay", type=Path, metavar="DIR", help="play recorded candles of this folder")
    command.add_argument("--from", dest="start", metavar="DATE", help="market date to start at (UTC)")
    command.add_argument("--speed", type=float, metavar="N", help="market seconds a second (default 1)")
    command.add_argument("--seed", type=int, metavar="N", help="seed of all randomness (default 7)")
    command.add_argument(
        "--port", type=int, default=8090, metavar="P", help="port on 127.0.0.1; 0 = any free"
    )
    command.add_argument("--state", type=Path, metavar="DIR", help="keep databases, chats and clock here")
    command.add_argument("--no-bot", action="store_true", help="the outside world alone")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 fine, 1 something is wrong (said on standard error), 2 bad usage."""
    from ports.errors import DeskError

    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except DeskError as error:
        print(f"perpetuum: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command in ("doctor", "run"):
        # Settings first: what is wrong with them is said at once, before the slow imports.
        from bot.settings import load

        settings = load()
        if options.command == "doctor":
            from bot.commands import doctor

            return doctor.run(settings)
        if settings.telegram_bot_token is not None:
            from bot.commands import run

            return run.run(settings, is_tethered=options.tethered)
        print("No TELEGRAM_BOT_TOKEN in .env: starting the sandbox, where everything can be tried.")
        options = parser().parse_args(["sandbox"])
    from bot.commands import sandbox

    return sandbox.run(options)
