"""The same rule by other people's libraries, for comparison: SMA 50/200 cross with ADX above 20 and a fixed
stop of three ATRs, long and short, a fixed size of a hundred coins, 0.06 % a side, next-open fills.

`python -m benchmarks.peers NAME FILE` measures one library on bars in `FILE` and prints JSON: these libraries
are heavy to import and full of warnings, so each has a process of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, Final

import numpy as np

from benchmarks.bars import BTC
from benchmarks.frame import Skipped
from engines.core.candle import Candles, FloatArray, IntArray
from engines.strategies import sma_cross_rule as rule
from engines.strategies.sma_cross import SmaCrossParams, called

FAST, SLOW, LENGTH, LEAST, ATRS = 50, 200, 14, 20.0, 3.0
SIZE, FEE, CASH = 100.0, 0.0006, 1e9
_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTrade:
    """A position from entry to exit: rows of bars, prices, +1 for a long."""

    entry_row: int
    exit_row: int
    entry_price: float
    exit_price: float
    sign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What a library needed: CPU seconds of one run, of a grid (`None`: not measured), its peak memory in MB,
    and the trades that it made."""

    name: str
    run_s: float
    grid_s: float | None
    rss_mb: float
    trades: Sequence[PeerTrade]


def peer(name: str, bars: Candles, grid: Sequence[tuple[int, int]] = ()) -> Peer:
    """Measure a library in a process of its own. `grid` are pairs of lengths. Raises `Skipped` where it is
    not installed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npz"
        columns = {key: getattr(bars, key) for key in ("time_ms", "open", "high", "low", "close", "volume")}
        np.savez(path, grid=np.array(grid, np.int64).reshape(-1, 2), **columns)
        arguments = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers", name, str(path)]
        child = subprocess.run(arguments, cwd=_ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S)
    if child.returncode:
        raise Skipped(f"{name} did not run: {(child.stderr.strip().splitlines() or ['?'])[-1]}")
    told = json.loads(child.stdout.splitlines()[-1])
    trades = [PeerTrade(**one) for one in told.pop("trades")]
    return Peer(name=name, trades=trades, **told)


def shared(ours: Sequence[PeerTrade], theirs: Sequence[PeerTrade]) -> int:
    """How many trades are the same: bars, side, and prices within what floats lose."""
    return len({_on_grid(one) for one in ours} & {_on_grid(one) for one in theirs})


def _on_grid(trade: PeerTrade) -> PeerTrade:
    tick = float(BTC.tick)
    entry, left = round(trade.entry_price / tick), round(trade.exit_price / tick)
    return replace(trade, entry_price=entry, exit_price=left)


def main(name: str, path: str) -> int:
    """Measure in this process and print the outcome."""
    warnings.simplefilter("ignore")
    loaded = np.load(path)
    bars = Candles(**{key: loaded[key] for key in ("time_ms", "open", "high", "low", "close", "volume")})
    told = _LIBRARIES[name](bars, [(int(fast), int(slow)) for fast, slow in loaded["grid"]])
    told["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))
    return 0


def _columns(bars: Candles, fast: int, slow: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows of crosses, what they call for, and stops on the grid."""
    ranges = rule.ranges(bars.high, bars.low, bars.close, LENGTH)
    params = SmaCrossParams(fast=fast, slow=slow, adx_length=LENGTH, adx_least=LEAST)
    rows, codes = called(
        rule.averages(bars.close, fast),
        rule.averages(bars.close, slow),
        rule.strengths(bars.high, bars.low, bars.close, LENGTH),
        ranges,
        params,
    )
    tick = float(BTC.tick)
    away = rule.stop_distances(ranges[rows], ATRS, tick) * tick
    return rows, codes, np.round(bars.close[rows] - np.sign(codes) * away, 1)


