"""`perpetuum study`: signals on recorded history, followed to their ends, as a report."""

import multiprocessing
import os
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bot.commands.moment import parse_moment
from bot.commands.study_report import Scope, calibration, report
from bot.outside import read_candles, read_name
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.signals.study import Findings, study_market
from ports.errors import Fatal

SEED = 7
TEST_FROM = datetime(2024, 1, 1, tzinfo=UTC)
"""What was weighed before the rules were fixed ends here; the rest is for judging alone."""
TEST_TO = datetime(2025, 7, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The recorded candles of one market."""

    symbol: str
    hours: Candles
    fives: Candles | None

    @property
    def size(self) -> int:
        """Candles in all: how long its study takes."""
        return len(self.hours) + (0 if self.fives is None else len(self.fives))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of the time to study; what came before warms up."""

    start: datetime | None
    stop: datetime | None


def run(options: Namespace) -> int:
    """Write the report, or print what the training part says; always 0."""
    span = _span(options)
    workers = os.cpu_count() or 1 if options.workers is None else options.workers
    if workers < 1:
        raise Fatal(f"--workers {workers}: at least 1")
    if options.out is not None and not options.out.parent.is_dir():
        raise Fatal(f"--out {options.out}: no such folder")  # said before the long work, not after it
    markets = list(_markets(options.folder, _wanted(options.symbols)))
    found = _studied(markets, span, workers)
    if options.calibrate:
        print(calibration(found, np.random.default_rng(SEED)))
        return 0
    scope = Scope(test_from=TEST_FROM, test_to=TEST_TO)
    _write(options.out, report(found, scope, np.random.default_rng(SEED)))
    signals = sum(len(each.trials) for each in found.values())
    print(f"{signals} signals of {len(markets)} markets: {options.out}")
    return 0


def _span(options: Namespace) -> Span:
    start, stop = parse_moment("--from", options.start), parse_moment("--to", options.stop)
    if options.calibrate:
        stop = TEST_FROM if stop is None else min(stop, TEST_FROM)
    if start is not None and stop is not None and start >= stop:
        raise Fatal(f"--from {start:%Y-%m-%d} is not before {stop:%Y-%m-%d}, where the study ends")
    return Span(start=start, stop=stop)


def _wanted(texts: Sequence[str] | None) -> set[str] | None:
    return {text.upper().replace("/", "") for text in texts} if texts else None


def _markets(folder: Path, wanted: set[str] | None) -> Iterator[Market]:
    """Each market with hourly candles in the folder. Raises `Fatal` for one without any."""
    files = _files(folder)
    symbols = sorted(symbol for symbol, timeframe in files if timeframe is Timeframe.H1)
    if absent := (wanted or set()) - set(symbols):
        raise Fatal(f"{folder}: has no hourly candles of {', '.join(sorted(absent))}")
    for symbol in symbols:
        if wanted is None or symbol in wanted:
            fives = files.get((symbol, Timeframe.M5))
            yield Market(
                symbol=symbol,
                hours=_read(files[symbol, Timeframe.H1], Timeframe.H1),
                fives=None if fives is None else _read(fives, Timeframe.M5),
            )


def _files(folder: Path) -> Mapping[tuple[str, Timeframe], Path]:
    """Spot candles by market and timeframe, as the names of the files say."""
    if not folder.is_dir():
        raise Fatal(f"{folder}: no such folder")
    found = {}
    for path in sorted(folder.iterdir()):
        told = read_name(path.name)
        if told is not None and told.symbol is not None and told.kind is MarketKind.SPOT:
            found[told.symbol, told.timeframe] = path
    if not any(timeframe is Timeframe.H1 for _, timeframe in found):
        raise Fatal(f"{folder}: has no file such as binance_BTCUSDT_1h.csv.gz")
    return found


def _read(path: Path, timeframe: Timeframe) -> Candles:
    file = read_candles(path, timeframe)
    if file.bad:
        line = file.bad[0]
        raise Fatal(f"{path}, line {line.number}: {line.why} ({len(file.bad)} bad lines in all)")
    return file.candles[None]


def _studied(markets: Sequence[Market], span: Span, workers: int) -> Mapping[str, Findings]:
    """What was found, by market and stretch. The longest goes first, so that no process is left alone."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(markets)), mp_context=spawn) as pool:
        running = {
            pool.submit(
                study_market,
                market.symbol,
                market.hours,
                market.fives,
                np.random.default_rng((SEED, *market.symbol.encode())),
                start_ms=_ms(span.start),
                stop_ms=_ms(span.stop),
            ): market.symbol
            for market in sorted(markets, key=lambda market: -market.size)
        }
        return dict(sorted(_collected(running)))


def _collected(running: Mapping[Future[list[Findings]], str]) -> Iterator[tuple[str, Findings]]:
    with tqdm(total=len(running), desc="markets", disable=None, leave=False) as progress:
        for future in as_completed(running):
            for number, findings in enumerate(future.result(), 1):
                yield f"{running[future]} {number}", findings
            progress.update()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fatal(f"{path} cannot be written: {error.strerror or error}") from error


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
