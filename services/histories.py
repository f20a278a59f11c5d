"""The desk's own store of candles as a history."""

from collections.abc import Sequence

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.symbol import Symbols
from engines.simulate.recording import (
    BadHistory,
    Recorded,
    Recording,
    Wanted,
    assembled,
    nameless,
    needed,
    told_hole,
    told_holes,
)
from ports.candles import CandleStore, Coverage, Series

_FAR_MS = 2**45  # the year 3084


async def stored_history(store: CandleStore, wanted: Wanted) -> Recorded:
    """What is wanted, as far as the store has it. It keeps no funding rates and no mark prices.

    Raises `BadHistory` for what it does not have, and for gaps that nobody allowed.
    """
    coverage = [one for one in await store.coverage() if _fits(one.series, wanted)]
    if not coverage:
        raise BadHistory(
            "no candles are stored: `perpetuum backfill` fetches some, `perpetuum import` reads them from"
            " files, --data DIR plays files as they are"
        )
    recordings, notes = [], []
    for symbol in _symbols(coverage, wanted):
        recording, told = await _recording(store, _of_one_market(coverage, symbol, wanted), wanted)
        recordings.append(recording)
        notes += [f"{symbol}: {note}" for note in told]
    made = assembled(recordings, wanted)
    return Recorded(history=made.history, notes=(*notes, *made.notes))


def _fits(series: Series, wanted: Wanted) -> bool:
    is_fine = series.timeframe.ms <= wanted.reads[-1].ms
    return is_fine and wanted.kind in (None, series.kind) and wanted.venue in (None, series.venue)


def _symbols(coverage: Sequence[Coverage], wanted: Wanted) -> list[str]:
    stored = sorted({one.series.symbol for one in coverage})
    if not wanted.symbols:
        raise BadHistory(
            f"{len(stored)} markets are stored: name those to trade, such as --symbols {stored[0]}"
        )
    index = Symbols([nameless(symbol) for symbol in stored])
    found = []
    for name in wanted.symbols:
        market = index.find(name)
        if market is None:
            near = " or ".join(one.symbol for one in index.near(name))
            hint = f" Did you mean {near}?" if near else ""
            raise BadHistory(f"--symbols {name}: no candles of it are stored.{hint}")
        found.append(market.symbol)
    return list(dict.fromkeys(found))


def _of_one_market(coverage: Sequence[Coverage], symbol: str, wanted: Wanted) -> list[Series]:
    """The series of one kind and venue; spot where both are stored and nobody says."""
    series = [one.series for one in coverage if one.series.symbol == symbol]
    has_spot = any(one.kind is MarketKind.SPOT for one in series)
    kind = wanted.kind or (MarketKind.SPOT if has_spot else MarketKind.PERP)
    series = [one for one in series if one.kind is kind]
    venues = sorted({one.venue for one in series})
    if len(venues) > 1:
        raise BadHistory(f"{symbol} is stored from {', '.join(venues)}: name one with --venue {venues[0]}")
    return series


async def _recording(
    store: CandleStore, series: Sequence[Series], wanted: Wanted
) -> tuple[Recording, list[str]]:
    stop_ms = _FAR_MS if wanted.stop_ms is None else wanted.stop_ms
    held: dict[Timeframe, Candles] = {}
    notes: list[str] = []
    for one in series:
        stored = await store.between(one, wanted.needed_ms, stop_ms)
        if not len(stored):
            continue
        held[one.timeframe], holes = needed(stored, one.timeframe, wanted)
        if holes and wanted.repair.gaps is None:
            raise BadHistory(
                f"{one.symbol}: {len(holes)} gaps in the {one.timeframe} candles that are stored, the first"
                f" {told_hole(holes[0])}: `perpetuum backfill` may close them; --repair gaps=leave plays"
                " them as times without bars, gaps=fill repeats the close"
            )
        notes += told_holes(one.timeframe, holes, wanted.repair)
    if not held:
        raise BadHistory(f"{series[0].symbol}: nothing is stored of that time; choose --from and --to within")
    return Recording(symbol=series[0].symbol, kind=series[0].kind, series=held), notes
