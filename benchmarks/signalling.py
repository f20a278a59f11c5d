"""How soon after the close of a candle a signal is written down together with its cards."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median
from typing import Any

from benchmarks.control import Control, Person
from benchmarks.frame import Measure, Skipped, measures
from benchmarks.process import ADMIN, Started, desk, sandbox

PAIRS = 50
_FILLING_SPEED = 60.0
_LEAST = 20


@measures("signals.close_to_message_p99_ms")
def close_to_message() -> Measure:
    """From the moment at which a candle ends to the commit of its signal and cards, 50 pairs by 5 timeframes
    over the wire; real milliseconds, the venue's own delay included.

    `BENCH_SIGNAL_MINUTES` (5) and `BENCH_SIGNAL_SPEED` (150 market seconds a second) say how long and fast.
    """
    minutes = float(os.environ.get("BENCH_SIGNAL_MINUTES", "5"))
    speed = float(os.environ.get("BENCH_SIGNAL_SPEED", "150"))
    settings = {"PERPETUUM_LOG__LEVEL": "info", "PERPETUUM_LOG__FORMAT": "json"}
    collected = {
        "PERPETUUM_MARKET__COLLECTED": str(PAIRS),
        "PERPETUUM_MARKET__COLLECTED_MIN_TURNOVER_USD": "0",
    }
    with sandbox() as url, desk(url, **settings, **collected) as process:
        Person(url, ADMIN).ask("/start", limit_s=60)
        control = Control(url)
        control.set_speed(_FILLING_SPEED)
        process.wait_until(lambda: _filled(process), limit_s=900)
        control.set_speed(speed)
        begun = len(_delays(process))
        time.sleep(minutes * 60)
        delays = sorted(_delays(process)[begun:])
    if len(delays) < _LEAST:
        raise Skipped(f"only {len(delays)} signals in {minutes:g} minutes: too few to tell")
    p99 = delays[ceil(0.99 * len(delays)) - 1]
    spread = f"median {median(delays):.0f}, worst {delays[-1]:.0f}"
    note = f"{len(delays)} signals, {PAIRS} pairs, x{speed:g}, {spread}"
    return Measure(p99, note=note)


def _filled(process: Started) -> str | None:
    """Whether every series is as deep as it should be."""
    for event in _events(process, "candles"):
        done, _, wanted = str(event["filled"]).partition("/")
        if done == wanted != "0" and event["markets"] == PAIRS:
            return "filled"
    return None


def _delays(process: Started) -> Sequence[float]:
    return [float(event["after_ms"]) for event in _events(process, "signal")]


def _events(process: Started, name: str) -> Iterator[dict[str, Any]]:
    for line in process.words.splitlines():
        if f'"{name}"' in line and line.startswith("{") and line.endswith("}"):
            event = json.loads(line)
            if event.get("event") == name:
                yield event
