"""`perpetuum status`: which candles are stored, how many are missing, how old the newest are."""

import asyncio
from argparse import Namespace
from collections.abc import Iterable, Sequence

from bot import logs
from bot.outside import examine_at, open_candles
from bot.settings import Settings
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from ports.candles import Coverage

_HEAD = ("", "series", "candles", "missing", "from", "to (UTC)")
_WIDTHS = (10, 8, 12, 9, 12, 18)
NOTHING = "No candles are stored yet: `perpetuum run` collects them, `perpetuum backfill` fetches some now."


def run(settings: Settings, options: Namespace) -> int:
    """Print the table; always 0."""
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())
    return asyncio.run(show(settings, options.symbol))


async def show(settings: Settings, symbol: str | None) -> int:
    """The table of all series, or of one market's; the exit code."""
    health = await examine_at(settings.candles_url, schema="market")
    if health.revision is None:  # nothing there: looking must not make it
        print(health.problem or NOTHING)
        return 1 if health.problem else 0
    if not health.is_current:  # opening would mend that, under a desk that may be running
        print(
            f"{health.place} was written by another version of Perpetuum; `perpetuum run` updates an old one"
        )
        return 1
    store = await open_candles(settings)
    try:
        coverage = await store.coverage()
        size_bytes = await store.size_bytes()
    finally:
        await store.close()
    names = None if symbol is None else (symbol.upper(), f"{symbol.upper()}USDT")
    shown = [one for one in coverage if names is None or one.series.symbol in names]
    if not shown:
        print(NOTHING if symbol is None else f"No candles of {symbol.upper()} are stored.")
        return 0
    for line in _table(shown):
        print(line)
    print(f"{size_bytes / 1e6:,.1f} MB in all, {health.place}")
    return 0


def _table(coverage: Sequence[Coverage]) -> Iterable[str]:
    """One line for each timeframe of each kind of market."""
    yield _line(_HEAD)
    groups = sorted({(one.series.kind, one.series.timeframe) for one in coverage}, key=_order)
    for kind, timeframe in groups:
        group = [one for one in coverage if (one.series.kind, one.series.timeframe) == (kind, timeframe)]
        yield _line(
            (
                timeframe if kind == "spot" else f"{timeframe} {kind}",
                f"{len(group):,}",
                f"{sum(one.count for one in group):,}",
                f"{sum(_missing(one) for one in group):,}",
                f"{utc(min(one.first_ms for one in group)):%Y-%m-%d}",
                f"{utc(max(one.last_ms for one in group) + timeframe.ms):%Y-%m-%d %H:%M}",
            )
        )


def _order(group: tuple[str, Timeframe]) -> tuple[bool, int]:
    kind, timeframe = group
    return kind != "spot", timeframe.ms


def _line(cells: Sequence[str]) -> str:
    first, *others = zip(cells, _WIDTHS, strict=True)
    return "".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)])


def _missing(one: Coverage) -> int:
    """Candles between the first and the last that are not there."""
    return (one.last_ms - one.first_ms) // one.series.timeframe.ms + 1 - one.count
