"""Which candles are collected, and how deep."""

from collections.abc import Iterable, Iterator, Mapping

from engines.core.timeframe import Timeframe
from engines.market.gaps import Span

PAGE = 1000
"""Candles in one answer of a venue."""

FIVE = Timeframe.M5
COARSE = (Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)
"""Timeframes that are added up from five minutes."""
KEPT = (FIVE, *COARSE)

_DAY_MS = Timeframe.D1.ms
_DEPTH_DAYS: Mapping[Timeframe, int] = {
    Timeframe.M5: 31,
    Timeframe.M15: 92,
    Timeframe.H1: 731,
    Timeframe.H4: 731,
}
_FOR_EVER = (Timeframe.H1, Timeframe.H4, Timeframe.D1)
_FIRST_MARKET_MS = 1_483_228_800_000  # 2017: no venue of ours has older candles


def depth(timeframe: Timeframe, now_ms: int) -> Span:
    """Closed candles that are wanted at `now_ms`: a month of 5m, three of 15m, two years of 1h and 4h, and
    all there is of 1d."""
    days = _DEPTH_DAYS.get(timeframe)
    start_ms = _FIRST_MARKET_MS if days is None else now_ms - days * _DAY_MS
    return Span(timeframe.floor(start_ms), timeframe.floor(now_ms))


def forgotten_before(timeframe: Timeframe, now_ms: int) -> int | None:
    """Candles that open earlier are thrown away; `None`: they are kept for ever."""
    return None if timeframe in _FOR_EVER else depth(timeframe, now_ms).start_ms


def without(spans: Iterable[Span], known: Iterable[Span]) -> list[Span]:
    """What is left of `spans` outside of all `known` ones."""
    left = list(spans)
    for one in known:
        left = [piece for span in left for piece in _outside(span, one)]
    return left


def _outside(span: Span, known: Span) -> Iterator[Span]:
    before = Span(span.start_ms, min(span.stop_ms, known.start_ms))
    after = Span(max(span.start_ms, known.stop_ms), span.stop_ms)
    if span in (before, after):
        yield span
        return
    yield from (piece for piece in (before, after) if piece.start_ms < piece.stop_ms)
