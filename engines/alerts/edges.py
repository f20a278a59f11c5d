"""What the closes of candles do to an alert on a formula: it fires when the formula turns true."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from engines.alerts.alert import Alert, AlertState
from engines.alerts.formula import Formula
from engines.alerts.market_watch import Change
from engines.alerts.truth import Frames, judge, moments_of, read
from engines.core.moment import utc


@dataclass(frozen=True, slots=True)
class History:
    """Whether a formula holds at the last close (`None`: not known), and how often it turned true within so
    many `closes`."""

    is_true: bool | None
    turned_true: int
    closes: int


def live_through(alert: Alert, formula: Formula, frames: Frames, *, since_ms: int) -> Sequence[Change]:
    """What happened to `alert` at each close after `since_ms`, and after its own `since`, that can be judged.

    It is armed where the formula is false, and fires where it is true then. What turns true while the alert
    rests has to turn again.
    """
    begin_ms = max(since_ms, int(alert.since.timestamp() * 1000))
    moments = moments_of(formula, frames)
    moments = moments[int(np.searchsorted(moments, begin_ms, side="right")) :]
    truth = judge(formula, frames, moments)
    changes: list[Change] = []
    for moment, is_true, is_false in zip(
        moments.tolist(), truth.is_true.tolist(), truth.is_false.tolist(), strict=True
    ):
        if is_true if alert.is_armed else is_false:
            changes.append(_turned(alert, formula, frames, moment))
            alert = changes[-1].alert
        if alert.state is not AlertState.WATCHING:
            break
    return changes


def look_back(formula: Formula, frames: Frames, *, closes: int) -> History:
    """How it went within the last `closes`, those left out at which it is not known."""
    truth = judge(formula, frames, moments_of(formula, frames)[-closes - 1 :])
    is_true, is_known = truth.is_true, truth.is_true | truth.is_false
    return History(
        is_true=bool(is_true[-1]) if len(is_known) and is_known[-1] else None,
        turned_true=int(np.count_nonzero(is_true[1:] & ~is_true[:-1])),
        closes=int(np.count_nonzero(is_known[1:])),
    )


def _turned(alert: Alert, formula: Formula, frames: Frames, moment_ms: int) -> Change:
    at = utc(moment_ms)
    shortest = frames[formula.timeframe]
    place = int(np.searchsorted(shortest.closed_ms, moment_ms))
    price = Decimal(repr(float(shortest.close[place])))
    rests_until = alert.rests_until
    if not alert.is_armed:
        return Change(alert.armed(at), is_fired=False, price=price, at=at)
    if rests_until is not None and at < rests_until:
        return Change(alert.disarmed(at), is_fired=False, price=price, at=at)
    readings = tuple(read(formula, frames, moment_ms))
    return Change(alert.fired(price, at), is_fired=True, price=price, at=at, readings=readings)
