"""What Gate pushes for each public channel that a connection has subscribed to.

A topic remembers what it told last, so that nothing in between is lost however fast market time runs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from engines.core.candle import Candles
from sandbox.gate import futures_quotes, spot_quotes
from sandbox.gate.markets import GateMarkets
from sandbox.gate.wire import INTERVALS, Declined, pair_of
from sandbox.market.book import Book, Trade
from sandbox.market.depth import Level
from sandbox.market.feed import CandleFeed

Message = Any
"""The `result` of one push."""

_MOST_TRADES = 60
_BEST_OF = 5  # levels looked at: the first may be smaller than a contract
_UPDATE_DEPTHS = ("20", "50", "100")
_OBU_DEPTHS = ("50", "400")
_PARTIAL_DEPTHS = ("1", "5", "10", "20", "50", "100")
_SPEEDS = ("20ms", "100ms", "1000ms", "0")


class Topic(Protocol):
    """One subscription of one connection."""

    channel: str
    symbol: str

    def news(self, now_ms: int) -> Iterator[Message]:
        """Results that have become due since the last call."""
        ...


def open_topics(channel: str, payload: Sequence[str], markets: GateMarkets) -> dict[str, Topic]:
    """The topics that a subscription opens, by key. Raises `Declined` in the words of the channel."""
    kind, _, name = channel.partition(".")
    now_ms = markets.market.now_ms()

    def book(pair: str) -> Book:
        try:
            return markets.pair(pair, now_ms) if kind == "spot" else markets.contract(pair, now_ms)
        except Declined as declined:
            what = "currency pair" if kind == "spot" else "contract"
            raise Declined(declined.label, f"unknown {what}: {pair}") from None

    match name, list(payload):
        case (("tickers" | "book_ticker" | "trades"), [_, *_]):
            opener = _SIMPLE[name]
            return {f"{channel}:{pair}": opener(channel, book(pair), markets) for pair in payload}
        case "candlesticks", [interval, pair] if interval in INTERVALS:
            return {f"{channel}:{interval}:{pair}": CandleTopic(channel, interval, book(pair), now_ms)}
        case "order_book", [pair, depth, speed] if depth in _PARTIAL_DEPTHS and speed in _SPEEDS:
            return {f"{channel}:{pair}:{depth}": BookTopic(channel, book(pair), int(depth), _whole_book)}
        case "order_book_update", [pair, speed, *depth] if speed in _SPEEDS:
            most = _update_depth(kind, depth)
            return {f"{channel}:{pair}": BookTopic(channel, book(pair), most, _book_update)}
        case "obu", [stream]:
            return {f"{channel}:{stream}": _obu_topic(channel, stream, book)}
    raise Declined("INVALID_ARGUMENT", f"invalid payload of {channel}")


def is_public(channel: str) -> bool:
    """Whether there is such a public channel."""
    return channel.partition(".")[2] in _PUBLIC


class TickerTopic:
    """The newest ticker or best prices, whenever they changed."""

    def __init__(self, channel: str, book: Book, told: Callable[[int], dict[str, Any]]) -> None:
        self.channel = channel
        self.symbol = book.symbol
        self._read = told
        self._told: dict[str, Any] = {}

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one: the newest state."""
        fresh = self._read(now_ms)
        if fresh == self._told:
            return
        self._told = fresh
        yield fresh if self.channel.startswith("spot.") or "book_ticker" in self.channel else [fresh]


