"""Binance spot's public market data over HTTP."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from sandbox.clock import SandboxClock
from sandbox.market.book import Book
from sandbox.market.depth import Level
from sandbox.market.market import Market
from sandbox.market.source import DAY_MS

PREFIX = "/binance/api/v3"

_STEPS = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "2h": 7_200_000,
    "4h": 14_400_000,
    "6h": 21_600_000,
    "12h": 43_200_000,
    "1d": DAY_MS,
}
_MOST_KLINES, _MOST_LEVELS = 1000, 500
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DECIMALS = 8
_TRADES_A_SECOND = 4
_ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]

Query = Mapping[str, str]


class Declined(Exception):
    """A request that Binance answers with an error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.body = {"code": code, "msg": message}


class BinanceRest:
    """The market endpoints. All but server time tell market time."""

    def __init__(self, market: Market, clock: SandboxClock) -> None:
        self._market = market
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """The endpoints, and what Binance says on a path it does not know."""
        endpoints: dict[str, Callable[[Query, int], Any]] = {
            "ping": lambda query, now_ms: {},
            "time": lambda query, now_ms: {"serverTime": self._clock.wire_ms()},
            "exchangeInfo": self.exchange_info,
            "ticker/24hr": self._each(_day),
            "ticker/price": self._each(_price),
            "ticker/bookTicker": self._each(_best),
            "klines": self.klines,
            "depth": self.depth,
        }
        routes = [web.get(f"{PREFIX}/{path}", self._answering(ask)) for path, ask in endpoints.items()]
        return [*routes, web.route("*", "/binance/{path:.*}", _unknown_path)]

    def exchange_info(self, query: Query, now_ms: int) -> dict[str, Any]:
        """Every market with its price and size grid."""
        return {
            "timezone": "UTC",
            "serverTime": self._clock.wire_ms(),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [_instrument(book) for book in self._chosen(query, now_ms)],
            "sors": [],
        }

    def klines(self, query: Query, now_ms: int) -> list[list[Any]]:
        """Candles, oldest first; the last may still be forming."""
        book = self._book(query, now_ms)
        step_ms = _STEPS.get(_required(query, "interval"))
        if step_ms is None:
            raise Declined(-1120, "Invalid interval.")
        limit = _limit(query, 500, _MOST_KLINES)
        start_ms, end_ms = _whole(query, "startTime"), _whole(query, "endTime")
        stop_ms = (now_ms if end_ms is None else min(end_ms, now_ms)) + 1
        if start_ms is None:
            start_ms = -(-stop_ms // step_ms) * step_ms - limit * step_ms
        start_ms = max(start_ms, book.first_ms // step_ms * step_ms)
        span_ms = -(-start_ms // step_ms) * step_ms + limit * step_ms
        candles = book.candles(step_ms, start_ms, min(stop_ms, span_ms), now_ms)
        columns = (candles.time_ms, candles.open, candles.high, candles.low, candles.close, candles.volume)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [_kline(book, step_ms, *row) for row in rows]

    def depth(self, query: Query, now_ms: int) -> dict[str, Any]:
        """The best levels of both sides."""
        book = self._book(query, now_ms)
        depth = book.depth(_limit(query, 100, _MOST_LEVELS), now_ms)
        return {
            "lastUpdateId": now_ms,
            "bids": _levels(book, depth.bids),
            "asks": _levels(book, depth.asks),
        }

    def _each(self, row: Callable[[Book, int], dict[str, Any]]) -> Callable[[Query, int], Any]:
        """One object when a symbol is given, a list of all otherwise."""

        def ask(query: Query, now_ms: int) -> Any:
            rows = [row(book, now_ms) for book in self._chosen(query, now_ms)]
            return rows[0] if "symbol" in query else rows

        return ask

    def _chosen(self, query: Query, now_ms: int) -> list[Book]:
        if "symbol" in query:
            return [self._book(query, now_ms)]
        books = self._market.second_spot(now_ms)
        if "symbols" not in query:
            return list(books.values())
        try:
            names = orjson.loads(query["symbols"])
            return [books[name] for name in names]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Declined(-1121, "Invalid symbol.") from None

    def _book(self, query: Query, now_ms: int) -> Book:
        book = self._market.second_spot(now_ms).get(_required(query, "symbol"))
        if book is None:
            raise Declined(-1121, "Invalid symbol.")
        return book

    def _answering(self, ask: Callable[[Query, int], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                return _json(ask(request.query, self._clock.now_ms()))
            except Declined as declined:
                return _json(declined.body, status=400)

        return handle


def binance_routes(market: Market, clock: SandboxClock) -> list[web.RouteDef]:
    """Public REST of Binance spot under `/binance`."""
    return BinanceRest(market, clock).routes()


async def _unknown_path(request: web.Request) -> web.Response:
    return web.Response(status=404, text="<html><body><h2>404 Not found</h2></body></html>")


def _json(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _required(query: Query, name: str) -> str:
    if not query.get(name):
        raise Declined(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return query[name]


def _whole(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise Declined(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)


def _limit(query: Query, default: int, most: int) -> int:
    limit = _whole(query, "limit")
    return default if limit is None else max(1, min(limit, most))


def _instrument(book: Book) -> dict[str, Any]:
    one = book.instrument
    return {
        "symbol": one.symbol,
        "status": "TRADING",
        "baseAsset": one.base,
        "baseAssetPrecision": _DECIMALS,
        "quoteAsset": one.quote,
        "quotePrecision": _DECIMALS,
        "quoteAssetPrecision": _DECIMALS,
        "baseCommissionPrecision": _DECIMALS,
        "quoteCommissionPrecision": _DECIMALS,
        "orderTypes": _ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(book),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(book: Book) -> list[dict[str, Any]]:
    tick, lot, least = (f"{step:f}" for step in (book.instrument.tick, book.instrument.lot, 5))
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000000000.00", "stepSize": lot},
        {"filterType": "NOTIONAL", "minNotional": least, "applyMinToMarket": True, "avgPriceMins": 5},
    ]


def _day(book: Book, now_ms: int) -> dict[str, Any]:
    day = book.day(now_ms)
    (bid,), (ask,) = book.depth(1, now_ms).bids, book.depth(1, now_ms).asks
    count = DAY_MS // 1000 * _TRADES_A_SECOND
    last_id = now_ms // 1000 * _TRADES_A_SECOND
    return {
        "symbol": book.symbol,
        "priceChange": book.price_text(day.last - day.open),
        "priceChangePercent": f"{day.change * 100:.3f}",
        "weightedAvgPrice": book.price_text(day.turnover / day.volume if day.volume else 0.0),
        "prevClosePrice": book.price_text(day.open),
        "lastPrice": book.price_text(day.last),
        "lastQty": book.volume_text(day.volume / count),
        "bidPrice": _levels(book, (bid,))[0][0],
        "bidQty": book.volume_text(bid[1]),
        "askPrice": _levels(book, (ask,))[0][0],
        "askQty": book.volume_text(ask[1]),
        "openPrice": book.price_text(day.open),
        "highPrice": book.price_text(day.high),
        "lowPrice": book.price_text(day.low),
        "volume": book.volume_text(day.volume),
        "quoteVolume": f"{day.turnover:.4f}",
        "openTime": now_ms - DAY_MS,
        "closeTime": now_ms,
        "firstId": last_id - count,
        "lastId": last_id,
        "count": count,
    }


def _price(book: Book, now_ms: int) -> dict[str, Any]:
    return {"symbol": book.symbol, "price": book.price_text(book.last(now_ms))}


def _best(book: Book, now_ms: int) -> dict[str, Any]:
    depth = book.depth(1, now_ms)
    (bid,), (ask,) = _levels(book, depth.bids), _levels(book, depth.asks)
    return {
        "symbol": book.symbol,
        "bidPrice": bid[0],
        "bidQty": bid[1],
        "askPrice": ask[0],
        "askQty": ask[1],
    }


def _kline(
    book: Book, step_ms: int, at: int, opened: float, high: float, low: float, close: float, volume: float
) -> list[Any]:
    paid = volume * (opened + high + low + close) / 4
    # half of the volume was bought by takers, as it is in a long run
    return [
        at,
        *(book.price_text(price) for price in (opened, high, low, close)),
        book.volume_text(volume),
        at + step_ms - 1,
        f"{paid:.4f}",
        step_ms // 1000 * _TRADES_A_SECOND,
        book.volume_text(volume / 2),
        f"{paid / 2:.4f}",
        "0",
    ]


def _levels(book: Book, side: tuple[Level, ...]) -> list[list[str]]:
    tick = 10.0**-book.price_decimals
    return [[book.price_text(ticks * tick), book.volume_text(size)] for ticks, size in side]
