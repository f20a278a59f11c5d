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
from engines.signals.history import histories
from engines.signals.study import Findings, study
from ports.errors import Fatal

SEED = 7
TEST_FROM = datetime(2024, 1, 1, tzinfo=UTC)
"""What was weighed before the rules were fixed ends here; the rest is for judging alone."""
TEST_TO = datetime(2025, 7, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The candles of one market, and the part of them to study."""

    symbol: str
    hours: Candles
    fives: Candles | None
    seed: int
    start_ms: int | None
    stop_ms: int | None


def run(options: Namespace) -> int:
    """Write the report, or print what the training part says; always 0."""
    start, stop = parse_moment("--from", options.start), parse_moment("--to", options.stop)
    if options.calibrate:
        stop = TEST_FROM if stop is None else min(stop, TEST_FROM)
    if start is not None and stop is not None and start >= stop:
        raise Fatal(f"--from {start:%Y-%m-%d} is not before {stop:%Y-%m-%d}, where the study ends")
    tasks = list(_tasks(options.folder, _wanted(options.symbols), start, stop))
    found = _studied(tasks, options.workers or os.cpu_count() or 1)
    if options.calibrate:
        print(calibration(found, np.random.default_rng(SEED)))
        return 0
    _write(
        options.out, report(found, Scope(test_from=TEST_FROM, test_to=TEST_TO), np.random.default_rng(SEED))
    )
    print(
        f"{sum(len(each.trials) for each in found.values())} signals of {len(tasks)} markets: {options.out}"
    )
    return 0


def study_market(task: Task) -> list[Findings]:
    """All stretches of one market; run in a process of its own."""
    rng = np.random.default_rng((task.seed, *task.symbol.encode()))
    return [
        study(history, rng, start_ms=task.start_ms, stop_ms=task.stop_ms)
        for history in histories(task.symbol, task.hours, task.fives)
    ]


def _wanted(texts: Sequence[str] | None) -> set[str] | None:
    return {text.upper().replace("/", "") for text in texts} if texts else None


def _tasks(
    folder: Path, wanted: set[str] | None, start: datetime | None, stop: datetime | None
) -> Iterator[Task]:
    """A task for each market with hourly candles in the folder. Raises `Fatal` for one without any."""
    files = _files(folder)
    symbols = sorted(symbol for symbol, timeframe in files if timeframe is Timeframe.H1)
    if absent := (wanted or set()) - set(symbols):
        raise Fatal(f"{folder}: has no hourly candles of {', '.join(sorted(absent))}")
    for symbol in symbols:
        if wanted is None or symbol in wanted:
            fives = files.get((symbol, Timeframe.M5))
            yield Task(
                symbol=symbol,
                hours=_read(files[symbol, Timeframe.H1], Timeframe.H1),
                fives=None if fives is None else _read(fives, Timeframe.M5),
                seed=SEED,
                start_ms=_ms(start),
                stop_ms=_ms(stop),
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


def _studied(tasks: Sequence[Task], workers: int) -> Mapping[str, Findings]:
    """What was found, by market and stretch."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=spawn) as pool:
        running = {pool.submit(study_market, task): task for task in sorted(tasks, key=_work)}
        return dict(sorted(_collected(running)))


def _collected(running: Mapping[Future[list[Findings]], Task]) -> Iterator[tuple[str, Findings]]:
    with tqdm(total=len(running), desc="markets", disable=None, leave=False) as progress:
        for future in as_completed(running):
            for number, findings in enumerate(future.result(), 1):
                yield f"{running[future].symbol} {number}", findings
            progress.update()


def _work(task: Task) -> int:
    """The longest first, so that no process is left alone at the end."""
    return -len(task.hours) - (len(task.fives) if task.fives is not None else 0)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fatal(f"{path} cannot be written: {error.strerror or error}") from error


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