class BestTopic(TickerTopic):
    """The best bid and ask, whenever they changed."""

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one, with the time and the number of the book."""
        for fresh in super().news(now_ms):
            yield {"t": now_ms, "u": now_ms, **fresh}


class TradeTopic:
    """Trades since the last push; of a long jump only the latest, as a busy feed would coalesce them."""

    def __init__(self, channel: str, book: Book, now_ms: int) -> None:
        self.channel = channel
        self.symbol = book.symbol
        self._book = book
        self._next_ms = now_ms

    def news(self, now_ms: int) -> Iterator[Message]:
        """Spot: one for each trade. Futures: at most one, with all of them."""
        dealt = self._book.trades(max(self._next_ms, now_ms - _MOST_TRADES * 1000), now_ms)
        self._next_ms = now_ms
        if self.channel.startswith("spot."):
            yield from (self._spot(trade) for trade in dealt)
        elif dealt:
            yield [futures_quotes.trade(self._book, trade) for trade in dealt]

    def _spot(self, trade: Trade) -> dict[str, Any]:
        number = spot_quotes.trade_number(trade)
        return {**spot_quotes.trade(self._book, trade), "range": f"{number}-{number}"}


class CandleTopic:
    """Every candle that closes, in order, and the one that is forming."""

    def __init__(self, channel: str, interval: str, book: Book, now_ms: int) -> None:
        self.channel = channel
        self.symbol = book.symbol
        self.step_ms = INTERVALS[interval]
        self._name = f"{interval}_{pair_of(book.symbol)}"
        self._book = book
        self._feed = CandleFeed(book, self.step_ms, now_ms)
        self._told: dict[str, Any] = {}

    def news(self, now_ms: int) -> Iterator[Message]:
        """Candles closed since the last call, then the forming one if it changed."""
        for candles, is_closed in self._feed.news(now_ms):
            for row in self._rows(candles, now_ms):
                if is_closed or row != self._told:
                    self._told = row
                    yield self._framed(row)

    def _framed(self, row: dict[str, Any]) -> Message:
        return row if self.channel.startswith("spot.") else [row]

    def _rows(self, candles: Candles, now_ms: int) -> list[dict[str, Any]]:
        if self.channel.startswith("futures."):
            return [self._future(row) for row in futures_quotes.candle_rows(self._book, candles)]
        rows = spot_quotes.candle_rows(self._book, candles, self.step_ms, now_ms)
        return [self._spot(*row) for row in rows]

    def _future(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "n": self._name, "a": row["sum"]}

    def _spot(
        self, at: str, paid: str, close: str, high: str, low: str, opened: str, volume: str, closed: str
    ) -> dict[str, Any]:
        return {
            "t": at,
            "v": paid,
            "c": close,
            "h": high,
            "l": low,
            "o": opened,
            "n": self._name,
            "a": volume,
            "w": closed == "true",
        }


class BookTopic:
    """An order book, whenever it changed, as `told` words it from what was told before."""

    def __init__(self, channel: str, book: Book, depth: int, told: "Wording") -> None:
        self.channel = channel
        self.symbol = book.symbol
        self.depth = depth
        self._book = book
        self._word = told
        self._told: Sides = {}
        self._told_ms: int | None = None

    def news(self, now_ms: int) -> Iterator[Message]:
        """At most one: from what was told to what is."""
        shown = self._book.depth(self.depth, now_ms)
        kind = self.channel.partition(".")[0]
        sides = {"b": _levels(kind, self._book, shown.bids), "a": _levels(kind, self._book, shown.asks)}
        if sides == self._told:
            return
        before, before_ms = self._told, self._told_ms
        self._told, self._told_ms = sides, now_ms
        yield self._word(self, before, sides, (before_ms, now_ms))


Sides = dict[str, dict[str, Any]]
"""Sizes by price, under `b` and `a`."""
Wording = Callable[[BookTopic, Sides, Sides, tuple[int | None, int]], Message]


def _whole_book(topic: BookTopic, before: Sides, after: Sides, span: tuple[int | None, int]) -> Message:
    """The channel `order_book`: all levels each time."""
    at_ms = span[1]
    sides = {"bids": _pairs(topic, after["b"]), "asks": _pairs(topic, after["a"])}
    if topic.channel.startswith("spot."):
        return {"t": at_ms, "lastUpdateId": at_ms, "s": pair_of(topic.symbol), "l": str(topic.depth), **sides}
    return {"t": at_ms, "id": at_ms, "contract": pair_of(topic.symbol), "l": str(topic.depth), **sides}


def _book_update(topic: BookTopic, before: Sides, after: Sides, span: tuple[int | None, int]) -> Message:
    """The channel `order_book_update`: levels to set, size 0 takes one away. A client starts from a REST
    snapshot, which may lie between two pushes: so levels that stayed are told too."""
    before_ms, at_ms = span
    first = at_ms if before_ms is None else before_ms + 1
    head = {"t": at_ms, "s": pair_of(topic.symbol), "U": first, "u": at_ms}
    sides = {side: _pairs(topic, {**_gone(before.get(side, {})), **after[side]}) for side in "ba"}
    if topic.channel.startswith("spot."):
        return {**head, "e": "depthUpdate", "E": at_ms // 1000, **sides}
    return {**head, **sides}


def _obu(topic: BookTopic, before: Sides, after: Sides, span: tuple[int | None, int]) -> Message:
    """The channel `obu`: a whole book at first, then the levels that changed."""
    before_ms, at_ms = span
    name = f"ob.{pair_of(topic.symbol)}.{topic.depth}"
    if before_ms is None:
        whole = {side: _pairs(topic, after[side]) for side in "ba"}
        return {"t": at_ms, "full": True, "s": name, "u": at_ms, **whole}
    changed = {side: _pairs(topic, _changes(before[side], after[side])) for side in "ba"}
    return {"t": at_ms, "s": name, "U": before_ms + 1, "u": at_ms, **changed}


def _obu_topic(channel: str, stream: str, book: Callable[[str], Book]) -> BookTopic:
    match stream.split("."):
        case ["ob", pair, depth] if depth in _OBU_DEPTHS and channel == "spot.obu":
            return BookTopic(channel, book(pair), int(depth), _obu)
    raise Declined("INVALID_ARGUMENT", f"invalid payload of {channel}: {stream}")


def _update_depth(kind: str, depth: list[str]) -> int:
    if depth and depth[0] not in _UPDATE_DEPTHS:
        raise Declined("INVALID_ARGUMENT", f"invalid level: {depth[0]}")
    return int(depth[0]) if depth and kind == "futures" else 100


def _ticker(channel: str, book: Book, markets: GateMarkets) -> Topic:
    if channel.startswith("spot."):
        return TickerTopic(channel, book, lambda now_ms: spot_quotes.ticker(book, now_ms))
    return TickerTopic(channel, book, lambda now_ms: futures_quotes.ticker(markets, book, now_ms))


def _best(channel: str, book: Book, markets: GateMarkets) -> Topic:
    kind = channel.partition(".")[0]

    def read(now_ms: int) -> dict[str, Any]:
        best = book.depth(_BEST_OF, now_ms)
        bid, bid_size = next(iter(_levels(kind, book, best.bids).items()))
        ask, ask_size = next(iter(_levels(kind, book, best.asks).items()))
        return {"s": pair_of(book.symbol), "b": bid, "B": bid_size, "a": ask, "A": ask_size}

    return BestTopic(channel, book, read)


def _trades(channel: str, book: Book, markets: GateMarkets) -> Topic:
    return TradeTopic(channel, book, markets.market.now_ms())


_SIMPLE: dict[str, Callable[[str, Book, GateMarkets], Topic]] = {
    "tickers": _ticker,
    "book_ticker": _best,
    "trades": _trades,
}
_PUBLIC = {*_SIMPLE, "candlesticks", "order_book", "order_book_update", "obu"}


def _levels(kind: str, book: Book, side: tuple[Level, ...]) -> dict[str, Any]:
    if kind == "spot":
        return dict(_pair(level) for level in spot_quotes.levels(book, side))
    return {level["p"]: level["s"] for level in futures_quotes.levels(book, side)}


def _pair(level: list[str]) -> tuple[str, str]:
    price, size = level
    return price, size


def _pairs(topic: BookTopic, rows: dict[str, Any]) -> list[Any]:
    if topic.channel.startswith("spot."):
        return [[price, size] for price, size in rows.items()]
    return [{"p": price, "s": size} for price, size in rows.items()]


def _gone(rows: dict[str, Any]) -> dict[str, Any]:
    return {price: type(size)(0) for price, size in rows.items()}


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    gone = _gone({price: size for price, size in before.items() if price not in after})
    return {**gone, **{price: size for price, size in after.items() if before.get(price) != size}}
