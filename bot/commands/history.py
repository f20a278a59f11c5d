"""The recorded history that the options of a command ask for."""

import asyncio
from argparse import Namespace
from dataclasses import replace
from datetime import UTC, datetime

from bot.commands.moment import parse_moment
from bot.commands.terms import number_of
from bot.outside import open_candles, read_folder, read_signals
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.repair import BadRepair, Repair, parsed
from engines.simulate.recording import BadHistory, Recorded, Wanted
from ports.errors import Fatal
from services.histories import stored_history


def read_history(options: Namespace, reads: tuple[Timeframe, ...]) -> Recorded:
    """The history for a strategy that reads those timeframes, the finest first: of the folder `--data`, else
    of the desk's store. Raises `Fatal` for what is not there or not sound."""
    wanted = _wanted(options, reads)
    if options.data is not None:
        recorded = read_folder(options.data, wanted, now_ms=_ms(datetime.now(UTC)))
    else:
        recorded = asyncio.run(_stored(wanted))
    if options.signals is None:
        return recorded
    markets = [market.instrument for market in recorded.history.markets]
    gates, notes = read_signals(options.signals, markets, wanted.repair)
    history = replace(recorded.history, gates=gates)
    return Recorded(history=history, notes=(*recorded.notes, *notes))


def _wanted(options: Namespace, reads: tuple[Timeframe, ...]) -> Wanted:
    start, stop = parse_moment("--from", options.start), parse_moment("--to", options.stop)
    if start is not None and stop is not None and start >= stop:
        raise Fatal(f"--from {options.start} is not before --to {options.stop}")
    return Wanted(
        reads=reads,
        symbols=tuple(name.strip() for name in (options.symbols or "").split(",") if name.strip()),
        kind=None if options.market is None else MarketKind(options.market),
        venue=options.venue,
        start_ms=None if start is None else _ms(start),
        stop_ms=None if stop is None else _ms(stop),
        tick=None if options.tick is None else number_of("--tick", options.tick),
        lot=None if options.lot is None else number_of("--lot", options.lot),
        repair=_repair(options.repair),
    )


def _repair(text: str | None) -> Repair:
    try:
        return parsed(text or "")
    except BadRepair as error:
        raise Fatal(f"--repair {error}") from error


async def _stored(wanted: Wanted) -> Recorded:
    """Settings are read here, since a run on files needs none."""
    from bot.settings import load

    store = await open_candles(load())
    try:
        return await stored_history(store, wanted)
    except BadHistory as error:
        raise Fatal(str(error)) from error
    finally:
        await store.close()


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
