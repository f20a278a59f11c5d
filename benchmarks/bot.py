"""The desk as a process: how soon it answers, how much memory it needs."""

import os
import time
from statistics import median

from benchmarks.control import Person
from benchmarks.frame import Measure, measures
from benchmarks.process import ADMIN, Started, desk, family, pss_mb, sandbox
from benchmarks.soak import soak

_RUNS = 5
_PAUSE_S = 5.0
_COINS = ("BTC", "ETH", "SOL", "XRP", "DOGE")
_FRAMES = ("5m", "1h", "1d")


@measures("bot.start_to_answer_s")
def start_to_answer() -> Measure:
    """Real seconds from the start of the process to the first answer to /start, the sandbox being up."""
    with sandbox() as url:
        times = [_start_to_answer(url) for _ in range(_RUNS)]
    return Measure(median(times), note=f"wall, median of {_RUNS} starts, slowest {max(times):.2f}")


def _start_to_answer(url: str) -> float:
    anna = Person(url, ADMIN)
    begin = time.perf_counter()
    with desk(url) as process:
        asked = anna.say("/start")
        process.wait_until(lambda: "yes" if anna.answers(asked) else None, limit_s=60)
        return time.perf_counter() - begin


@measures("bot.rss_mb")
def memory() -> Measure:
    """Memory of the desk and its workers after minutes of charts, prices and lists.

    `BENCH_MINUTES` (10) says how many minutes.
    """
    minutes = float(os.environ.get("BENCH_MINUTES", "10"))
    with sandbox() as url, desk(url) as process:
        anna = Person(url, ADMIN)
        anna.ask("/start", limit_s=60)
        charts = _use(anna, until=time.monotonic() + minutes * 60)
        sizes = _sizes(process)
    shown = " + ".join(f"{size:.0f}" for size in sizes)
    return Measure(sum(sizes), note=f"PSS {shown}, after {minutes:g} minutes and {charts} charts, 50 pairs")


def _use(person: Person, until: float) -> int:
    charts = 0
    while time.monotonic() < until:
        coin, frame = _COINS[charts % len(_COINS)], _FRAMES[charts % len(_FRAMES)]
        for text in (f"/chart {coin} {frame}", f"/price {coin}", "/top", "/status"):
            person.ask(text)
        charts += 1
        time.sleep(min(_PAUSE_S, max(0.0, until - time.monotonic())))
    return charts


def _sizes(process: Started) -> list[float]:
    return [pss_mb(pid) for pid in family(process.process.pid)]


@measures("bot.soak_growth_mb")
def soak_growth() -> Measure:
    """Growth of the desk's memory over simulated weeks at work, once its caches are full.

    `BENCH_SOAK_DAYS` (14) and `BENCH_SOAK_SPEED` (2000 market seconds a second) say how long and how fast.
    """
    days = float(os.environ.get("BENCH_SOAK_DAYS", "14"))
    speed = float(os.environ.get("BENCH_SOAK_SPEED", "2000"))
    with sandbox() as url, desk(url, PERPETUUM_LOG__LEVEL="info") as process:
        seen = soak(url, process, days=days, speed=speed)
    note = (
        f"{days:g} days at x{speed:g}, {len(seen.samples)} requests, from {seen.samples[0].memory_mb:.0f} to "
        f"{seen.samples[-1].memory_mb:.0f} MB, {seen.mb_a_day:+.2f} MB a day after settling, "
        f"tasks {seen.more_tasks:+.0f}"
    )
    return Measure(max(seen.growth_mb, 0.0), note=note)
