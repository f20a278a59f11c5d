"""What a market did between two looks at it. Values."""

from dataclasses import dataclass

from engines.core.candle import Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The market from `start_ms` to `at_ms` (UTC): where it began and ended, and how far it went meanwhile.

    The order of its extremes is not known. Prices are floats, in the quote currency.
    """

    start_ms: int
    at_ms: int
    open: float
    high: float
    low: float
    close: float


def stretch_of(previous: Bar | None, bar: Bar) -> Stretch:
    """What happened since `previous`, the telling of the same market and timeframe before this one.

    An extreme of a candle that is still forming counts only where it is new, for an old one was met before.
    A candle of which nothing was told yet begins whole.
    """
    if previous is None or previous.time_ms != bar.time_ms:
        return Stretch(
            start_ms=bar.time_ms,
            at_ms=_told_ms(bar),
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
        )
    return Stretch(
        start_ms=_told_ms(previous),
        at_ms=_told_ms(bar),
        open=previous.close,
        high=bar.high if bar.high > previous.high else max(previous.close, bar.close),
        low=bar.low if bar.low < previous.low else min(previous.close, bar.close),
        close=bar.close,
    )


def _told_ms(bar: Bar) -> int:
    """Up to when the bar tells of the market: the news of a close comes a little after it."""
    close_ms = bar.time_ms + bar.timeframe.ms
    return close_ms if bar.is_closed else min(bar.at_ms, close_ms)
