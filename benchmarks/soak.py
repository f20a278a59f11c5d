"""A desk at work for simulated weeks: does it hold on to memory or tasks?"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from statistics import linear_regression, median

from benchmarks.control import Control, Person
from benchmarks.process import ADMIN, Started, pss_mb

DAY_S = 86_400.0
_PAUSE_S = 0.5
_SETTLING = 0.5
"""The part of two weeks in which caches and pools fill up, last of all a thousand quarters of an hour of
each market; what comes after must be flat."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The desk's own process at a moment: `day` counts simulated days."""

    day: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Soak:
    """What was seen. `tasks` are counts of asyncio tasks, one a heartbeat of the desk."""

    samples: Sequence[Sample]
    tasks: Sequence[int]

    @property
    def growth_mb(self) -> float:
        """Memory of the last quarter over that of the third one, medians."""
        return _rise([sample.memory_mb for sample in self.samples])

    @property
    def more_tasks(self) -> float:
        """Tasks of the last quarter over those of the third one, medians."""
        return _rise(self.tasks)

    @property
    def mb_a_day(self) -> float:
        """Slope of memory over simulated days, after the settling."""
        settled = self.samples[round(len(self.samples) * _SETTLING) :]
        return linear_regression([one.day for one in settled], [one.memory_mb for one in settled]).slope


def _rise(values: Sequence[float]) -> float:
    quarter = max(len(values) // 4, 1)
    return median(values[-quarter:]) - median(values[-2 * quarter : -quarter] or values)


def soak(sandbox_url: str, process: Started, *, days: float, speed: float) -> Soak:
    """Use a desk for so many simulated days at that speed."""
    anna, control = Person(sandbox_url, ADMIN), Control(sandbox_url)
    anna.ask("/start", limit_s=60)
    samples, steps = [], _use(anna)
    control.set_speed(speed)
    begin = control.market_s()
    try:
        while (day := (control.market_s() - begin) / DAY_S) < days:
            next(steps)
            samples.append(Sample(day, pss_mb(process.process.pid)))
            time.sleep(_PAUSE_S)
    finally:
        control.set_speed(1)
    return Soak(samples, heartbeats(process.words))


def _use(person: Person) -> Iterator[None]:
    """What somebody does all day, a thing or two a step: looks, trades, sets alerts, takes them back."""
    for coin, frame in cycle((("BTC", "5m"), ("ETH", "1h"), ("SOL", "4h"), ("XRP", "1d"), ("DOGE", "15m"))):
        for text in (f"/chart {coin} {frame}", f"/price {coin}", "/top", f"/watch {coin}", "/status"):
            _say(person, text)
            yield
        _open(person, f"/trade {coin} long 20 sl 2% tp 1% 2% 3% x2")
        _say(person, f"/alert {coin} > 1%")
        yield
        for text in ("/trades", "/portfolio", "/alerts", f"/watch -{coin}", "/settings"):
            _say(person, text)
            yield
        _open(person, f"/trade {coin} short 20 sl 2% tp 1% x2")
        _say(person, f"/close {coin}")
        yield


def _say(person: Person, text: str) -> None:
    person.ask(text, limit_s=60)


def _open(person: Person, text: str) -> None:
    """Ask for a trade, and open it where that is offered."""
    offer = person.ask(text, limit_s=60)
    labels = [button["text"] for row in offer["buttons"] for button in row]
    if "Open" in labels:
        person.tap(offer, "Open")


def heartbeats(words: str) -> Sequence[int]:
    """Task counts from a desk's log."""
    lines = (line for line in words.splitlines() if '"heartbeat"' in line and line.endswith("}"))
    return [int(json.loads(line)["tasks"]) for line in lines]
