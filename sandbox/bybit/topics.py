"""What Bybit pushes for each topic that a connection has subscribed to.

A topic remembers what it told last, so that nothing in between is lost however fast market time runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from engines.core.instrument import MarketKind
from sandbox.bybit.quotes import candle_rows, day_fields, levels, ticker, trade_id
from sandbox.bybit.wire import INTERVALS
from sandbox.market.book import Book
from sandbox.market.feed import CandleFeed
from sandbox.market.market import Market

Message = dict[str, Any]

_DEPTHS = ("1", "50", "200")
_MOST_TRADES = 60


class Topic(Protocol):
    """One subscription of one connection."""

    def news(self, now_ms: int) -> Iterator[Message]:
        """Messages that have become due since the last call."""
        ...


class UnknownTopic(ValueError):
    """There is no such topic, or no such symbol."""


def open_topic(name: str, market: Market, kind: MarketKind) -> Topic:
    """The topic of that name. Raises `UnknownTopic`."""
    now_ms = market.now_ms()
    books = market.spot(now_ms) if kind is MarketKind.SPOT else market.perps(now_ms)
    parts = name.split(".")
    book = books.get(parts[-1])
    if book is None:
        raise UnknownTopic(name)
    match parts[:-1]:
        case ["tickers"]:
            return TickerTopic(name, market, book)
        case ["kline", interval] if interval in INTERVALS:
            return KlineTopic(name, interval, book, now_ms)
        case ["orderbook", depth] if depth in _DEPTHS:
            return OrderBookTopic(name, book, int(depth))
        case ["publicTrade"]:
            return TradeTopic(name, book, now_ms)
    raise UnknownTopic(name)


class TickerTopic:
    """Spot: a snapshot whenever it changed. Perpetuals: a snapshot, then only the fields that changed."""

    def __init__(self, name: str, market: Market, book: Book) -> None:
        self._name = name
        self._market = market
        self._book = book
        self._told: Mapping[str, str] = {}

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one message: the newest state."""
        is_spot = self._book.listing.kind is MarketKind.SPOT
        fresh = day_fields(self._book, now_ms) if is_spot else ticker(self._market, self._book, now_ms)
        if is_spot:
            fresh["usdIndexPrice"] = fresh["lastPrice"]
        if fresh == self._told:
            return
        is_first = is_spot or not self._told
        changed = {key: value for key, value in fresh.items() if is_first or self._told.get(key) != value}
        if not is_spot:
            changed["tickDirection"] = self._direction(fresh)
        self._told = fresh
        yield {
            "topic": self._name,
            "type": "snapshot" if is_first else "delta",
            "data": {"symbol": self._book.symbol, **changed},
            "cs": now_ms,
            "ts": now_ms,
        }

    def _direction(self, fresh: Mapping[str, str]) -> str:
        before = float(self._told.get("lastPrice", fresh["lastPrice"]))
        last = float(fresh["lastPrice"])
        return "ZeroPlusTick" if last == before else "PlusTick" if last > before else "MinusTick"


class KlineTopic:
    """Every candle that closes, in order, and the one that is forming."""

    def __init__(self, name: str, interval: str, book: Book, now_ms: int) -> None:
        self._name = name
        self._interval = interval
        self._step_ms = INTERVALS[interval]
        self._book = book
        self._feed = CandleFeed(book, self._step_ms, now_ms)
        self._told: list[str] = []

    def news(self, now_ms: int) -> Iterator[Message]:
        """Closed candles since the last call with `confirm`, then the forming one if it changed."""
        for candles, is_closed in self._feed.news(now_ms):
            for row in candle_rows(self._book, candles)[::-1]:
                if is_closed:
                    yield self._message(row, int(row[0]) + self._step_ms, is_closed=True)
                elif row != self._told:
                    self._told = row
                    yield self._message(row, now_ms, is_closed=False)

    def _message(self, row: list[str], at_ms: int, *, is_closed: bool) -> Message:
        start, opened, high, low, close, volume, turnover = row
        candle = {
            "start": int(start),
            "end": int(start) + self._step_ms - 1,
            "interval": self._interval,
            "open": opened,
            "close": close,
            "high": high,
            "low": low,
            "volume": volume,
            "turnover": turnover,
            "confirm": is_closed,
            "timestamp": at_ms,
        }
        return {"topic": self._name, "type": "snapshot", "ts": at_ms, "data": [candle]}


class OrderBookTopic:
    """A snapshot, then the levels that changed; size 0 takes a level away. Depth 1 is always whole."""

    def __init__(self, name: str, book: Book, depth: int) -> None:
        self._name = name
        self._book = book
        self._depth = depth
        self._told: dict[str, dict[str, str]] = {}
        self._update = 0

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one message: from what was told to what is."""
        depth = self._book.depth(self._depth, now_ms)
        sides = {
            side: dict(_pair(level) for level in levels(self._book, rows))
            for side, rows in (("b", depth.bids), ("a", depth.asks))
        }
        if sides == self._told:
            return
        is_whole = not self._told or self._depth == 1
        shown = {
            side: _pairs(rows if is_whole else _changes(self._told[side], rows))
            for side, rows in sides.items()
        }
        self._told = sides
        self._update += 1
        yield {
            "topic": self._name,
            "type": "snapshot" if is_whole else "delta",
            "ts": now_ms,
            "data": {"s": self._book.symbol, **shown, "u": self._update, "seq": now_ms},
            "cts": now_ms,
        }


class TradeTopic:
    """Trades since the last message; of a long jump only the latest, as a busy feed would coalesce them."""

    def __init__(self, name: str, book: Book, now_ms: int) -> None:
        self._name = name
        self._book = book
        self._next_ms = now_ms

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one message."""
        start_ms = max(self._next_ms, now_ms - _MOST_TRADES * 1000)
        dealt = self._book.trades(start_ms, now_ms)
        self._next_ms = now_ms
        if not dealt:
            return
        yield {
            "topic": self._name,
            "type": "snapshot",
            "ts": now_ms,
            "data": [
                {
                    "T": trade.at_ms,
                    "s": self._book.symbol,
                    "S": "Buy" if trade.is_buy else "Sell",
                    "v": self._book.volume_text(trade.size),
                    "p": self._book.price_text(trade.price),
                    "L": "PlusTick" if trade.is_buy else "MinusTick",
                    "i": trade_id(self._book, trade),
                    "BT": False,
                }
                for trade in dealt
            ],
        }


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    gone = {price: "0" for price in before if price not in after}
    return {**gone, **{price: size for price, size in after.items() if before.get(price) != size}}


def _pairs(rows: Mapping[str, str]) -> list[list[str]]:
    return [[price, size] for price, size in rows.items()]


def _pair(level: list[str]) -> tuple[str, str]:
    price, size = level
    return price, size
