"""How fast a market is looked through: by the compiled walks, and look by look as the desk decides."""

from itertools import islice
from time import process_time

import numpy as np

from benchmarks.frame import Measure, cpu_s, measures
from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.signals.batch import calls, sights_of
from engines.signals.history import History, histories
from engines.signals.study import looks

DAYS = 365
_SAMPLE = 2_000  # looks, one by one


@measures("signals.looks_per_s")
def looks_per_second() -> Measure:
    """Looks at a year of five minutes and hours: indicators, rules, gates and levels."""
    history = _history()
    series = history.series()
    sights = sights_of(series)
    count = len(calls(sights, history.instrument).looked_ms)
    whole = cpu_s(lambda: calls(sights_of(series), history.instrument))
    again = cpu_s(lambda: calls(sights, history.instrument))
    note = (
        f"CPU, {count} looks, indicators included; another set of parameters {again * 1000:.3g} ms; "
        f"reference: frame by frame with words, as the desk decides, from {_SAMPLE} looks"
    )
    return Measure(count / whole, _SAMPLE / _one_by_one(history), note)


def _one_by_one(history: History) -> float:
    """CPU seconds of looks after half a year; what comes before them only warms up."""
    half_ms = int(history.hours.time_ms[len(history.hours) // 2])
    every = looks(history, start_ms=half_ms)
    next(every)
    start = process_time()
    for _ in islice(every, _SAMPLE):
        pass
    return process_time() - start


def _history() -> History:
    rng = np.random.default_rng(7)
    count = DAYS * 288
    path = 2_000.0 * np.exp(np.cumsum(rng.normal(0, 0.002, count + 1)))
    opened, close = path[:-1].copy(), path[1:].copy()
    fives = Candles(
        time_ms=1_735_689_600_000 + np.arange(count) * Timeframe.M5.ms,
        open=opened,
        high=np.maximum(opened, close) * (1 + 0.001 * rng.random(count)),
        low=np.minimum(opened, close) * (1 - 0.001 * rng.random(count)),
        close=close,
        volume=rng.lognormal(3, 1, count),
    )
    return next(histories("ETHUSDT", resample(fives, Timeframe.H1.ms), fives))
