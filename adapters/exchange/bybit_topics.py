"""What each topic of Bybit's public streams says, decoded as late and as little as it can be."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from adapters.exchange.bybit import INTERVALS, BybitDialect, instant
from engines.core.candle import Bar
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.clock import Clock

_TIMESTAMP = re.compile(rb'"ts":(\d+)')
_TIMEFRAMES = {interval: timeframe for timeframe, interval in INTERVALS.items()}
_DIALECT = BybitDialect()


class Topic(Protocol):
    """One topic of one connection."""

    def take(self, raw: bytes) -> None:
        """A message has come. Raises one of `NONSENSE` when it makes no sense."""
        ...

    def news(self) -> Sequence[Any]:
        """What it means, to be told now; once. Raises as `take` does."""
        ...


class SpotTickerTopic:
    """Whole tickers: of those that came together only the newest is read."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._raw: bytes | None = None
        self._at_ms = 0

    def take(self, raw: bytes) -> None:
        found = _TIMESTAMP.search(raw)
        at_ms = int(found[1]) if found else 0
        if self._raw is None:
            self._raw, self._at_ms = raw, at_ms
            return
        is_late = at_ms < self._at_ms
        self._counts["late" if is_late else "superseded"] += 1
        if not is_late:
            self._raw, self._at_ms = raw, at_ms

    def news(self) -> Sequence[Any]:
        raw, self._raw = self._raw, None
        if raw is None:
            return ()
        message = orjson.loads(raw)
        ticker = _DIALECT.ticker(message["data"], instant(message["ts"]))
        return () if ticker is None else (ticker,)


class PerpTickerTopic:
    """A snapshot, then the fields that changed. One that is older than what we hold would turn fields back;
    it is dropped, unless the market's clock was set back."""

    def __init__(self, counts: Counter[str], clock: Clock) -> None:
        self._counts = counts
        self._clock = clock
        self._row: dict[str, Any] = {}
        self._at_ms = 0
        self._is_news = False

    def take(self, raw: bytes) -> None:
        message = orjson.loads(raw)
        at_ms, row = int(message["ts"]), message["data"]
        if message["type"] == "snapshot":
            self._row = dict(row)
        elif not self._row:
            self._counts["orphan"] += 1  # without its snapshot a change says nothing
            return
        elif at_ms < self._at_ms <= _now_ms(self._clock):
            self._counts["late"] += 1
            return
        else:
            self._row |= row
        self._at_ms, self._is_news = at_ms, True

    def news(self) -> Sequence[Any]:
        if not self._is_news:
            return ()
        self._is_news = False
        ticker = _DIALECT.perp_ticker(self._row, instant(self._at_ms))
        return () if ticker is None else (ticker,)


class CandleTopic:
    """Every candle that closed, in the order it came, and the newest state of the one that is forming."""

    def __init__(
        self, symbol: str, kind: MarketKind, timeframe: Timeframe, counts: Counter[str], clock: Clock
    ) -> None:
        self._symbol = symbol
        self._kind = kind
        self._timeframe = timeframe
        self._counts = counts
        self._clock = clock
        self._closed: list[Bar] = []
        self._forming: Bar | None = None
        self._newest: Bar | None = None

    def take(self, raw: bytes) -> None:
        message = orjson.loads(raw)
        for row in message["data"]:
            self._hear(self._bar(row, int(message["ts"])))

    def news(self) -> Sequence[Any]:
        told = [*self._closed, *([self._forming] if self._forming is not None else ())]
        self._closed, self._forming = [], None
        return told

    def _hear(self, bar: Bar) -> None:
        newest = self._newest
        if newest is not None and newest.at_ms > _now_ms(self._clock):
            newest = None  # the market's clock was set back
        if bar == newest:
            self._counts["repeated"] += 1
            return
        if newest is None or _place(bar) > _place(newest):
            self._newest = bar
        else:
            self._counts["late"] += 1
            if not bar.is_closed:  # over by now; a closed one may still fill a gap
                return
        self._keep(bar)

    def _keep(self, bar: Bar) -> None:
        if not bar.is_closed:
            self._forming = bar
            return
        self._closed.append(bar)
        if self._forming is not None and self._forming.time_ms <= bar.time_ms:
            self._forming = None

    def _bar(self, row: dict[str, Any], at_ms: int) -> Bar:
        return Bar(
            symbol=self._symbol,
            kind=self._kind,
            timeframe=self._timeframe,
            time_ms=int(row["start"]),
            open=float(row["open"]),
            high=float(row["high"]),
            low=float(row["low"]),
            close=float(row["close"]),
            volume=float(row["volume"]),
            is_closed=row["confirm"] is True,
            at_ms=at_ms,
        )


def _place(bar: Bar) -> tuple[int, bool, int]:
    """Where it stands among the bars of a series."""
    return bar.time_ms, bar.is_closed, bar.at_ms


def open_topic(name: str, kind: MarketKind, counts: Counter[str], clock: Clock) -> Topic:
    """The decoder of that topic. Raises `ValueError` for a topic that we do not read."""
    about, _, rest = name.partition(".")
    interval, _, symbol = rest.partition(".")
    if about == "tickers":
        return SpotTickerTopic(counts) if kind is MarketKind.SPOT else PerpTickerTopic(counts, clock)
    if about == "kline" and interval in _TIMEFRAMES:
        return CandleTopic(symbol, kind, _TIMEFRAMES[interval], counts, clock)
    raise ValueError(f"no topic {name!r}")


def _now_ms(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1000)
