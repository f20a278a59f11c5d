"""The kill ladder: how soon entries stop, and how soon 200 orders are called back."""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from adapters.side_file import SideFile
from benchmarks.control import Person
from benchmarks.frame import Measure, measures
from benchmarks.order_road import Road, open_road, place_at
from benchmarks.process import ADMIN, Started, desk, sandbox
from engines.risk.latch import KillLevel
from services.killing import KILL, Killing
from services.latches import Latches, LatchNews
from services.stopping.report import KillReport, KillWish
from services.stopping.road import OrderRoad

_TAPS, _RUNS, _ORDERS = 9, 3, 200
_LIMIT_S = 30.0
_BUTTON = '"kk"'


@measures("kill.tap_to_latch_ms")
def tap_to_latch() -> Measure:
    """From the tap in the chat to the latch on the disk, through the whole desk, prices streaming."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox() as url,
        desk(url, PERPETUUM_DESK__DATA_DIR=folder) as process,
    ):
        times = [_tapped(Person(url, ADMIN), process, Path(folder)) for _ in range(_TAPS)]
    note = f"wall, median of {len(times)} taps over the wire, slowest {max(times) * 1000:.0f}"
    return Measure(median(times) * 1000, note=note)


def _tapped(anna: Person, process: Started, folder: Path) -> float:
    """Seconds from one tap to the file, which is written before anything else; cleared afterwards."""
    asked, found = anna.say("/latches"), list[dict[str, Any]]()

    def shown() -> str | None:
        found[:] = [one for one in anna.answers(asked) if _BUTTON in json.dumps(one)]
        return _BUTTON if found else None

    process.wait_until(shown, limit_s=60)
    begin = time.time()
    anna.tap(found[0], "kk")
    process.wait_until(lambda: KILL if _latched(folder) else None, limit_s=_LIMIT_S)
    took_s = (folder / "latches.json").stat().st_mtime - begin
    anna.ask("/resume kill confirm")
    return took_s


def _latched(folder: Path) -> bool:
    path = folder / "latches.json"
    return path.exists() and any(one["id"] == KILL for one in json.loads(path.read_text()))


@measures("kill.cancels_200_s")
def cancels_200() -> Measure:
    """From the confirmation to the last cancel sent, with 200 orders resting at the sandbox's Bybit."""
    with sandbox() as url:
        kills = [asyncio.run(_killed(url, run)) for run in range(_RUNS)]
    sent, verified = median(one.sent_s for one in kills), median(one.verified_s for one in kills)
    return Measure(sent, note=f"wall, median of {_RUNS}; verified by the venue after {verified:.2f} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Killed:
    sent_s: float
    verified_s: float


async def _killed(url: str, run: int) -> _Killed:
    with tempfile.TemporaryDirectory() as folder:
        async with open_road(url, Path(folder)) as road:
            await place_at(road, range(run * _ORDERS, (run + 1) * _ORDERS), 200.0)
            return await _kill(road, Path(folder))


async def _kill(road: Road, folder: Path) -> _Killed:
    clock, done = road.orders.clock, asyncio.Event()
    latches = Latches(SideFile(folder / "latches.json"), road.desk.latches, clock, _silent)
    await latches.load()
    ladder = OrderRoad(road.orders, road.orders.register, road.orders.placing.quotes, clock)
    killing = Killing(
        latches,
        ladder,
        road.orders.books,
        clock,
        road.desk.facts,
        itertools.count().__str__,
        _hearing(done),
    )
    working = asyncio.create_task(killing.run())
    begin = clock.wire_now()
    await killing.start(KillWish(level=KillLevel.CANCEL, at=begin))
    async with asyncio.timeout(_LIMIT_S):
        await done.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    report = killing.report
    assert report is not None
    assert report.canceled_at is not None
    assert report.verified_at is not None
    return _Killed(
        sent_s=(report.canceled_at - begin).total_seconds(),
        verified_s=(report.verified_at - begin).total_seconds(),
    )


def _hearing(done: asyncio.Event) -> Callable[[KillReport], None]:
    def hear(report: KillReport) -> None:
        if report.is_done:
            done.set()

    return hear


async def _silent(news: LatchNews) -> None:
    """Nobody is there to be told."""
