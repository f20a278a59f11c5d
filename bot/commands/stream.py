"""`perpetuum stream`: follow the most traded markets, keep their candles, say how it goes."""

import asyncio
from argparse import Namespace
from dataclasses import replace
from decimal import Decimal

from bot import logs
from bot.commands.workbench import stopped_by_signal, workbench
from bot.settings import Settings
from ports.errors import Fatal, Transient
from services.candles import Collector
from services.collect.counts import Counts
from services.collect.options import CollectOptions

MOST = 500
EVERY_S = 5.0


def run(settings: Settings, options: Namespace) -> int:
    """Stream until Ctrl+C; always 0."""
    if not 1 <= options.top <= MOST:
        raise Fatal(f"--top {options.top}: 1 to {MOST}")
    logs.configure(level="warning", fmt="console", secrets=settings.secrets())
    return asyncio.run(stream(settings, options.top))


async def stream(settings: Settings, top: int, *, every_s: float = EVERY_S) -> int:
    """Stream until a signal; the exit code."""
    async with workbench(settings) as bench:
        options = CollectOptions(
            markets=top, min_turnover=Decimal(0), backfills=0, begin_after_s=0.0, sweep_s=1.0
        )
        collector = Collector(bench.source, bench.markets, bench.store, bench.rings, bench.clock, options)
        try:
            await bench.markets.load()
        except Transient as error:
            raise Fatal(f"{bench.markets.venue} does not answer: {error}") from error
        collecting = asyncio.create_task(collector.run())
        try:
            with stopped_by_signal() as stop:
                await _tell(collector, collecting, stop, every_s)
        finally:
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)
            await collector.close()
        print(f"stopped: {collector.counts.stored:,} candles stored", flush=True)
    return 0


async def _tell(
    collector: Collector, collecting: "asyncio.Task[None]", stop: asyncio.Event, every_s: float
) -> None:
    """A line every few seconds, until `stop` or the end of the collecting, which raises why it ended."""
    stopping = asyncio.create_task(stop.wait())
    told = Counts()
    try:
        while not stopping.done():
            await asyncio.wait([stopping, collecting], timeout=every_s, return_when=asyncio.FIRST_COMPLETED)
            if collecting.done():
                collecting.result()
            print(await _line(collector, collector.counts.since(told), every_s), flush=True)
            told = replace(collector.counts)
    finally:
        stopping.cancel()


async def _line(collector: Collector, news: dict[str, int], every_s: float) -> str:
    summary = await collector.summary()
    parts = [
        f"{summary.markets} markets",
        f"{news['messages'] / every_s:,.0f} messages/s",
        f"{news['closed']:,} closed",
        f"{news['derived']:,} added up",
        f"{news['repaired']:,} repaired",
        f"{news['stored']:,} stored",
        f"{summary.missing:,} missing",
    ]
    for feed in collector.feeds():
        delays = [feed.params.get(name) for name in ("delay_p50_ms", "delay_p99_ms")]
        if delays[0] is not None:
            parts.append("delay p50 {} ms, p99 {} ms".format(*delays))
        parts.append(feed.code)
    return " · ".join(parts)
