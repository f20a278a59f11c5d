"""Options of every command that plays history. Imports nothing slow: the command line reads it."""

import argparse
from pathlib import Path


def add_history(command: argparse.ArgumentParser) -> None:
    """Which recorded markets, of which time, and what may be mended about them."""
    command.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="files such as binance_BTCUSDT_1h.csv.gz (default: the desk's own store of candles)",
    )
    command.add_argument("--symbols", metavar="SYMBOLS", help="such as BTCUSDT,ETHUSDT (default: all of DIR)")
    command.add_argument(
        "--market", choices=("spot", "perp"), help="spot or perpetual (default: as recorded)"
    )
    command.add_argument("--venue", metavar="VENUE", help="whose candles, where several are there")
    command.add_argument("--from", dest="start", metavar="DATE", help="trade from then on (UTC)")
    command.add_argument("--to", dest="stop", metavar="DATE", help="trade until before then (UTC)")
    command.add_argument("--timeframe", metavar="T", help="candles that the strategy reads, such as 1h")
    command.add_argument("--tick", metavar="STEP", help="price step (default: as the prices show)")
    command.add_argument("--lot", metavar="STEP", help="size step (default: as the volumes show)")
    command.add_argument(
        "--repair",
        metavar="HOW",
        help="what may be mended: sort, duplicates=first|last, gaps=leave|fill, bad=drop, conflicts=fine",
    )
    command.add_argument(
        "--signals", type=Path, metavar="FILE", help="timestamp,symbol,signal: BUY, SELL or NONE gate entries"
    )


def add_terms(command: argparse.ArgumentParser, *, limits: str = "desk") -> None:
    """The money, what trading costs, and the limits."""
    command.add_argument("--capital", default="10000", metavar="USD", help="to begin with (default 10000)")
    command.add_argument(
        "--fees",
        metavar="RATES",
        help="such as maker=0.02%%,taker=0.055%%,spot=0.1%% (these are the default)",
    )
    command.add_argument(
        "--slippage", metavar="RATE", help="how much worse market orders fill (default 0.02%%)"
    )
    command.add_argument(
        "--limits",
        choices=("desk", "open"),
        default=limits,
        help=f"limits of a new desk, or none: what the rule would do by itself (default {limits})",
    )
