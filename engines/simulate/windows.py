"""Walk-forward: a window is a stretch to choose parameters on, and a later one to try them on.

    anchored   |train ......|purge|test|              rolling   |train ...|purge|test|
               |train ...........|purge|test|                        |train ...|purge|test|

What is chosen on a training stretch has seen nothing of the test after it: the bars between the two (`purge`)
are in neither, so that no position of the training reaches into the test. After each test `embargo` is left
out before the next test begins. (López de Prado, Advances in Financial Machine Learning, 2018, chapter 7.)
"""

from dataclasses import dataclass
from enum import StrEnum

from engines.core.moment import utc
from engines.metrics.days import DAY_MS


class Anchor(StrEnum):
    """Where training begins: always at the first bar, or a fixed time before each test."""

    ANCHORED = "anchored"
    ROLLING = "rolling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to cut windows; lengths in milliseconds. `train_ms` is the length of each training stretch, of
    the first one if it is anchored.

    Raises `ValueError` for lengths that cannot be.
    """

    anchor: Anchor
    train_ms: int
    test_ms: int
    purge_ms: int = 0
    embargo_ms: int = 0

    def __post_init__(self) -> None:
        if self.train_ms <= 0 or self.test_ms <= 0:
            raise ValueError("training and test must be longer than nothing")
        if self.purge_ms < 0 or self.embargo_ms < 0:
            raise ValueError("purge and embargo cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Training from `train_start_ms` until before `train_stop_ms`, the test likewise; UTC ms."""

    number: int
    train_start_ms: int
    train_stop_ms: int
    test_start_ms: int
    test_stop_ms: int


def windows(start_ms: int, stop_ms: int, plan: Plan) -> tuple[Window, ...]:
    """Windows from `start_ms` to `stop_ms`, only those whose test fits in whole. Tests never overlap.

    Raises `ValueError` when not one of them fits.
    """
    found: list[Window] = []
    test_ms = start_ms + plan.train_ms + plan.purge_ms
    while test_ms + plan.test_ms <= stop_ms:
        train_stop_ms = test_ms - plan.purge_ms
        is_rolling = plan.anchor is Anchor.ROLLING
        found.append(
            Window(
                number=len(found) + 1,
                train_start_ms=train_stop_ms - plan.train_ms if is_rolling else start_ms,
                train_stop_ms=train_stop_ms,
                test_start_ms=test_ms,
                test_stop_ms=test_ms + plan.test_ms,
            )
        )
        test_ms += plan.test_ms + plan.embargo_ms
    if not found:
        raise ValueError(
            f"training, purge and test take {_days(plan.train_ms + plan.purge_ms + plan.test_ms)}, but there "
            f"are {_days(stop_ms - start_ms)} from {utc(start_ms):%Y-%m-%d} to {utc(stop_ms):%Y-%m-%d}: take "
            "shorter ones"
        )
    return tuple(found)


def _days(length_ms: int) -> str:
    return f"{length_ms / DAY_MS:g} days"
