"""The stretch of time that a request asks for, in the seconds of Gate's parameters."""

from collections.abc import Mapping

from sandbox.gate.wire import BAD_VALUE, Declined, limited, whole

_FURTHEST_CANDLES = 10_000


def candle_span(
    query: Mapping[str, str], step_ms: int, now_ms: int, default: int, most: int
) -> tuple[int, int]:
    """Start and end (ms, the end excluded) of the candles wanted by `from`, `to` and `limit`.

    Gate goes no further back than 10 000 candles, and gives at most `most` at once.
    """
    first_s, last_s = whole(query, "from"), whole(query, "to")
    limit = limited(query, default, most)
    stop_ms = (now_ms if last_s is None else min(last_s * 1000, now_ms)) + 1
    if first_s is None:
        return -(-stop_ms // step_ms) * step_ms - limit * step_ms, stop_ms
    start_ms = first_s * 1000
    if stop_ms <= start_ms:  # a client limits `to` by its own clock, which knows nothing of market time
        stop_ms = min(start_ms + most * step_ms, now_ms + 1)
    if start_ms < now_ms - _FURTHEST_CANDLES * step_ms:
        raise Declined(BAD_VALUE, "Candlestick too long ago. Maximum 10000 points ago are allowed")
    if stop_ms - start_ms > most * step_ms + 1:
        raise Declined(BAD_VALUE, f"Candlestick range too broad. Maximum {most} data points are allowed")
    return start_ms, stop_ms


def second_span(query: Mapping[str, str], start_ms: int, now_ms: int) -> tuple[int, int]:
    """Start and end (ms, the end excluded) wanted by `from` and `to`; without `from`, from `start_ms`."""
    first_s, last_s = whole(query, "from"), whole(query, "to")
    stop_ms = now_ms if last_s is None else min(last_s * 1000 + 999, now_ms)
    return (start_ms if first_s is None else first_s * 1000), stop_ms + 1
