"""A folder of recorded markets as a history: candles, fundings and mark prices by the names of the files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.csv_candles import read_rows
from adapters.histories.candle_files import Joined, read_series
from adapters.histories.funding_files import read_fundings
from adapters.histories.names import Market, Shelf, shelf_of
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.history import Fundings
from engines.simulate.recording import AT_SPOT, BadHistory, Recorded, Recording, Wanted, assembled, named
from ports.errors import Fatal

MOST_UNNAMED: Final = 5
"""More markets than these in a folder, and somebody has to say which are meant."""


def read_folder(folder: Path, wanted: Wanted, *, now_ms: int) -> Recorded:
    """The history that is wanted. Raises `Fatal` for what is not there, or may not be mended."""
    shelf = shelf_of(folder)
    recordings, notes = [], []
    for market in _chosen(folder, shelf, wanted):
        recording, told = _recording(shelf, market, wanted, now_ms)
        recordings.append(recording)
        notes += [f"{market.symbol}: {note}" for note in told]
    try:
        made = assembled(recordings, wanted)
    except BadHistory as error:
        raise Fatal(str(error)) from error
    return Recorded(history=made.history, notes=(*notes, *made.notes))


def _chosen(folder: Path, shelf: Shelf, wanted: Wanted) -> list[Market]:
    """One market of one venue for each name."""
    symbols = sorted({market.symbol for market in shelf.candles if _fits(market, wanted)})
    if not wanted.symbols:
        if not symbols:
            raise Fatal(f"--data {folder}: has no candles such as are asked for")
        if len(symbols) > MOST_UNNAMED:
            raise Fatal(
                f"--data {folder}: has {len(symbols)} markets; name those to trade,"
                f" such as --symbols {symbols[0]},{symbols[-1]}"
            )
    names = wanted.symbols or tuple(symbols)
    return list(dict.fromkeys(_market(folder, shelf, wanted, symbols, name) for name in names))


def _fits(market: Market, wanted: Wanted) -> bool:
    """Candles of spot do for a perpetual where there are no others."""
    is_kind = wanted.kind is not MarketKind.SPOT or market.kind is MarketKind.SPOT
    return is_kind and wanted.venue in (None, market.venue)


def _market(folder: Path, shelf: Shelf, wanted: Wanted, symbols: Sequence[str], name: str) -> Market:
    found, near = named(name, symbols)
    if found is None:
        return _tabled(folder, shelf, wanted, name, near)
    kinds = {market.kind for market in shelf.candles if market.symbol == found and _fits(market, wanted)}
    preferred = wanted.kind or MarketKind.SPOT
    kind = preferred if preferred in kinds else next(iter(kinds))
    venues = sorted(
        market.venue
        for market in shelf.candles
        if market.symbol == found and market.kind is kind and _fits(market, wanted)
    )
    if len(venues) > 1:
        raise Fatal(f"{found} is there from {', '.join(venues)}: name one, such as --venue {venues[0]}")
    return Market(venues[0], kind, found)


def _tabled(folder: Path, shelf: Shelf, wanted: Wanted, name: str, near: Sequence[str]) -> Market:
    """A market that stands only in tables of many."""
    symbol = name.upper().replace("/", "")
    for (venue, kind, _), paths in shelf.tables.items():
        market = Market(venue, kind, symbol)
        if _fits(market, wanted) and any(symbol in read_rows(path).candles for path in paths):
            return market
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise Fatal(f"--symbols {name}: no candles of it in {folder}.{hint}")


def _recording(shelf: Shelf, market: Market, wanted: Wanted, now_ms: int) -> tuple[Recording, list[str]]:
    series, notes = _series(shelf, market, wanted, now_ms)
    perp = Market(market.venue, MarketKind.PERP, market.symbol)
    kind = wanted.kind or market.kind
    if kind is not market.kind:
        notes.append(AT_SPOT)
    fundings, marks = None, None
    if kind is MarketKind.PERP:
        fundings, told = _fundings(shelf, perp, wanted)
        marks, told_marks = _marks(shelf, perp, wanted, now_ms)
        notes += [*told, *told_marks]
    return Recording(
        symbol=market.symbol,
        kind=kind,
        series={timeframe: one.candles for timeframe, one in series.items()},
        place=lambda timeframe, time_ms: series[timeframe].place(time_ms),
        fundings=fundings,
        marks=marks,
    ), notes


def _series(
    shelf: Shelf, market: Market, wanted: Wanted, now_ms: int
) -> tuple[dict[Timeframe, Joined], list[str]]:
    """Every timeframe that may be needed: those read, and finer ones, on which orders are filled."""
    symbol, files = _files(shelf, market)
    series, notes = {}, []
    for timeframe, paths in files.items():
        if timeframe.ms <= wanted.reads[-1].ms:
            read, told = read_series(paths, timeframe, wanted.repair, symbol=symbol, now_ms=now_ms)
            series[timeframe] = read
            notes += told
    if not series:
        raise Fatal(
            f"{market.symbol}: the strategy reads {wanted.reads[-1]} and there is only"
            f" {', '.join(files)}: choose another --timeframe"
        )
    return series, notes


def _files(shelf: Shelf, market: Market) -> tuple[str | None, Mapping[Timeframe, list[Path]]]:
    """The files of a market of its own, or the tables in which it stands under its symbol."""
    if market in shelf.candles:
        return None, shelf.candles[market]
    tables = {
        timeframe: paths
        for (venue, kind, timeframe), paths in shelf.tables.items()
        if (venue, kind) == (market.venue, market.kind)
    }
    return market.symbol, tables


def _fundings(shelf: Shelf, perp: Market, wanted: Wanted) -> tuple[Fundings | None, list[str]]:
    if perp not in shelf.fundings:
        return None, []
    return read_fundings(shelf.fundings[perp], wanted.repair)


def _marks(shelf: Shelf, perp: Market, wanted: Wanted, now_ms: int) -> tuple[Candles | None, list[str]]:
    """The finest candles of the mark price."""
    for timeframe, paths in sorted(shelf.marks.get(perp, {}).items(), key=lambda item: item[0].ms):
        marks, notes = read_series(paths, timeframe, wanted.repair, symbol=None, now_ms=now_ms)
        return marks.candles, [f"mark prices: {note}" for note in notes]
    return None, []
