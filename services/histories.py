"""The desk's own store of candles as a history."""

from collections.abc import Sequence

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.simulate.recording import AT_SPOT, BadHistory, Recorded, Recording, Wanted, assembled, named
from ports.candles import CandleStore, Series

_FAR_MS = 2**45  # the year 3084
_MOST_TOLD = 5
_MEND = (
    "`perpetuum backfill` fetches some, `perpetuum import` reads them from files, --data DIR plays files as"
    " they are"
)


async def stored_history(store: CandleStore, wanted: Wanted) -> Recorded:
    """What is wanted, as far as the store has it. It keeps no funding rates and no mark prices.

    Raises `BadHistory` for what it does not have, and for gaps that nobody allowed.
    """
    stored = [one.series for one in await store.coverage()]
    if not stored:
        raise BadHistory(f"no candles are stored: {_MEND}")
    fitting = [series for series in stored if _fits(series, wanted)]
    chosen = [_of_one_market(fitting, symbol, wanted) for symbol in _symbols(fitting, stored, wanted)]
    made = assembled([await _recording(store, series, wanted) for series in chosen], wanted)
    at_spot = [one[0].symbol for one in chosen if wanted.kind not in (None, one[0].kind)]
    return Recorded(history=made.history, notes=(*(f"{one}: {AT_SPOT}" for one in at_spot), *made.notes))


def _fits(series: Series, wanted: Wanted) -> bool:
    """Candles of spot do for a perpetual where there are no others."""
    is_fine = series.timeframe.ms <= wanted.reads[-1].ms
    is_kind = wanted.kind in (None, series.kind) or series.kind is MarketKind.SPOT
    return is_fine and is_kind and wanted.venue in (None, series.venue)


def _symbols(fitting: Sequence[Series], stored: Sequence[Series], wanted: Wanted) -> list[str]:
    if wanted.symbols:
        return list(dict.fromkeys(_found(name, fitting, stored, wanted) for name in wanted.symbols))
    if not fitting:
        raise BadHistory(_unfit(stored, wanted))
    markets = _markets(fitting)
    raise BadHistory(
        f"{len(markets)} markets are stored: name those to trade, such as --symbols {markets[0]}"
    )


def _found(name: str, fitting: Sequence[Series], stored: Sequence[Series], wanted: Wanted) -> str:
    symbol, _ = named(name, _markets(fitting))
    if symbol is not None:
        return symbol
    symbol, near = named(name, _markets(stored))
    if symbol is not None:
        others = [one for one in stored if one.symbol == symbol]
        raise BadHistory(f"--symbols {name}: {_unfit(others, wanted)}")
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise BadHistory(f"--symbols {name}: no candles of it are stored.{hint}")


def _unfit(stored: Sequence[Series], wanted: Wanted) -> str:
    """What is not there, and what is instead."""
    kind = "" if wanted.kind is None else f"{wanted.kind} "
    venue = "" if wanted.venue is None else f" from {wanted.venue}"
    told = [f"{one.symbol} {one.kind} {one.timeframe} from {one.venue}" for one in stored[:_MOST_TOLD]]
    more = len(stored) - len(told)
    only = ", ".join(told) + (f" and {more} more" if more else "")
    return f"no {kind}candles of {wanted.reads[-1]} or finer{venue} are stored, only {only}: {_MEND}"


def _markets(series: Sequence[Series]) -> list[str]:
    return sorted({one.symbol for one in series})


def _of_one_market(fitting: Sequence[Series], symbol: str, wanted: Wanted) -> list[Series]:
    """The series of one kind and venue; spot where both are stored and nobody says."""
    series = [one for one in fitting if one.symbol == symbol]
    kinds, preferred = {one.kind for one in series}, wanted.kind or MarketKind.SPOT
    kind = preferred if preferred in kinds else next(iter(kinds))
    series = [one for one in series if one.kind is kind]
    venues = sorted({one.venue for one in series})
    if len(venues) > 1:
        raise BadHistory(f"{symbol} is stored from {', '.join(venues)}: name one with --venue {venues[0]}")
    return series


async def _recording(store: CandleStore, series: Sequence[Series], wanted: Wanted) -> Recording:
    stop_ms = _FAR_MS if wanted.stop_ms is None else wanted.stop_ms
    held: dict[Timeframe, Candles] = {}
    for one in series:
        stored = await store.between(one, wanted.needed_ms, stop_ms)
        if len(stored):
            held[one.timeframe] = stored
    symbol = series[0].symbol
    if not held:
        raise BadHistory(f"{symbol}: nothing is stored of that time; choose --from and --to within")
    return Recording(
        symbol=symbol,
        kind=wanted.kind or series[0].kind,
        series=held,
        place=lambda timeframe, time_ms: f"{symbol} {timeframe} as stored, {utc(time_ms):%Y-%m-%d %H:%M}",
    )
