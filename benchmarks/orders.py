"""The road of orders under load, and the journal beneath it."""

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import uvloop

from adapters.sql.desk import SqlDesk
from benchmarks import journal
from benchmarks.frame import Measure, load, measures
from benchmarks.order_road import bare_ccxt, open_road, place_at
from benchmarks.process import sandbox
from ports.books import Books, Change

_COUNT, _ALONE = 3000, 200
_STEADY_S, _PER_S, _BURST = 60, 100, 1000


@measures("orders.journal_commits_per_s")
def journal_commits_per_s() -> Measure:
    """Orders written down and then filled, many waiting at the same time; against one after the other."""
    with _folder() as folder:
        busy = load()
        together, alone, cpu_s = uvloop.run(_journal(folder))
        sync_us = journal.bare_sync_us(folder)
    note = (
        f"CPU {cpu_s * 1e6:.0f} us each; alone {alone * 1e6:.0f} us in the middle, of which the disk's bare "
        f"sync takes {sync_us:.0f} us; {busy}"
    )
    return Measure(together, 1 / alone, note)


@measures("orders.intent_to_wire_p99_ms")
def intent_to_wire_p99_ms() -> Measure:
    """From the wish for an order to its signature at a steady 100/s, the journal synced."""
    run = _loaded()
    note = f"p50 {run.wire_p50_ms:.1f} ms, the disk's bare sync {run.sync_us / 1000:.2f} ms; {run.busy}"
    return Measure(run.wire_p99_ms, note=note)


@measures("orders.sustained_100_lost")
def sustained_100_lost() -> Measure:
    """Orders lost or doubled in a minute of 100/s, by the venue's own list and by the books."""
    run = _loaded()
    return Measure(run.wrong, note=f"{_STEADY_S * _PER_S + _BURST} orders with those of the burst")


@measures("orders.burst_1000_ack_s")
def burst_1000_ack_s() -> Measure:
    """A thousand orders wanted at once, until the venue has answered the last."""
    run = _loaded()
    note = f"CPU {run.burst_cpu_s:.2f} s of ours; the venue's twin is a process beside us; {run.busy}"
    return Measure(run.burst_s, note=note)


@measures("orders.vs_ccxt_ratio")
def vs_ccxt_ratio() -> Measure:
    """CPU of bare ccxt over ours for the same thousand orders; ours are durable and heard."""
    run = _loaded()
    note = (
        f"orders/s of CPU: ours {_BURST / run.burst_cpu_s:.0f}, ccxt {_BURST / run.ccxt_cpu_s:.0f}; "
        f"without the gate, which has a row of its own; {run.busy}"
    )
    return Measure(run.ccxt_cpu_s / run.burst_cpu_s, note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    wire_p50_ms: float
    wire_p99_ms: float
    wrong: int
    burst_s: float
    burst_cpu_s: float
    ccxt_cpu_s: float
    sync_us: float
    busy: str


@cache
def _loaded() -> _Load:
    """One run for the rows of the road: steady, then the burst, then ccxt alone."""
    with _folder() as folder, sandbox() as url:
        return uvloop.run(_load(url, folder, load()))


async def _load(url: str, folder: Path, busy: str) -> _Load:
    steady = _STEADY_S * _PER_S
    sync_us = journal.bare_sync_us(folder)
    async with open_road(url, folder) as road:
        await road.place(-1)  # opens what is opened with the first order
        await place_at(road, range(steady), _PER_S)
        p50_ms, p99_ms = road.wire_ms()
        started, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.gather(*(road.place(number) for number in range(steady, steady + _BURST)))
        burst_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
        wrong = await road.lost_or_doubled()
        bids = road.bids
    return _Load(
        wire_p50_ms=p50_ms,
        wire_p99_ms=p99_ms,
        wrong=wrong,
        burst_s=burst_s,
        burst_cpu_s=cpu_s,
        ccxt_cpu_s=await bare_ccxt(url, bids, _BURST),
        sync_us=sync_us,
        busy=busy,
    )


async def _journal(folder: Path) -> tuple[float, float, float]:
    """Commits a second together, seconds of one alone, CPU seconds of one together."""
    desk = await SqlDesk.open(f"sqlite:///{folder}/desk.sqlite3", world="bench", mode="paper")
    try:
        alone = await _one_by_one(desk.books, journal.entries(range(1, _ALONE)))
        numbers = range(_ALONE, _ALONE + _COUNT)
        waves = [list(journal.entries(numbers)), list(journal.fills(numbers))]
        started, cpu_s = time.perf_counter(), time.process_time()
        for changes in waves:
            await asyncio.gather(*(desk.books.commit(change) for change in changes))
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_s
        return 2 * _COUNT / took_s, alone, cpu_s / _COUNT / 2
    finally:
        await desk.close()


async def _one_by_one(books: Books, changes: Iterable[Change]) -> float:
    times = []
    for change in changes:
        started = time.perf_counter()
        await books.commit(change)
        times.append(time.perf_counter() - started)
    return median(times)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
