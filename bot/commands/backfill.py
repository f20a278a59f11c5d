"""`perpetuum backfill`: fetch candles of some markets, as many days back as asked."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from typing import NoReturn

from tqdm import tqdm

from bot import logs
from bot.commands.workbench import Workbench, instrument_of, workbench
from bot.settings import Settings
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.gaps import Span, missing
from engines.market.plan import KEPT, PAGE, forgotten_before
from engines.market.timeframes import parse_timeframe
from ports.candles import Series
from ports.errors import Fatal, Transient
from services.collect.absence import Absences
from services.collect.counts import Counts
from services.collect.options import CollectOptions
from services.collect.pages import Pages
from services.collect.shelf import Shelf
from services.market.retry import retried

LONGEST_DAYS = 5000
PATIENCE_S = (1.0, 5.0, 15.0)
_PUBLISHED_MS = 10_000
"""How long after its close a candle is asked for: the venue may still mend it, and clocks differ."""


def run(settings: Settings, options: Namespace) -> int:
    """Fill the store; 1 when the venue gave up on the way (what came until then is kept)."""
    timeframes = timeframes_of(options.timeframe)
    if not 1 <= options.days <= LONGEST_DAYS:
        raise Fatal(f"--days {options.days}: 1 to {LONGEST_DAYS}")
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())
    return asyncio.run(backfill(settings, options.symbol, options.days, timeframes))


def timeframes_of(texts: Sequence[str] | None) -> Sequence[Timeframe]:
    """The timeframes named, all that are kept when none is. Raises `Fatal`."""
    found = []
    for text in texts or KEPT:
        timeframe = parse_timeframe(text)
        if timeframe is None:
            raise Fatal(f"--timeframe {text}: not one of {', '.join(Timeframe)}")
        found.append(timeframe)
    return sorted(set(found), key=lambda one: one.ms, reverse=True)


async def backfill(
    settings: Settings,
    texts: Sequence[str],
    days: int,
    timeframes: Sequence[Timeframe],
    *,
    patience_s: Sequence[float] = PATIENCE_S,
) -> int:
    """Fetch what the store lacks; the exit code."""
    async with workbench(settings) as bench:
        symbols = [(await instrument_of(bench.markets, text)).symbol for text in texts]
        filling = Filling(bench, patience_s)
        try:
            for symbol in dict.fromkeys(symbols):
                for timeframe in timeframes:
                    await filling.fill(symbol, timeframe, days)
        except Transient as error:
            raise Fatal(f"{error}; what came is kept, the same command goes on from there") from error
    return 0


def kept_for(timeframe: Timeframe, now_ms: int) -> int | None:
    """Days for which a running desk keeps candles; `None`: for ever."""
    before_ms = forgotten_before(timeframe, now_ms)
    return None if before_ms is None else (now_ms - before_ms) // Timeframe.D1.ms


class Filling:
    """One run of the command."""

    def __init__(self, bench: Workbench, patience_s: Sequence[float]) -> None:
        self._bench = bench
        self._patience_s = patience_s
        self._counts = Counts()
        options = CollectOptions()
        shelf = Shelf(bench.store, bench.rings, self._counts, options)
        self._absences = Absences(bench.clock, believed_s=options.absent_s)
        self._pages = Pages(bench.source, shelf, self._absences, self._counts, bench.clock, options)

    async def fill(self, symbol: str, timeframe: Timeframe, days: int) -> None:
        """Fetch one series page by page, the newest first, and say what came of it."""
        series = Series(
            venue=self._bench.source.venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe
        )
        stop_ms = timeframe.floor(self._pages.now_ms() - _PUBLISHED_MS)
        wanted = Span(timeframe.floor(stop_ms - days * Timeframe.D1.ms), stop_ms)
        kept = await self._bench.store.between(series, wanted.start_ms, wanted.stop_ms)
        lacking = missing(kept.time_ms, timeframe, wanted)
        stored = self._counts.stored
        first_ms = int(kept.time_ms[0]) if len(kept) else stop_ms
        pages = [page for span in reversed(lacking) for page in span.pages(timeframe, PAGE)]
        with _bar(series, sum(page.count(timeframe) for page in pages)) as bar:
            for page in pages:
                got = await self._fetch(series, page)
                bar.update(page.count(timeframe))
                if not len(got) and page.stop_ms <= first_ms < stop_ms:
                    break  # the market began later
                first_ms = min(first_ms, *got.time_ms[:1].tolist())
        fresh = self._counts.stored - stored
        time = f"{days} day{'s' if days > 1 else ''}"
        print(f"{symbol} {timeframe}: {len(kept) + fresh:,} candles of {time}, {fresh:,} new", flush=True)
        kept_days = kept_for(timeframe, stop_ms)
        if kept_days is not None and kept_days < days:
            note = f"a running desk keeps {kept_days} days and drops older candles at night"
            print(f"{symbol} {timeframe}: {note}", flush=True)

    async def _fetch(self, series: Series, page: Span) -> Candles:
        return await retried(lambda: self._pages.fetch(series, page), self._patience_s)


def _bar(series: Series, total: int) -> "tqdm[NoReturn]":
    """A bar on a terminal; nothing elsewhere."""
    return tqdm(
        total=total, desc=f"{series.symbol} {series.timeframe}", unit=" candles", disable=None, leave=False
    )