def _by_backtesting(bars: Candles, grid: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """backtesting.py: indicators by our kernels, precomputed, so that only its engine is measured."""
    import pandas as pd
    from backtesting import Backtest, Strategy

    rows, codes, stops = _columns(bars, FAST, SLOW)
    wanted = {int(row): (int(code), float(stop)) for row, code, stop in zip(rows, codes, stops, strict=True)}

    class Cross(Strategy):  # type: ignore[misc]  # the library has no types
        def init(self) -> None:
            """Everything is known before."""

        def next(self) -> None:
            call = wanted.get(len(self.data) - 1)
            if call is None:
                return
            code, stop = call
            if self.position and (self.position.size > 0) != (code > 0):
                self.position.close()
            is_same = bool(self.position) and (self.position.size > 0) == (code > 0)
            if abs(code) == rule.OPEN and not is_same:
                (self.buy if code > 0 else self.sell)(size=int(SIZE), sl=stop)

    table = pd.DataFrame(
        {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume},
        index=pd.to_datetime(bars.time_ms, unit="ms"),
    )

    def run() -> Any:
        return Backtest(table, Cross, cash=CASH, commission=FEE, margin=0.01, finalize_trades=False).run()

    outcome, seconds = _measured(run, 3)
    trades = [
        {
            "entry_row": int(one.EntryBar),
            "exit_row": int(one.ExitBar),
            "entry_price": float(one.EntryPrice),
            "exit_price": float(one.ExitPrice),
            "sign": 1 if one.Size > 0 else -1,
        }
        for one in outcome["_trades"].sort_values("EntryBar").itertuples()
    ]
    return {"run_s": seconds, "grid_s": None, "trades": trades}


def _by_vectorbt(bars: Candles, grid: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """vectorbt's `from_signals` on precomputed signals; its stop is a fraction of the entry price, so it is
    given the one that leads to the price of ours."""
    outcome, seconds = _measured(lambda: _portfolio(bars, [(FAST, SLOW)]), 5)
    trades = [
        {
            "entry_row": int(one.entry_idx),
            "exit_row": int(one.exit_idx),
            "entry_price": float(one.entry_price),
            "exit_price": float(one.exit_price),
            "sign": 1 if one.direction == 0 else -1,
        }
        for one in outcome.trades.records.sort_values("entry_idx").itertuples()
        if one.status == 1
    ]
    told: dict[str, Any] = {"run_s": seconds, "grid_s": None, "trades": trades}
    if grid:
        start = process_time()
        assert _portfolio(bars, grid).orders.count() is not None
        told["grid_s"] = process_time() - start
    return told


def _portfolio(bars: Candles, pairs: Sequence[tuple[int, int]]) -> Any:
    """A column a pair of lengths."""
    import pandas as pd
    import vectorbt

    *signals, fraction = _signals(bars, pairs)
    entries, exits, short_entries, short_exits = (pd.DataFrame(one) for one in signals)
    return vectorbt.Portfolio.from_signals(
        pd.Series(bars.close),
        entries=entries,
        exits=exits,
        short_entries=short_entries,
        short_exits=short_exits,
        price=pd.Series(bars.open),
        open=pd.Series(bars.open),
        high=pd.Series(bars.high),
        low=pd.Series(bars.low),
        sl_stop=pd.DataFrame(fraction),
        size=SIZE,
        fees=FEE,
        init_cash=CASH,
        stop_entry_price="price",
        stop_exit_price="stoplimit",
        upon_opposite_entry="reverse",
        freq="5min",
    )


def _signals(bars: Candles, pairs: Sequence[tuple[int, int]]) -> tuple[Any, Any, Any, Any, Any]:
    """Long entries and exits, short entries and exits, and stops as fractions, at the bar that fills them."""
    shape = len(bars), len(pairs)
    opens_long, downs, opens_short, ups = (np.zeros(shape, bool) for _ in range(4))
    fraction = np.full(shape, np.nan)
    for place, (fast, slow) in enumerate(pairs):
        rows, codes, stops = _columns(bars, fast, slow)
        kept = rows < len(bars) - 1
        rows, codes, stops = rows[kept] + 1, codes[kept], stops[kept]
        ups[rows, place], downs[rows, place] = codes > 0, codes < 0
        opens_long[rows, place], opens_short[rows, place] = codes == rule.OPEN, codes == -rule.OPEN
        fraction[rows, place] = np.abs(stops - bars.open[rows]) / bars.open[rows]
    return opens_long, downs, opens_short, ups, fraction


def _measured(run: Callable[[], Any], runs: int) -> tuple[Any, float]:
    """The outcome, and the median CPU seconds of a call after one to warm up."""
    outcome, times = run(), []
    for _ in range(runs):
        start = process_time()
        run()
        times.append(process_time() - start)
    return outcome, median(times)


_LIBRARIES: Final[dict[str, Callable[[Candles, Sequence[tuple[int, int]]], dict[str, Any]]]] = {
    "backtesting.py": _by_backtesting,
    "vectorbt": _by_vectorbt,
}

if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
