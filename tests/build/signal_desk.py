"""Signals laid into the database of a sandbox's desk while it is down, as if it had made them itself."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.sql.database import open_database
from adapters.sql.place import locate
from adapters.sql.signals import SqlSignals
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.signals.course import begin
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, SignalState
from sandbox.recording import read_bars
from tests.build.expected_signals import expected_signals, made_ms

PAST_DAYS = 90
_RESULTS = (1.62, -1.04, 0.44, -1.06, -0.08, 1.55, -1.03, 0.41, -1.05, 0.38)


def real_proposals(
    shared_data: Path, instrument: Instrument, start_ms: int, stop_ms: int
) -> Sequence[Proposal]:
    """What the rules made of a recorded market in that time."""
    five = read_bars(shared_data / "ohlcv" / f"binance_{instrument.symbol}_5m.csv.gz")
    first_ms = Timeframe.D1.floor(start_ms) - PAST_DAYS * Timeframe.D1.ms
    return expected_signals(between(five, first_ms, stop_ms), instrument, start_ms, stop_ms)


def lay(folder: Path, live: Sequence[Proposal], ended: Sequence[Proposal]) -> None:
    """Store live signals, and beside them ended ones, in the desk under a sandbox's state folder."""
    path = folder / "desk" / "desk.sqlite3"
    with ThreadPoolExecutor(1) as aside:  # the browser's driver runs a loop of its own in this thread
        aside.submit(lambda: asyncio.run(_lay(path, live, ended))).result()


async def _lay(path: Path, live: Sequence[Proposal], ended: Sequence[Proposal]) -> None:
    database = open_database(locate(f"sqlite+aiosqlite:///{path}", schema="desk"), is_durable=True)
    try:
        store = SqlSignals(database)
        for number, proposal in enumerate(ended):
            await store.add(proposal, _over(proposal, _RESULTS[number % len(_RESULTS)]), [])
        for proposal in live:
            await store.add(proposal, begin(proposal), [])
    finally:
        await database.close()


def weekly(proposal: Proposal, count: int) -> Sequence[Proposal]:
    """The same signal in each of `count` weeks before."""
    weeks = (timedelta(weeks=number + 1) for number in range(count))
    return [
        replace(proposal, created_at=proposal.created_at - one, expires_at=proposal.expires_at - one)
        for one in weeks
    ]


def _over(proposal: Proposal, result: float) -> Course:
    """A course that ended in the stop or at the target, by its result."""
    made, entry = proposal.created_at, float(proposal.entry_high)
    return Course(
        state=SignalState.STOPPED if result < 1 else SignalState.TP3,
        seen_ms=made_ms(proposal),
        stop=float(proposal.stop),
        entry_price=entry,
        entered_at=made,
        left=0.0,
        gross_r=result,
        hit_at=() if result < 0 else (made + timedelta(hours=1),),
        ended_at=made + timedelta(hours=3),
        exit_price=float(proposal.stop if result < 0 else proposal.targets[2]),
        result_r=result,
    )
