"""Rounds of chaos: a desk that is killed twice on the wire, with trouble at its venues, must come to what
they have. `make chaos` plays many, `make chaos SEED=N ROUNDS=1` the one of that seed again.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from shutil import copyfile

import orjson

from adapters.sql.desk import SqlDesk
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from tests.build.chaos_audit import cash_of, differences
from tests.build.chaos_life import ACCOUNTS, WORLD
from tests.build.chaos_plan import Kill, Plan, a_plan
from tests.build.chaos_world import ChaosWorld, a_chaos_world
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording

ROOT = Path(__file__).resolve().parent.parent.parent
START_MS = JANUARY_MS + 3 * DAY
NOW_MS = START_MS + 7 * HOUR + 23 * MINUTE
LIFE_S = 120.0
SAY_EVERY = 10
BY_ITSELF = "by itself"
LATE_S = 0.4
"""Longer than any fill is told late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a round; without `problems` all agree."""

    seed: int
    seconds: float
    kills: tuple[str, ...]
    orders: int
    problems: tuple[str, ...]
    log: str = field(repr=False)


@dataclass(slots=True)
class Lane:
    """Lives, one after the other, of one zygote."""

    zygote: Process
    life: int | None = None

    async def bear(self, url: str, folder: Path, plan: Plan) -> int:
        """Start a life; the number of its process."""
        wanted = {
            "url": url,
            "folder": str(folder),
            "log": str(folder / "desk.log"),
            "actions": [asdict(action) for action in plan.actions],
        }
        assert self.zygote.stdin is not None
        self.zygote.stdin.write(orjson.dumps(wanted) + b"\n")
        await self.zygote.stdin.drain()
        self.life = await self._number()
        return self.life

    async def end(self) -> int:
        """How the life ended; negative: by that signal. One that takes too long is ended."""
        ending = asyncio.ensure_future(self._number())
        done, _ = await asyncio.wait([ending], timeout=LIFE_S)
        if not done:
            self.stop()
        code = await ending
        self.life = None
        return code

    def stop(self) -> None:
        """End the life that runs, if one does."""
        if self.life is not None:
            os.kill(self.life, signal.SIGKILL)

    async def _number(self) -> int:
        assert self.zygote.stdout is not None
        return int(await self.zygote.stdout.readline())


@asynccontextmanager
async def a_lane() -> AsyncIterator[Lane]:
    """A zygote that has imported everything."""
    zygote = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.build.chaos_zygote", cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    try:
        assert zygote.stdout is not None
        await zygote.stdout.readline()
        lane = Lane(zygote)
        try:
            yield lane
        finally:
            lane.stop()
    finally:
        if zygote.stdin is not None:
            zygote.stdin.close()
        await zygote.wait()


@dataclass(slots=True)
class Arena:
    """What all rounds share: the recorded market, and an empty database to begin with."""

    origin: Origin
    template: Path
    folder: Path
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def at(cls, folder: Path) -> "Arena":
        """Prepare it in an empty folder."""
        origin = recorded_origin(a_recording(folder / "recording"), START_MS)
        template = folder / "template.sqlite3"
        desk = await SqlDesk.open(f"sqlite:///{template}", world=WORLD, mode="paper")
        await desk.close()
        return cls(origin, template, folder)

    async def round(self, seed: int, lane: Lane) -> Outcome:
        """Play the round of a seed."""
        began, plan, folder = time.monotonic(), a_plan(seed), self.folder / f"round-{seed}"
        folder.mkdir()
        copyfile(self.template, folder / "desk.sqlite3")
        async with a_chaos_world(self.origin, NOW_MS) as world:
            opening = {name: cash_of(world.account(name)) for name in ACCOUNTS}
            hand = asyncio.create_task(world.trade_along(Random(seed)))
            try:
                kills, code = await _lives(world, folder, plan, lane)
            finally:
                hand.cancel()
                await asyncio.gather(hand, return_exceptions=True)
            problems = [] if code == 0 else [f"the last life ended with {code}"]
            async with self._opening:  # schemas are looked at one at a time
                problems += await differences(world, folder, opening)
            orders = sum(len(world.account(name).orders) for name in ACCOUNTS)
        log = (folder / "desk.log").read_text(encoding="utf-8", errors="replace")
        return Outcome(
            seed=seed,
            seconds=time.monotonic() - began,
            kills=kills,
            orders=orders,
            problems=tuple(problems),
            log=log,
        )


async def _lives(world: ChaosWorld, folder: Path, plan: Plan, lane: Lane) -> tuple[tuple[str, ...], int]:
    """Lives that are killed, with trouble, and a last one in peace; where they ended, and its exit code."""
    ended = []
    world.faults.merge(plan.faults)
    for kill in plan.kills:
        await _life(world, folder, plan, lane, kill)
        ended.append(world.killer.ended_at or f"{BY_ITSELF} after {world.killer.seen}")
    world.faults.clear()
    await asyncio.sleep(LATE_S)
    return tuple(ended), await _life(world, folder, plan, lane, None)


async def _life(world: ChaosWorld, folder: Path, plan: Plan, lane: Lane, kill: Kill | None) -> int:
    world.killer.aim(await lane.bear(world.url, folder, plan), kill)
    return await lane.end()


async def rounds(seeds: range, lanes: int, folder: Path) -> AsyncIterator[Outcome]:
    """Play the rounds of these seeds, so many at once; outcomes as they come."""
    arena, waiting = await Arena.at(folder), iter(seeds)
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    async def play() -> None:
        async with a_lane() as lane:
            for seed in waiting:
                await outcomes.put(await arena.round(seed, lane))

    async with asyncio.TaskGroup() as players:
        for _ in range(min(lanes, len(seeds))):
            players.create_task(play())
        for _ in seeds:
            yield await outcomes.get()


def main() -> int:
    """Play rounds, say what came of them; 1 when anything differs."""
    options = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    options.add_argument("--rounds", type=int, default=500)
    options.add_argument("--seed", type=int, default=1, help="of the first round")
    options.add_argument("--lanes", type=int, default=4, help="rounds at once")
    options.add_argument("--verbose", action="store_true", help="show the log of every round")
    chosen = options.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed desk breaks off in mid-word
    return asyncio.run(_report(chosen))


async def _report(chosen: argparse.Namespace) -> int:
    began, failed = time.monotonic(), list[int]()
    done = killed = orders = 0
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(chosen.seed, chosen.seed + chosen.rounds)
        async for outcome in rounds(seeds, chosen.lanes, Path(folder)):
            killed += sum(not one.startswith(BY_ITSELF) for one in outcome.kills)
            orders += outcome.orders
            if chosen.verbose or outcome.problems:
                _say(f"{outcome}\n{outcome.log}")
            if outcome.problems:
                failed.append(outcome.seed)
            done += 1
            if done % SAY_EVERY == 0:
                _say(f"{done} rounds, differences in {len(failed)}")
    seconds = time.monotonic() - began
    _say(
        f"{chosen.rounds} rounds, {killed} kills, {orders} orders, {seconds:.0f} s, "
        f"differences in {len(failed)}{f': seeds {sorted(failed)}' if failed else ''}"
    )
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
