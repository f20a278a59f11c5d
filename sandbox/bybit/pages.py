"""Lists by pages: the newest first, within a span of time, the next page after the number of the last row."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sandbox.bybit.call import Call
from sandbox.bybit.wire import Declined
from sandbox.quotes import ms_of

WEEK_MS = 7 * 86_400_000

Item = TypeVar("Item")
Place = Callable[[Item], tuple[int, datetime]]
"""The number of a row, which rises, and its time."""


def page(
    call: Call,
    items: Sequence[Item],
    is_meant: Callable[[Item], bool],
    place: Place[Item],
    limits: tuple[int, int],
    *,
    is_timed: bool = True,
) -> tuple[list[Item], str]:
    """The rows of a page and the cursor of the next.

    `items` are in the order of their time. `limits` are how many rows a page has unless asked otherwise, and
    at most. A span is a week at most, and the last one where none is named; a list that is not `is_timed`
    has no span.
    """
    first_ms, last_ms = _span(call) if is_timed else (None, None)
    limit, before = call.limit(*limits), call.whole("cursor")

    def shown() -> Iterator[Item]:
        for item in reversed(items):
            number, at = place(item)
            if first_ms is not None and ms_of(at) < first_ms:
                return
            is_due = last_ms is None or ms_of(at) <= last_ms
            if is_due and (before is None or number < before) and is_meant(item):
                yield item

    rows: list[Item] = []
    for item in shown():
        if len(rows) == limit:
            return rows, str(place(rows[-1])[0])
        rows.append(item)
    return rows, ""


def _span(call: Call) -> tuple[int | None, int | None]:
    first_ms, last_ms = call.whole("startTime"), call.whole("endTime")
    if first_ms is not None and last_ms is not None:
        if last_ms < first_ms:
            raise Declined("params error: endTime must not be before startTime")
        if last_ms - first_ms > WEEK_MS:
            raise Declined("The time range between startTime and endTime cannot exceed 7 days")
    elif first_ms is not None:
        last_ms = first_ms + WEEK_MS
    else:
        first_ms = (call.now_ms if last_ms is None else last_ms) - WEEK_MS
    return first_ms, last_ms
