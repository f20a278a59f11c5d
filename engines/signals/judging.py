"""Where the gates stand and which of them blocks, compiled; `engines.signals.gates` says it in figures."""

from collections.abc import Collection
from typing import Final, NamedTuple

from engines.core.candle import FloatArray
from engines.core.timeframe import Timeframe
from engines.indicators import cells as at
from engines.indicators.kernel import kernel
from engines.signals.evidence import GateName
from engines.signals.grid import Grid
from engines.signals.levels import Ladder, ladder, no_ladder, walls

GATES: Final = len(GateName)
"""What is blocked where none is."""
DATA, TREND, ENTRY, REWARD, VOLATILITY, CONFIDENCE, COOL_DOWN = range(GATES)
"""Places of the gates, in the order in which they are asked."""
PRESENT, MISSING, LATE, WARMING = range(4)
"""What a frame lacks."""
_MOST_BEHIND: Final = 1
"""Bars that a trend timeframe may lack: a candle with a hole in it is left out."""
_FOUR_HOURS_MS, _DAY_MS = Timeframe.H4.ms, Timeframe.D1.ms


class Bounds(NamedTuple):
    """`engines.signals.gates.Params` for what is compiled."""

    stalest_s: float
    least_trend: float
    least_triggers: float
    least_reward: float
    most_volatility: float
    least_confidence: float
    cool_down_ms: int
    strong_touches: int


class Moment(NamedTuple):
    """When a market is looked at: the age of its data, and when the last signal of the pair was made, if
    there was one."""

    now_ms: int
    age_s: float
    has_signal: bool
    signal_ms: int


class Judged(NamedTuple):
    """`blocked` is the place of the gate that blocked, `GATES` where none did. The ladder was reckoned if the
    gate of the reward was reached."""

    blocked: int
    ladder: Ladder


def masked(names: Collection[GateName]) -> int:
    """The gates to be asked as bits."""
    return sum(1 << place for place, name in enumerate(GateName) if name in names)


@kernel
def judged(
    entry: FloatArray,
    four_hours: FloatArray,
    is_known: bool,
    moment: Moment,
    direction: int,
    triggers: float,
    confidence: float,
    bounds: Bounds,
    grid: Grid,
    asked: int,
) -> Judged:
    """Ask the gates whose bit is set in `asked`, in order, until one blocks. `is_known`: no frame lacks
    anything. `direction` and the points of `triggers` (for long less for short) are those of the evidence.
    The cells are looked at from the gate of the reward on."""
    steps = no_ladder()
    for gate in range(GATES):
        if asked >> gate & 1 == 0:
            continue
        if gate == DATA:
            is_open = is_known and moment.age_s <= bounds.stalest_s
        elif gate == TREND:
            is_open = direction != 0
        elif gate == ENTRY:
            is_open = direction * triggers >= bounds.least_triggers
        elif gate == REWARD:
            steps = ladder(entry, direction, walls(entry, four_hours, bounds.strong_touches), grid)
            is_open = steps.is_possible and steps.risk_reward >= bounds.least_reward
        elif gate == VOLATILITY:
            is_open = entry[at.ATR14] <= bounds.most_volatility * entry[at.ATR_NORM]
        elif gate == CONFIDENCE:
            is_open = confidence >= bounds.least_confidence
        else:
            rested_ms = moment.now_ms - moment.signal_ms
            is_open = not moment.has_signal or rested_ms >= bounds.cool_down_ms
        if not is_open:
            return Judged(gate, steps)
    return Judged(GATES, steps)


@kernel
def lacking(
    entry: FloatArray, four_hours: FloatArray, day: FloatArray, entry_ms: int, now_ms: int
) -> tuple[int, int, int]:
    """What is wrong with each frame; `entry_ms` is the length of the entry's bars."""
    return (
        _lack(entry, now_ms, entry_ms, True),
        _lack(four_hours, now_ms, _FOUR_HOURS_MS, False),
        _lack(day, now_ms, _DAY_MS, False),
    )


@kernel
def _lack(cells: FloatArray, now_ms: int, length_ms: int, is_entry: bool) -> int:
    """What is wrong with a frame. That of the entry has to be the last one that closed."""
    if cells[at.KNOWN] == 0.0:
        return MISSING
    behind = 0 if is_entry else _MOST_BEHIND
    closed_ms = int(cells[at.TIME]) + length_ms
    if now_ms - closed_ms >= (1 + behind) * length_ms:
        return LATE
    norm = cells[at.ATR_NORM] if is_entry else 0.0
    return PRESENT if norm == norm and cells[at.ATR14] > 0.0 else WARMING
