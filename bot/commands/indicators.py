"""`perpetuum indicators`: the candles of a file with indicators beside them, in another file."""

import asyncio
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bot import logs
from bot.commands.candles import tell_bad, timeframe_of
from bot.outside import (
    CandleFile,
    Widened,
    build_compiler,
    build_library,
    read_candles,
    read_name,
    spacing_of,
    write_widened,
)
from bot.settings import Settings
from engines.core.candle import Candles, FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec, find, near, split
from engines.indicators.columns import HOT
from ports.errors import Fatal, Refused
from services.indicators import Indicators

_LIMIT_S = 600.0
_SLICE = 8192
_FOR_INSTANCE = "ema20, rsi14, macd12_26_9, bb20_2, ichimoku"
_OUTSIDE_BRACKETS = re.compile(r",(?![^()]*\))")


def run(settings: Settings, options: Namespace) -> int:
    """Write the wider file; 1 when nothing was written because of bad lines."""
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())
    wanted = _wanted(options.set)
    out: Path = options.out
    if out.exists() and not options.force:
        raise Fatal(f"{out} is there already; --force overwrites it, --out names another")
    timeframe = _timeframe(options)
    found = read_candles(options.file, timeframe)
    tell_bad(options.file, found.bad, is_skipping=options.skip_bad, what="written")
    if found.bad and not options.skip_bad:
        return 1
    parts = asyncio.run(_reckoned(settings, found, wanted))
    _write(out, parts)
    _summarise(out, parts, timeframe)
    return 0


def _wanted(text: str | None) -> Mapping[str, Spec]:
    """The columns to write, and the indicator of each; the hot ones when nothing is asked for."""
    names = [one.strip() for one in _OUTSIDE_BRACKETS.split(text)] if text is not None else HOT
    wanted: dict[str, Spec] = {}
    for name in filter(None, names):
        wanted |= _named(name)
    if not wanted:
        raise Fatal("--set names no indicator; for instance --set ema20,rsi14,macd")
    return wanted


def _named(name: str) -> Mapping[str, Spec]:
    """All columns of an indicator, or the one that `name` picks."""
    if (spec := find(name)) is not None:
        return dict.fromkeys(spec.columns, spec)
    if (one := split(name)) is not None:
        return {one[1]: one[0]}
    nearest = ", ".join(near(name))
    hint = f"; did you mean {nearest}?" if nearest else f"; for instance {_FOR_INSTANCE}"
    raise Fatal(f"no indicator {name!r}{hint}")


def _timeframe(options: Namespace) -> Timeframe:
    """What the option says, else the file's name, else its times."""
    path: Path = options.file
    if not path.is_file():
        raise Fatal(f"{path}: is a folder; name a file" if path.is_dir() else f"{path}: no such file")
    if options.timeframe:
        return timeframe_of(options.timeframe)
    told = read_name(path.name)
    timeframe = told.timeframe if told is not None else spacing_of(path)
    if timeframe is None:
        raise Fatal(f"{path}: its name and its times tell no timeframe; name it, such as --timeframe 5m")
    return timeframe


async def _reckoned(settings: Settings, found: CandleFile, wanted: Mapping[str, Spec]) -> Sequence[Widened]:
    library = build_library(limit_s=_LIMIT_S)
    indicators = Indicators(library, build_compiler(settings))
    try:
        return [
            Widened(symbol=symbol, candles=candles, columns=await _columns(indicators, candles, wanted))
            for symbol, candles in found.candles.items()
        ]
    finally:
        await library.close()


async def _columns(
    indicators: Indicators, candles: Candles, wanted: Mapping[str, Spec]
) -> Mapping[str, FloatArray]:
    known: dict[str, FloatArray] = {}
    specs = dict.fromkeys(wanted.values())
    for spec in tqdm(specs, desc="indicators", disable=None, leave=False):
        try:
            known |= await indicators.columns(candles, [spec])
        except Refused as error:
            raise Fatal(
                f"{spec.name} cannot be worked out from these candles; leave it out or take another length"
            ) from error
    return {name: known[name] for name in wanted}


def _write(out: Path, parts: Sequence[Widened]) -> None:
    total = sum(len(part.candles) for part in parts)
    with tqdm(total=total, desc=out.name, unit=" candles", disable=None, leave=False) as progress:

        def counted() -> Iterator[Widened]:
            for part in _slices(parts):
                yield part
                progress.update(len(part.candles))

        write_widened(out, counted())


def _slices(parts: Sequence[Widened]) -> Iterator[Widened]:
    for part in parts:
        for start in range(0, len(part.candles), _SLICE):
            stop = start + _SLICE
            columns = {name: column[start:stop] for name, column in part.columns.items()}
            yield Widened(symbol=part.symbol, candles=part.candles.rows(start, stop), columns=columns)


def _summarise(out: Path, parts: Sequence[Widened], timeframe: Timeframe) -> None:
    for part in parts:
        gaps = int((np.diff(part.candles.time_ms) > timeframe.ms).sum())
        name = f"{part.symbol} {timeframe}" if part.symbol else timeframe.value
        print(f"{name}: {len(part.candles)} candles, {gaps} gaps, {len(part.columns)} columns added")
        for column, values in part.columns.items():
            print(f"  {column:<24} {_said(values)}")
    print(f"written to {out}")


def _said(values: FloatArray) -> str:
    """From which candle on a column is defined, and its last value."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return "undefined: too few candles"
    return f"from candle {known[0] + 1:>5}, last {values[known[-1]]:.10g}"
