"""From the venue's wire into the shared picture of the market."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from statistics import median
from typing import Any

import ccxt.pro

from adapters.clock import StreamedClock, SystemClock
from adapters.exchange.address import redirect
from adapters.exchange.build import build_market_source
from benchmarks.flood import LAST, ROUNDS, SYMBOLS
from benchmarks.frame import Measure, Skipped, measures
from benchmarks.process import sandbox
from engines.core.ticker import Ticker
from services.market.board import Board
from services.market.options import MarketOptions
from services.markets import Markets

_MESSAGES = ROUNDS * len(SYMBOLS)
_BURST, _ALONE = 100, 1
_RUNS = 5
_LIMIT_S = 60.0
_LOOK_S = 0.02
_FOLLOWED_S = 20.0


@measures("market.tickers_per_s")
def tickers_per_s() -> Measure:
    """Our socket into the board, against ccxt.pro into its own dictionary, in bursts of 100 tickers."""
    with flood() as url:
        ours, theirs, alone = (
            median(_MESSAGES / asyncio.run(follow(f"{url}/{chunk}/bybit")) for _ in range(_RUNS))
            for follow, chunk in ((own_cpu_s, _BURST), (ccxt_cpu_s, _BURST), (own_cpu_s, _ALONE))
        )
    note = f"CPU seconds of the client; written one at a time by the server: {alone:,.0f}/s"
    return Measure(ours, theirs, note)


@measures("market.event_to_snapshot_p99_ms")
def event_to_snapshot_p99_ms() -> Measure:
    """The desk's market services over the sandbox for a while, 50 markets streamed."""
    with sandbox() as url:
        params = asyncio.run(_followed(url))
    note = f"p50 {params['delay_p50_ms']} ms of {params['messages']} tickers"
    return Measure(params["delay_p99_ms"], note=note)


@contextmanager
def flood() -> Iterator[str]:
    """The flooding venue in a process of its own; its base URL."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.flood"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        _, _, url = process.stdout.readline().strip().partition(" ")
        if not url:
            raise Skipped("the flooding venue did not start")
        yield url
    finally:
        process.terminate()
        process.communicate()


async def own_cpu_s(base_url: str) -> float:
    """CPU seconds until the board shows the last price of every market."""
    clock = SystemClock()
    source = build_market_source("bybit", clock, base_url=base_url)
    board = Board(clock, MarketOptions())
    try:
        board.list(await source.instruments())
        last = Decimal(LAST)

        def is_done() -> bool:
            known = (board.quote(one) for one in board.symbols)
            return all(quote is not None and quote.ticker.last == last for quote in known)

        def take(ticker: Ticker) -> None:
            board.put(ticker)

        return await _until(is_done, lambda: source.watch_tickers(SYMBOLS, take))
    finally:
        await source.close()


async def ccxt_cpu_s(base_url: str) -> float:
    """The same with the loop that ccxt.pro's manual shows."""
    client = ccxt.pro.bybit({"options": {"fetchMarkets": {"types": ["spot"]}}})
    client.has["fetchCurrencies"] = False
    redirect(client, base_url)
    try:
        await client.load_markets()
        names = [client.markets_by_id[symbol][0]["symbol"] for symbol in SYMBOLS]

        async def watch() -> None:
            while True:
                await client.watch_tickers(names)

        def is_done() -> bool:
            return all(client.tickers.get(name, {}).get("last") == float(LAST) for name in names)

        return await _until(is_done, watch)
    finally:
        await client.close()


async def _until(is_done: Callable[[], bool], watch: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """CPU seconds that `watch` takes to get there. Raises `Skipped` when it ends or takes too long."""
    start = time.process_time()
    watching = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not is_done():
                await asyncio.wait([watching], timeout=_LOOK_S)
                if watching.done():
                    raise Skipped(f"the stream ended: {watching.exception()!r}")
    except TimeoutError as error:
        raise Skipped(f"no end of the flood within {_LIMIT_S:g} s") from error
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return time.process_time() - start


async def _followed(url: str) -> Mapping[str, Any]:
    """What the stream's meter counted after some seconds of market at its own pace."""
    clock = StreamedClock(f"{url.replace('http', 'ws', 1)}/clock")
    primary = build_market_source("bybit", clock, base_url=f"{url}/bybit")
    reference = build_market_source("binance", clock, base_url=f"{url}/binance")
    markets = Markets(primary, reference, clock, MarketOptions())
    loops = (clock.run, markets.run_universe, markets.run_tickers, markets.run_reference)
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        await asyncio.sleep(_FOLLOWED_S)
        stream = markets.feeds()[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await markets.close()
        await primary.close()
        await reference.close()
    if "delay_p99_ms" not in stream.params:
        raise Skipped(f"the stream said nothing: {stream.code}")
    return stream.params
