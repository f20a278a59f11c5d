"""`perpetuum import` and `perpetuum export`: candles from CSV files into the store, and back."""

import asyncio
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from bot import logs
from bot.commands.moment import parse_moment
from bot.outside import BadLine, CandleFile, open_candles, read_candles, read_name, write_candles
from bot.settings import Settings
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from ports.candles import CandleStore, Series
from ports.errors import Fatal

VENUE = "bybit"
_FAR_MS = 2**45  # the year 3084
_SLICE = 8192
_MOST_TOLD = 20
_WORD = re.compile(r"[A-Za-z0-9]{2,32}")


def run_import(settings: Settings, options: Namespace) -> int:
    """Store the candles of the files; 1 when a file was left out for its bad lines."""
    _quiet(settings)
    return asyncio.run(_import(settings, options))


def run_export(settings: Settings, options: Namespace) -> int:
    """Write candles of the store to a file; always 0."""
    _quiet(settings)
    return asyncio.run(_export(settings, options))


def _quiet(settings: Settings) -> None:
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a file is taken for. `symbol` is `None` when the file itself names the symbols of its lines."""

    path: Path
    venue: str
    kind: MarketKind
    symbol: str | None
    timeframe: Timeframe

    def series(self, symbol: str) -> Series:
        """The series of that symbol."""
        return Series(venue=self.venue, kind=self.kind, symbol=symbol, timeframe=self.timeframe)


async def _import(settings: Settings, options: Namespace) -> int:
    files = [_meant(path, options) for path in options.files]  # all names are known before anything is stored
    left_out = 0
    store = await open_candles(settings)
    try:
        for file in files:
            found = read_candles(file.path, file.timeframe, now_ms=_ms(datetime.now(UTC), 0))
            tell_bad(file.path, found.bad, is_skipping=options.skip_bad, what="imported")
            if found.bad and not options.skip_bad:
                left_out += 1
                continue
            for symbol, candles in _by_symbol(file, found).items():
                await _store(store, file.series(symbol), candles)
    finally:
        await store.close()
    return 1 if left_out else 0


def _meant(path: Path, options: Namespace) -> Meant:
    """What the options say, and where they are silent, the file's name. Raises `Fatal` when both are."""
    if not path.is_file():
        raise Fatal(f"{path}: is a folder; name its files" if path.is_dir() else f"{path}: no such file")
    told = read_name(path.name)
    kind, symbol, venue = options.kind or MarketKind.SPOT, _symbol(options.symbol), _venue(options.venue)
    timeframe = timeframe_of(options.timeframe) if options.timeframe else None
    if told is not None:
        kind, symbol, venue = options.kind or told.kind, symbol or told.symbol, venue or told.venue
        timeframe = timeframe or told.timeframe
    if timeframe is None:
        raise Fatal(f"{path}: its name tells no timeframe; name it, such as --timeframe 5m")
    return Meant(
        path=path,
        venue=venue or VENUE,
        kind=MarketKind(kind),
        symbol=symbol,
        timeframe=timeframe,
    )


def _symbol(text: str | None) -> str | None:
    return None if text is None else _word("--symbol", text, "BTCUSDT").upper()


def _venue(text: str | None) -> str | None:
    return None if text is None else _word("--venue", text, VENUE).lower()


def _word(option: str, text: str, example: str) -> str:
    if not _WORD.fullmatch(text):
        raise Fatal(f"{option} {text!r}: only letters and digits, such as {example}")
    return text


def timeframe_of(text: str) -> Timeframe:
    """The timeframe that `--timeframe` names. Raises `Fatal` when there is no such."""
    timeframe = parse_timeframe(text)
    if timeframe is None:
        raise Fatal(f"--timeframe {text}: not one of {', '.join(Timeframe)}")
    return timeframe


def tell_bad(path: Path, bad: Sequence[BadLine], *, is_skipping: bool, what: str) -> None:
    """Name the bad lines of a file, and what becomes of it: whether anything of it is `what`."""
    for line in bad[:_MOST_TOLD]:
        print(f"{path}, line {line.number}: {line.why}", file=sys.stderr)
    if len(bad) > _MOST_TOLD:
        print(f"{path}: {len(bad) - _MOST_TOLD} more bad lines", file=sys.stderr)
    if bad:
        outcome = (
            "left out" if is_skipping else f"nothing is {what} from this file; --skip-bad leaves them out"
        )
        print(f"{path}: bad lines: {len(bad)}; {outcome}", file=sys.stderr)


def _by_symbol(file: Meant, found: CandleFile) -> Mapping[str, Candles]:
    """The candles by symbol; of a file that names its symbols, those of the wanted one alone."""
    nameless = found.candles.get(None)
    if nameless is not None:
        if file.symbol is None:
            raise Fatal(f"{file.path}: its name tells no symbol; name it, such as --symbol BTCUSDT")
        return {file.symbol: nameless}
    named = {symbol: candles for symbol, candles in found.candles.items() if symbol is not None}
    if file.symbol is None:
        return named
    if file.symbol not in named:
        raise Fatal(f"{file.path}: has no candles of {file.symbol}")
    return {file.symbol: named[file.symbol]}


async def _store(store: CandleStore, series: Series, candles: Candles) -> None:
    changed = 0
    with _progress(series, len(candles)) as progress:
        for part in _slices(candles):
            changed += await store.upsert(series, part)
            progress.update(len(part))
    print(f"{_said(series)}: {len(candles)} candles read, {changed} of them new or different")


async def _export(settings: Settings, options: Namespace) -> int:
    start, stop = parse_moment("--from", options.start), parse_moment("--to", options.stop)
    series = Series(
        venue=_venue(options.venue) or VENUE,
        kind=MarketKind(options.kind or MarketKind.SPOT),
        symbol=_word("--symbol", options.symbol, "BTCUSDT").upper(),
        timeframe=timeframe_of(options.timeframe),
    )
    store = await open_candles(settings)
    try:
        candles = await store.between(series, _ms(start, 0), _ms(stop, _FAR_MS))
    finally:
        await store.close()
    if not len(candles):
        raise Fatal(
            f"no candles of {_said(series)} are stored for that time; `perpetuum status` shows what is"
        )
    with _progress(series, len(candles)) as progress:
        write_candles(options.out, _counted(candles, progress))
    print(f"{_said(series)}: {len(candles)} candles written to {options.out}")
    return 0


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else round(moment.timestamp() * 1000)


def _slices(candles: Candles) -> Iterator[Candles]:
    for start in range(0, len(candles), _SLICE):
        yield candles.rows(start, start + _SLICE)


def _counted(candles: Candles, progress: "tqdm[NoReturn]") -> Iterator[Candles]:
    for part in _slices(candles):
        yield part
        progress.update(len(part))


def _progress(series: Series, total: int) -> "tqdm[NoReturn]":
    """A bar on a terminal; nothing elsewhere."""
    return tqdm(total=total, desc=_said(series), unit=" candles", disable=None, leave=False)


def _said(series: Series) -> str:
    return f"{series.symbol} {series.timeframe} ({series.venue} {series.kind})"
