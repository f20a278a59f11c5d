"""Rounds of chaos: a desk that is killed twice, with trouble at its venues, must come to what they have.
`make chaos` plays many, `make chaos SEED=N ROUNDS=1` the one of that seed again, and `make week` such that go
on for seven market days.
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
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from shutil import copyfile

import orjson

from adapters.sql.desk import SqlDesk
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from sandbox.wiretap import Phase
from tests.build.chaos_audit import differences, fundings_of
from tests.build.chaos_life import ACCOUNTS, WORLD
from tests.build.chaos_plan import Kill, Plan, Step, a_plan, a_week
from tests.build.chaos_world import ChaosWorld, a_chaos_world
from tests.build.locks import locked_now_and_then
from tests.build.recordings import DAY, HOUR, JANUARY_MS, MINUTE, a_recording

ROOT = Path(__file__).resolve().parent.parent.parent
START_MS = JANUARY_MS + 3 * DAY
DAYS = 12
NOW_MS = START_MS + 7 * HOUR + 23 * MINUTE
LIFE_S = 120.0
DAY_S = 86_400
SAY_EVERY = 10
BY_ITSELF = "by itself"
LATE_S = 0.4
"""Longer than any fill is told late."""

Plans = Callable[[int], Sequence[Plan]]
"""What is planned for the round of a seed: its stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a round that went on for so many market `days`; without `problems` all agree."""

    seed: int
    days: float
    seconds: float
    kills: tuple[str, ...]
    orders: int
    fundings: int
    problems: tuple[str, ...]
    log: str = field(repr=False)


@dataclass(slots=True)
class Lane:
    """Lives, one after the other, of one zygote."""

    zygote: Process
    life: int | None = None

    async def bear(self, url: str, folder: Path, plan: Plan, kill: Kill | None) -> int:
        """Start a life; the number of its process. It ends itself where it is to end at a commit."""
        wanted = {
            "url": url,
            "folder": str(folder),
            "log": str(folder / "desk.log"),
            "actions": [asdict(action) for action in plan.actions],
            "last_step": _last_step(kill),
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
    """What all rounds share: the recorded market, an empty database to begin with, and whether somebody locks
    the desk's again and again."""

    origin: Origin
    template: Path
    folder: Path
    is_locked: bool = False
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def at(cls, folder: Path, *, is_locked: bool = False) -> "Arena":
        """Prepare it in an empty folder."""
        origin = recorded_origin(a_recording(folder / "recording", DAYS), START_MS)
        template = folder / "template.sqlite3"
        desk = await SqlDesk.open(f"sqlite:///{template}", world=WORLD, mode="paper")
        await desk.close()
        return cls(origin, template, folder, is_locked)

    async def round(self, seed: int, plans: Sequence[Plan], lane: Lane) -> Outcome:
        """Play the stages of a round, as long as nothing differs."""
        began, folder = time.monotonic(), self.folder / f"round-{seed}"
        folder.mkdir()
        copyfile(self.template, folder / "desk.sqlite3")
        kills, problems = list[str](), list[str]()
        async with a_chaos_world(self.origin, NOW_MS) as world:
            hand = asyncio.create_task(world.trade_along(Random(seed)))
            try:
                for plan in plans:
                    async with self._locks(folder, plan.seed):
                        ended, code = await _lives(world, folder, plan, lane)
                    kills += ended
                    problems += [] if code == 0 else [f"the last life ended with {code}"]
                    async with self._opening:  # schemas are looked at one at a time
                        problems += await differences(world, folder)
                    if problems:
                        break
                    await world.go_on(plan.until_s)
            finally:
                hand.cancel()
                await asyncio.gather(hand, return_exceptions=True)
            orders = sum(len(world.account(name).orders) for name in ACCOUNTS)
            fundings = sum(len(fundings_of(world.account(name))) for name in ACCOUNTS)
            days = world.passed_s / DAY_S
        log = (folder / "desk.log").read_text(encoding="utf-8", errors="replace")
        return Outcome(
            seed=seed,
            days=days,
            seconds=time.monotonic() - began,
            kills=tuple(kills),
            orders=orders,
            fundings=fundings,
            problems=tuple(problems),
            log=log,
        )

    def _locks(self, folder: Path, seed: int) -> AbstractAsyncContextManager[None]:
        """Of the desk's database, while its lives last."""
        if not self.is_locked:
            return nullcontext()
        return locked_now_and_then(folder / "desk.sqlite3", Random(seed))


