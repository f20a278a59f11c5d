"""Options of the commands that try many runs. Imports nothing slow: the command line reads it."""

import argparse
from pathlib import Path

from bot.commands.history_options import add_history, add_terms


def add_sweep(command: argparse.ArgumentParser) -> None:
    """All of `perpetuum sweep`."""
    command.add_argument(
        "name", metavar="NAME", help="of the strategy; `perpetuum backtest --list` shows all"
    )
    command.add_argument(
        "--params",
        required=True,
        metavar="GRID",
        help="such as fast=20:100:10,slow=100:300:50,side=both,long",
    )
    add_history(command)
    add_terms(command)
    command.add_argument("--by", default="sharpe", metavar="FIGURE", help="what is best (default sharpe)")
    command.add_argument(
        "--least-trades", type=int, default=10, metavar="N", help="with fewer a point is not chosen (10)"
    )
    command.add_argument(
        "--top", type=int, default=10, metavar="N", help="points to replay gated (default 10)"
    )
    _add_windows(command)
    add_crew(command)
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="for the files (default: reports/sweep_NAME)"
    )


def add_montecarlo(command: argparse.ArgumentParser) -> None:
    """All of `perpetuum montecarlo`."""
    command.add_argument(
        "name", metavar="NAME", help="of the strategy; `perpetuum backtest --list` shows all"
    )
    command.add_argument("--params", metavar="PARAMS", help="such as fast=50,slow=200")
    add_history(command)
    add_terms(command, limits="open")
    command.add_argument("--paths", type=int, default=1000, metavar="N", help="how many (default 1000)")
    command.add_argument("--days", type=float, default=365, metavar="N", help="of each (default 365)")
    command.add_argument(
        "--model",
        choices=("bootstrap", "gbm"),
        default="bootstrap",
        help="blocks of recorded history (default), or geometric Brownian motion",
    )
    command.add_argument(
        "--block", default="5d", metavar="LENGTH", help="of blocks on average: 5d, 12h or bars (default 5d)"
    )
    command.add_argument("--drift", metavar="RATE", help="of the motion a year (default: as recorded)")
    command.add_argument("--volatility", metavar="RATE", help="of the motion a year (default: as recorded)")
    command.add_argument("--seed", type=int, default=7, metavar="N", help="the same paths again (default 7)")
    add_crew(command)
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="for the files (default: reports/montecarlo_NAME)"
    )


def add_crew(command: argparse.ArgumentParser) -> None:
    """Who does the work."""
    command.add_argument("--workers", type=int, metavar="N", help="processes at once (default: one a core)")
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Dask scheduler of one's own network, tcp://host:port, instead of this machine",
    )


def _add_windows(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--walk-forward",
        choices=("anchored", "rolling"),
        help="choose on one stretch, try on the next, again and again",
    )
    command.add_argument(
        "--train", default="365d", metavar="LENGTH", help="of training: 365d, 12h or bars (default 365d)"
    )
    command.add_argument("--test", default="90d", metavar="LENGTH", help="of a test (default 90d)")
    command.add_argument(
        "--purge", default="7d", metavar="LENGTH", help="left out between training and test (default 7d)"
    )
    command.add_argument("--embargo", default="0", metavar="LENGTH", help="left out after a test (default 0)")
