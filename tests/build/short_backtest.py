"""A short backtest on made-up markets, for its artefacts: `python -m tests.build.short_backtest DIR`.

A clone of the project has no recorded data, so two perpetuals are made by a seeded walk. Ends with 1 when an
artefact is missing or empty, or when nothing was traded or nothing blocked: then the report shows nothing.
"""

import csv
import sys
from pathlib import Path

from bot.cli import main as perpetuum
from engines.core.timeframe import Timeframe
from tests.build.recordings import HOUR, JANUARY_MS, some_bars, write_bars, write_lines

ARTEFACTS = ("summary.csv", "trades.csv", "blocked_trades_log.csv", "equity.html", "report.md")
SHEETS = ("trades.csv", "blocked_trades_log.csv")
_MARKETS = Path(".cache/short_backtest")
_DAYS = 45
_PARAMS = "fast=10,slow=40,adx_least=15"


def main(folder: Path) -> int:
    """Write the report into `folder`; the exit code."""
    _write_markets(_MARKETS)
    arguments = ["--data", str(_MARKETS), "--params", _PARAMS, "--out", str(folder), "--force"]
    if (code := perpetuum(["backtest", "sma_cross", *arguments])) != 0:
        return code
    problems = [
        *(f"{name} is missing or empty" for name in ARTEFACTS if not _is_there(folder / name)),
        *(f"{name} has no row" for name in SHEETS if not _rows(folder / name)),
    ]
    for problem in problems:
        sys.stderr.write(f"{folder}: {problem}\n")
    return 1 if problems else 0


def _write_markets(folder: Path) -> None:
    for symbol, price, seed in (("BTCUSDT", 60_000.0, 2), ("ETHUSDT", 3_000.0, 3)):
        bars = some_bars(Timeframe.M5, _DAYS * 288, price=price, seed=seed)
        write_bars(folder / f"synthetic_{symbol}_perp_5m.csv.gz", bars)
        rates = [f"{JANUARY_MS + number * 8 * HOUR},0.0001" for number in range(_DAYS * 3)]
        write_lines(folder / f"synthetic_{symbol}_perp_funding.csv.gz", ["timestamp_ms,funding_rate", *rates])


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _rows(path: Path) -> int:
    if not _is_there(path):
        return 0
    with path.open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
