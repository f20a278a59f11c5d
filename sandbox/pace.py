"""How often streams are served."""

from collections.abc import Collection

PUSH_S = 0.5
_SHORTEST_S = 0.05


def pause_s(steps_ms: Collection[int], now_ms: int, speed: float) -> float:
    """How long to wait for the next push to a client that hears candles of these lengths: a candle is told as
    it closes, as venues do, unless time runs so fast that one closes with every push anyway."""
    if not steps_ms or min(steps_ms) < PUSH_S * 1000 * speed or speed <= 0:
        return PUSH_S
    left_ms = min(steps_ms) - now_ms % min(steps_ms)
    return min(PUSH_S, max(left_ms / 1000 / speed, _SHORTEST_S))
