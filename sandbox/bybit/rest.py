"""Bybit V5's public market data over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from engines.core.instrument import MarketKind
from sandbox.bybit.quotes import (
    candle_rows,
    levels,
    linear_instrument,
    rate_text,
    spot_instrument,
    ticker,
    trade_id,
)
from sandbox.bybit.wire import (
    Declined,
    answer,
    book_of,
    books_of,
    category_of,
    limited,
    step_of,
    whole,
)
from sandbox.clock import SandboxClock
from sandbox.halts import Halts
from sandbox.market.book import Book
from sandbox.market.market import Market
from sandbox.market.source import FUNDING_MS

Query = Mapping[str, str]
Result = dict[str, Any]

_KLINES, _MOST_KLINES = 200, 1000
_TRADE_SECONDS = 600


class BybitRest:
    """The market endpoints. All but server time tell market time."""

    def __init__(self, market: Market, clock: SandboxClock, halts: Halts, wire_ms: Callable[[], int]) -> None:
        self._market = market
        self._clock = clock
        self._halts = halts
        self._wire_ms = wire_ms

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """The endpoints under `prefix`, and what Bybit says on a path it does not know."""
        endpoints: dict[str, Callable[[Query, int], Result]] = {
            "instruments-info": self.instruments,
            "tickers": self.tickers,
            "kline": self.kline,
            "mark-price-kline": self.mark_kline,
            "index-price-kline": self.index_kline,
            "orderbook": self.orderbook,
            "recent-trade": self.trades,
            "funding/history": self.funding,
        }
        routes = [
            web.get(f"{prefix}/v5/market/{path}", self._answering(ask)) for path, ask in endpoints.items()
        ]
        routes.append(web.get(f"{prefix}/v5/market/time", self._time))
        routes.append(web.route("*", f"{prefix}/{{path:.*}}", _unknown_path))
        return routes

    def instruments(self, query: Query, now_ms: int) -> Result:
        """Instruments of a category, by pages."""
        category = category_of(query)
        books = sorted(books_of(self._market, category, now_ms).values(), key=lambda book: book.symbol)
        if query.get("symbol"):
            books = [book_of(self._market, category, query, now_ms)]
        if query.get("status", "Trading") != "Trading":
            books = []
        row = spot_instrument if category == "spot" else linear_instrument
        first = whole(query, "cursor") or 0
        last = len(books) if category == "spot" else first + limited(query, 500, 1000)
        cursor = str(last) if last < len(books) else ""
        page = {} if category == "spot" else {"nextPageCursor": cursor}
        return {"category": category, "list": [self._listed(row(book)) for book in books[first:last]], **page}

    def tickers(self, query: Query, now_ms: int) -> Result:
        """The last 24 hours of one market or of all in a category."""
        category = category_of(query)
        books = list(books_of(self._market, category, now_ms).values())
        if query.get("symbol"):
            books = [book_of(self._market, category, query, now_ms)]
        rows = [ticker(self._market, book, self._halts.time_of(book.symbol, now_ms)) for book in books]
        return {"category": category, "list": rows}

    def kline(self, query: Query, now_ms: int) -> Result:
        """Candles, newest first; the first may still be forming."""
        category = category_of(query, "linear")
        book = book_of(self._market, category, query, now_ms)
        return _klines(book, category, query, self._halts.time_of(book.symbol, now_ms))

    def mark_kline(self, query: Query, now_ms: int) -> Result:
        """Candles of the mark price, without volume."""
        category, book = self._perp(query, now_ms)
        return _without_volume(_klines(book, category, query, now_ms))

    def index_kline(self, query: Query, now_ms: int) -> Result:
        """Candles of the index price, without volume."""
        category, book = self._perp(query, now_ms)
        return _without_volume(_klines(self._market.index(book.symbol, now_ms), category, query, now_ms))

    def orderbook(self, query: Query, now_ms: int) -> Result:
        """The best levels of both sides."""
        category = category_of(query)
        book = book_of(self._market, category, query, now_ms)
        now_ms = self._halts.time_of(book.symbol, now_ms)
        limit = limited(query, 1, 200) if category == "spot" else limited(query, 25, 500)
        depth = book.depth(limit, now_ms)
        return {
            "s": book.symbol,
            "b": levels(book, depth.bids),
            "a": levels(book, depth.asks),
            "ts": now_ms,
            "u": now_ms // 100,
            "seq": now_ms,
            "cts": now_ms,
        }

    def trades(self, query: Query, now_ms: int) -> Result:
        """The latest trades, newest first."""
        category = category_of(query)
        book = book_of(self._market, category, query, now_ms)
        now_ms = self._halts.time_of(book.symbol, now_ms)
        limit = limited(query, 60, 60) if category == "spot" else limited(query, 500, 1000)
        dealt = book.trades(now_ms - _TRADE_SECONDS * 1000, now_ms)[-limit:]
        rows = [
            {
                "execId": trade_id(book, trade),
                "symbol": book.symbol,
                "price": book.price_text(trade.price),
                "size": book.volume_text(trade.size),
                "side": "Buy" if trade.is_buy else "Sell",
                "time": str(trade.at_ms),
                "isBlockTrade": False,
            }
            for trade in reversed(dealt)
        ]
        return {"category": category, "list": rows}

    def funding(self, query: Query, now_ms: int) -> Result:
        """Settled funding rates, newest first."""
        category, book = self._perp(query, now_ms)
        limit = limited(query, 200, 200)
        start_ms, end_ms = whole(query, "startTime"), whole(query, "endTime")
        if start_ms is not None and end_ms is None:
            raise Declined("params error: endTime is required when startTime is given")
        stop_ms = now_ms + 1 if end_ms is None else end_ms + 1
        # settlements may be closer together than usual: look a little further than the page needs
        first_ms = stop_ms - (limit + 1) * FUNDING_MS if start_ms is None else start_ms
        rates = self._market.funding(book.symbol, first_ms, stop_ms)
        settled = list(zip(rates.time_ms.tolist(), rates.rate.tolist(), strict=True))[-limit:]
        rows = [
            {"symbol": book.symbol, "fundingRate": rate_text(rate), "fundingRateTimestamp": str(at)}
            for at, rate in reversed(settled)
        ]
        return {"category": category, "list": rows}

    def _listed(self, row: Result) -> Result:
        """A row of the list, closed while the market is halted."""
        return {**row, "status": "Closed"} if self._halts.is_halted(row["symbol"]) else row

    def _perp(self, query: Query, now_ms: int) -> tuple[str, Book]:
        category = category_of(query, "linear")
        book = book_of(self._market, category, query, now_ms)
        if book.listing.kind is not MarketKind.PERP:
            raise Declined("params error: Category is invalid")
        return category, book

    def _answering(self, ask: Callable[[Query, int], Result]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            now_ms = self._clock.now_ms()
            try:
                return answer(ask(request.query, now_ms), now_ms)
            except Declined as declined:
                return answer({}, now_ms, code=declined.code, message=declined.message)

        return handle

    async def _time(self, request: web.Request) -> web.Response:
        wire_ms = self._wire_ms()
        return answer({"timeSecond": str(wire_ms // 1000), "timeNano": str(wire_ms * 1_000_000)}, wire_ms)


async def _unknown_path(request: web.Request) -> web.Response:
    return web.Response(status=404, text="404 page not found")


def _klines(book: Book, category: str, query: Query, now_ms: int) -> Result:
    step_ms = step_of(query)
    limit = limited(query, _KLINES, _MOST_KLINES)
    start_ms, end_ms = whole(query, "start"), whole(query, "end")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise Declined("params error: start must not be after end")
    if start_ms is None:
        stop_ms = (now_ms if end_ms is None else min(end_ms, now_ms)) + 1
        start_ms = -(-stop_ms // step_ms) * step_ms - limit * step_ms
    else:
        begin_ms = max(start_ms, book.first_ms // step_ms * step_ms)
        stop_ms = begin_ms + limit * step_ms if end_ms is None else min(end_ms, now_ms) + 1
        # with both ends given the newest rows of the span are kept
        start_ms = max(start_ms, -(-stop_ms // step_ms) * step_ms - limit * step_ms)
    rows = candle_rows(book, book.candles(step_ms, start_ms, stop_ms, now_ms))
    return {"symbol": book.symbol, "category": category, "list": rows[:limit]}


def _without_volume(result: Result) -> Result:
    return {**result, "list": [row[:5] for row in result["list"]]}
