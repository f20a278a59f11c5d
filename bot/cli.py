"""The command line. Every command imports what it needs when it runs, so that `--help` stays instant."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.history_options import add_history, add_terms
from bot.commands.sweep_options import add_montecarlo, add_sweep

if TYPE_CHECKING:
    from bot.settings import Settings

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
    commands.add_parser("doctor", help="check settings, databases, clock, Telegram, venues, keys, backups")
    _import(commands.add_parser("import", help="store candles from CSV files"))
    _export(commands.add_parser("export", help="write stored candles to a CSV file"))
    _backfill(commands.add_parser("backfill", help="fetch candles of some markets"))
    stream = commands.add_parser("stream", help="follow the most traded markets and keep their candles")
    stream.add_argument("--top", type=int, default=50, metavar="N", help="how many markets (default 50)")
    status = commands.add_parser("status", help="which candles are stored")
    status.add_argument("--symbol", metavar="SYMBOL", help="of one market")
    signal = commands.add_parser("signal", help="what the rules of signals say of a market now")
    signal.add_argument("symbol", metavar="SYMBOL", help="such as BTC/USDT, or btc")
    signal.add_argument("--timeframe", metavar="T", help="15m or 1h (default: the surer of both)")
    signal.add_argument("--json", action="store_true", help="everything, for programs")
    _study(commands.add_parser("study", help="try the signals on recorded candles and write a report"))
    _backtest(commands.add_parser("backtest", help="play a strategy on recorded history, as a report"))
    add_sweep(commands.add_parser("sweep", help="try a grid of parameters on recorded history"))
    add_montecarlo(commands.add_parser("montecarlo", help="try a strategy on many possible futures"))
    _indicators(commands.add_parser("indicators", help="add indicators to the candles of a CSV file"))
    backup = commands.add_parser(
        "backup", help="copy databases and keys while the desk runs, and verify them"
    )
    backup.add_argument("--to", type=Path, metavar="DIR", help="into this folder (default: desk.backup_dir)")
    restore = commands.add_parser("restore", help="put a backup back; what it replaces is kept aside")
    restore.add_argument("backup", type=Path, metavar="BACKUP", help="its folder, such as perpetuum-…Z")
    _secrets(commands.add_parser("secrets", help="the encrypted store of keys and passwords"))
    _sandbox(commands.add_parser("sandbox", help="the outside world on loopback, and the desk inside it"))
    return top


def _import(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="such as binance_BTCUSDT_5m.csv.gz"
    )
    command.add_argument("--symbol", metavar="SYMBOL", help="of all files (default: as their names say)")
    command.add_argument("--timeframe", metavar="T", help="of all files (default: as their names say)")
    _series(command)
    command.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of their file")


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument("--symbol", required=True, metavar="SYMBOL", help="such as BTCUSDT")
    command.add_argument("--timeframe", required=True, metavar="T", help="1m, 5m, 15m, 1h, 4h or 1d")
    _series(command)
    command.add_argument("--from", dest="start", metavar="DATE", help="the first to open (UTC)")
    command.add_argument("--to", dest="stop", metavar="DATE", help="the first no longer to open (UTC)")
    command.add_argument("--out", required=True, type=Path, metavar="FILE", help="gzipped if it ends in .gz")


def _backfill(command: argparse.ArgumentParser) -> None:
    command.add_argument("--symbol", required=True, nargs="+", metavar="SYMBOL", help="such as BTCUSDT")
    command.add_argument("--days", type=int, default=30, metavar="N", help="how far back (default 30)")
    command.add_argument("--timeframe", nargs="+", metavar="T", help="default: 5m 15m 1h 4h 1d")


def _study(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "folder", type=Path, metavar="DIR", help="with files such as binance_BTCUSDT_1h.csv.gz"
    )
    command.add_argument("--from", dest="start", metavar="DATE", help="signals from then on (UTC)")
    command.add_argument("--to", dest="stop", metavar="DATE", help="signals until before then (UTC)")
    command.add_argument("--symbols", nargs="+", metavar="SYMBOL", help="of these markets (default: all)")
    command.add_argument("--workers", type=int, metavar="N", help="processes at once (default: one a core)")
    outcome = command.add_mutually_exclusive_group(required=True)
    outcome.add_argument("--out", type=Path, metavar="FILE.md", help="where the report goes")
    outcome.add_argument(
        "--calibrate", action="store_true", help="print what signals before 2024 say of the rules"
    )


def _backtest(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", metavar="NAME", help="of the strategy; --list shows all")
    command.add_argument("--list", action="store_true", help="strategies, their parameters and bounds")
    command.add_argument("--params", metavar="PARAMS", help="such as fast=50,slow=200")
    add_history(command)
    add_terms(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="for the report (default: reports/NAME)")
    command.add_argument("--force", action="store_true", help="overwrite the report that is there")


def _indicators(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="such as binance_BTCUSDT_5m.csv.gz")
    command.add_argument(
        "--set", metavar="NAMES", help="such as ema20,rsi14,macd,ichimoku (default: 26 columns)"
    )
    command.add_argument("--out", required=True, type=Path, metavar="FILE", help="gzipped if it ends in .gz")
    command.add_argument("--timeframe", metavar="T", help="default: as the file's name or its times say")
    command.add_argument("--skip-bad", action="store_true", help="leave bad lines out instead of stopping")
    command.add_argument("--force", action="store_true", help="overwrite the file that is there")


def _series(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", choices=("spot", "perp"), help="spot (default) or perpetual")
    command.add_argument("--venue", metavar="VENUE", help="whose candles they are (default: bybit)")


def _secrets(command: argparse.ArgumentParser) -> None:
    acts = command.add_subparsers(dest="act", metavar="ACT", required=True)
    put = acts.add_parser("set", help="store a value, read from a prompt or from standard input")
    put.add_argument("name", metavar="NAME", help="such as BYBIT_API_KEY")
    acts.add_parser("list", help="names and ages, never values")
    acts.add_parser("rotate", help="seal everything anew under another passphrase")
    remove = acts.add_parser("remove", help="forget a value")
    remove.add_argument("name", metavar="NAME", help="such as BYBIT_API_KEY")


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
    if options.command == "study":  # needs no settings: it reads files only
        from bot.commands import study

        return study.run(options)
    if options.command == "backtest":  # settings only when it reads the store
        from bot.kernels import keep_own_kernels

        keep_own_kernels()  # before anything imports the compiler
        from bot.commands import backtest

        return backtest.run(options)
    if options.command in ("sweep", "montecarlo"):
        return _many_runs(options)
    if options.command == "secrets":
        return _secrets_command(options)
    if options.command != "sandbox":
        # Settings first: what is wrong with them is said at once, before the slow imports.
        from bot.settings import load

        settings = load()
        if options.command == "doctor":
            from bot.commands import doctor

            return doctor.run(settings)
        if options.command == "indicators":
            from bot.commands import indicators

            return indicators.run(settings, options)
        if options.command in ("import", "export"):
            from bot.commands import candles

            command = candles.run_import if options.command == "import" else candles.run_export
            return command(settings, options)
        if options.command in ("backfill", "stream", "status"):
            return _candle_command(settings, options)
        if options.command in ("backup", "restore"):
            from bot.commands import backup

            return backup.run(settings, options)
        if options.command == "signal":
            from bot.commands import signal

            return signal.run(settings, options)
        if settings.telegram_bot_token is not None:
            gc.disable()  # nothing that is imported is garbage
            from bot.commands import run

            gc.enable()
            return run.run(settings, is_tethered=options.tethered)
        print("No TELEGRAM_BOT_TOKEN in .env: starting the sandbox, where everything can be tried.")
        options = parser().parse_args(["sandbox"])
    from bot.commands import sandbox

    return sandbox.run(options)


def _many_runs(options: argparse.Namespace) -> int:
    from bot.kernels import keep_own_kernels

    keep_own_kernels()  # for all processes that work, before any of them compiles
    from bot.commands import montecarlo, sweep

    return sweep.run(options) if options.command == "sweep" else montecarlo.run(options)


def _secrets_command(options: argparse.Namespace) -> int:
    from bot.commands import secrets
    from bot.settings import load

    return secrets.run(load(opens_store=False), options)


def _candle_command(settings: "Settings", options: argparse.Namespace) -> int:
    from bot.commands import backfill, market_status, stream

    commands = {"backfill": backfill.run, "stream": stream.run, "status": market_status.run}
    return commands[options.command](settings, options)
