"""Labels of the time axis in a zone: each names the coarsest thing that changed, from year to hour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from adapters.charts.lettering import width
from engines.core.candle import FloatArray, IntArray

_DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class TimeLabel:
    """Words under the middle `x`; `is_major` at the start of a day (of a year on long charts)."""

    x: float
    text: str
    is_major: bool


@dataclass(frozen=True, slots=True)
class _Step:
    minutes: int
    bucket: Callable[[datetime], int]


def _minutes(length: int) -> _Step:
    return _Step(length, lambda at: (at.toordinal() * _DAY_MIN + at.hour * 60 + at.minute) // length)


def _days(length: int) -> _Step:
    return _Step(length * _DAY_MIN, lambda at: (at.toordinal() - 1) // length)


def _months(length: int) -> _Step:
    return _Step(length * 30 * _DAY_MIN, lambda at: (at.year * 12 + at.month - 1) // length)


_LADDER = (
    *(_minutes(length) for length in (1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720)),
    *(_days(length) for length in (1, 2, 7, 14)),
    *(_months(length) for length in (1, 2, 3, 6, 12, 24, 60)),
)


def time_labels(
    time_ms: IntArray,
    x: FloatArray,
    *,
    pixels_per_minute: float,
    zone: tzinfo,
    months: Sequence[str],
    size: int,
    left: float,
    right: float,
) -> list[TimeLabel]:
    """Labels that fit between `left` and `right` without touching, from the finest step that has room."""
    gap = size * 0.9
    needed = max(width(f"30 {month}", size) for month in months) + gap
    step = next((s for s in _LADDER if s.minutes * pixels_per_minute >= needed), _LADDER[-1])
    times = [datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone) for ms in time_ms.tolist()]
    labels = _candidates(times, x.tolist(), step, months)
    return _without_overlap(labels, size, gap, left, right)


def _candidates(
    times: Sequence[datetime], xs: Sequence[float], step: _Step, months: Sequence[str]
) -> list[TimeLabel]:
    labels = []
    shown = times[0]
    for before, at, x in zip(times, times[1:], xs[1:], strict=False):
        if step.bucket(before) != step.bucket(at):
            labels.append(_label(x, shown, at, step, months))
            shown = at
    if not labels:
        labels = [
            TimeLabel(
                xs[-1], f"{times[-1]:%H:%M}" if step.minutes < _DAY_MIN else _day(times[-1], months), False
            )
        ]
    return labels


def _label(x: float, shown: datetime, at: datetime, step: _Step, months: Sequence[str]) -> TimeLabel:
    if step.minutes < _DAY_MIN:
        is_new_day = shown.date() != at.date()
        return TimeLabel(x, _day(at, months) if is_new_day else f"{at:%H:%M}", is_new_day)
    if shown.year != at.year:
        return TimeLabel(x, f"{at.year}", True)
    is_monthly = step.minutes >= 30 * _DAY_MIN
    return TimeLabel(x, months[at.month - 1] if is_monthly else _day(at, months), False)


def _day(at: datetime, months: Sequence[str]) -> str:
    return f"{at.day} {months[at.month - 1]}"


def _without_overlap(
    labels: Sequence[TimeLabel], size: int, gap: float, left: float, right: float
) -> list[TimeLabel]:
    kept: list[tuple[float, float, TimeLabel]] = []
    for label in sorted(labels, key=lambda each: not each.is_major):
        half = width(label.text, size, bold=label.is_major) / 2
        start, end = label.x - half, label.x + half
        is_free = all(
            end + gap <= other_start or start >= other_end + gap for other_start, other_end, _ in kept
        )
        if left <= start and end <= right and is_free:
            kept.append((start, end, label))
    return [label for _, _, label in kept]
