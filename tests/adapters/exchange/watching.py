"""Watching a source for a while."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from engines.core.ticker import Ticker
from ports.markets import MarketSource

T = TypeVar("T")


async def until(is_so: Callable[[], object]) -> None:
    """Wait for it, ten seconds at most."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def watching(
    source: MarketSource, *symbols: str
) -> AsyncIterator[tuple[list[Ticker], asyncio.Task[None]]]:
    """Spot tickers of these symbols: what was heard, and the task that hears."""
    heard: list[Ticker] = []
    task = asyncio.create_task(source.watch_tickers(symbols, heard.append))
    try:
        yield heard, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