async def _lives(world: ChaosWorld, folder: Path, plan: Plan, lane: Lane) -> tuple[list[str], int]:
    """Lives that are killed, with trouble, and a last one in peace; where they ended, and its exit code."""
    ended, random = [], Random(plan.seed)
    world.faults.merge(plan.faults)
    world.is_calm = False
    for kill in plan.kills:
        code = await _life(world, folder, plan, lane, kill)
        ended.append(world.killer.ended_at or _where(code, kill, world.killer.seen))
        for name in ACCOUNTS:
            world.move_money(name, random)
        await world.go_on(world.passed_s + kill.dead_s)
    world.is_calm = True
    world.faults.clear()
    await asyncio.sleep(LATE_S)
    return ended, await _life(world, folder, plan, lane, None)


def _where(code: int, kill: Kill, seen: int) -> str:
    """Where a life ended that was not ended at the wire."""
    if code == -signal.SIGKILL and kill.step is Step.JOURNAL:
        return f"{kill.phase} commit {kill.number}"
    return f"{BY_ITSELF} after {seen}"


def _last_step(kill: Kill | None) -> int | None:
    """The step of the journal, of which a commit has two, that is a life's last."""
    if kill is None or kill.step is not Step.JOURNAL:
        return None
    return 2 * kill.number - (kill.phase is Phase.BEFORE)


async def _life(world: ChaosWorld, folder: Path, plan: Plan, lane: Lane, kill: Kill | None) -> int:
    world.killer.aim(await lane.bear(world.url, folder, plan, kill), kill)
    return await lane.end()


async def rounds(
    seeds: range,
    lanes: int,
    folder: Path,
    plans: Plans = lambda seed: [a_plan(seed)],
    *,
    is_locked: bool = False,
) -> AsyncIterator[Outcome]:
    """Play the rounds of these seeds, so many at once; outcomes as they come."""
    arena, waiting = await Arena.at(folder, is_locked=is_locked), iter(seeds)
    outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    async def play() -> None:
        async with a_lane() as lane:
            for seed in waiting:
                await outcomes.put(await arena.round(seed, plans(seed), lane))

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
    options.add_argument(
        "--stages", type=int, default=0, help="of a round that goes on for seven market days"
    )
    options.add_argument(
        "--locked", action="store_true", help="lock the desk's database again and again meanwhile"
    )
    options.add_argument("--verbose", action="store_true", help="show the log of every round")
    chosen = options.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed desk breaks off in mid-word
    return asyncio.run(_report(chosen))


async def _report(chosen: argparse.Namespace) -> int:
    began, failed = time.monotonic(), list[int]()
    done = killed = orders = fundings = 0
    days = 0.0
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(chosen.seed, chosen.seed + chosen.rounds)
        plans, is_locked = _plans(chosen.stages), chosen.locked
        async for outcome in rounds(seeds, chosen.lanes, Path(folder), plans, is_locked=is_locked):
            days += outcome.days
            killed += sum(not one.startswith(BY_ITSELF) for one in outcome.kills)
            orders += outcome.orders
            fundings += outcome.fundings
            if chosen.verbose or outcome.problems:
                _say(f"{outcome}\n{outcome.log}")
            if outcome.problems:
                failed.append(outcome.seed)
            done += 1
            if done % SAY_EVERY == 0:
                _say(f"{done} rounds, differences in {len(failed)}")
    seconds = time.monotonic() - began
    _say(
        f"{chosen.rounds} rounds, {days:.1f} market days, {killed} kills, {orders} orders, "
        f"{fundings} funding payments, {seconds:.0f} s, "
        f"differences in {len(failed)}{f': seeds {sorted(failed)}' if failed else ''}"
    )
    return 1 if failed else 0


def _plans(stages: int) -> Plans:
    return (lambda seed: a_week(seed, stages)) if stages else lambda seed: [a_plan(seed)]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
