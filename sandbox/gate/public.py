"""Gate v4's public market data over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.gate import futures_quotes, spot_quotes
from sandbox.gate.markets import GateMarkets
from sandbox.gate.spans import candle_span, second_span
from sandbox.gate.wire import Declined, answer, limited, required, step_of
from sandbox.halts import Halts
from sandbox.market.book import Book, Trade
from sandbox.market.source import FUNDING_MS

Query = Mapping[str, str]
Ask = Callable[[Query, int], Any]

_MOST_SPOT_CANDLES, _MOST_FUTURES_CANDLES = 1000, 2000
_TRADE_SECONDS = 600


class GatePublic:
    """The market endpoints of spot and of USDT-margined futures. All but server time tell market time."""

    def __init__(self, markets: GateMarkets, wire_ms: Callable[[], int], halts: Halts) -> None:
        self._markets = markets
        self._wire_ms = wire_ms
        self._halts = halts

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """The endpoints under `prefix`. Margin pairs, delivery, options and coin-margined contracts are
        known but empty here."""
        endpoints: dict[str, Ask] = {
            "spot/time": lambda query, now_ms: {"server_time": self._wire_ms()},
            "spot/currencies": self.currencies,
            "spot/currencies/{currency}": self.currency,
            "spot/currency_pairs": self.pairs,
            "spot/currency_pairs/{currency_pair}": self.pair,
            "spot/tickers": self.spot_tickers,
            "spot/order_book": self.spot_book,
            "spot/trades": self.spot_trades,
            "spot/candlesticks": self.spot_candles,
            "futures/usdt/contracts": self.contracts,
            "futures/usdt/contracts/{contract}": self.contract,
            "futures/usdt/tickers": self.futures_tickers,
            "futures/usdt/order_book": self.futures_book,
            "futures/usdt/trades": self.futures_trades,
            "futures/usdt/candlesticks": self.futures_candles,
            "futures/usdt/funding_rate": self.funding,
            **{path: lambda query, now_ms: [] for path in _EMPTY},
        }
        return [web.get(f"{prefix}/{path}", self._answering(ask)) for path, ask in endpoints.items()]

    def currencies(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """Every coin, and the dollar they are traded against."""
        bases = {book.instrument.base for book in self._markets.pairs(now_ms)}
        return [spot_quotes.currency(name) for name in sorted({*bases, "USDT"})]

    def currency(self, query: Query, now_ms: int) -> dict[str, Any]:
        """One coin."""
        for row in self.currencies(query, now_ms):
            if row["currency"] == query["currency"]:
                return row
        raise Declined("INVALID_CURRENCY", f"Invalid currency {query['currency']}")

    def pairs(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """Every spot pair."""
        return [self._pair(book) for book in self._markets.pairs(now_ms)]

    def pair(self, query: Query, now_ms: int) -> dict[str, Any]:
        """One spot pair."""
        return self._pair(self._markets.pair(query["currency_pair"], now_ms))

    def spot_tickers(self, query: Query, now_ms: int) -> list[dict[str, str]]:
        """The last 24 hours of one pair or of all."""
        books = self._markets.pairs(now_ms)
        if query.get("currency_pair"):
            books = [self._spot(query, now_ms)]
        return [spot_quotes.ticker(book, self._known_ms(book, now_ms)) for book in books]

    def spot_book(self, query: Query, now_ms: int) -> dict[str, Any]:
        """The best levels of both sides."""
        book = self._spot(query, now_ms)
        at_ms = self._known_ms(book, now_ms)
        depth = book.depth(limited(query, 10, 1000), at_ms)
        sides = {"asks": spot_quotes.levels(book, depth.asks), "bids": spot_quotes.levels(book, depth.bids)}
        return {**_book_id(query, at_ms), "current": at_ms, "update": at_ms, **sides}

    def spot_trades(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """The trades of the last ten minutes, newest first."""
        book = self._spot(query, now_ms)
        return [spot_quotes.trade(book, dealt) for dealt in self._trades(book, query, now_ms)]

    def spot_candles(self, query: Query, now_ms: int) -> list[list[str]]:
        """Candles, oldest first; the last may still be forming."""
        query = {"interval": "30m", **query}
        book = self._spot(query, now_ms)
        at_ms, step_ms = self._known_ms(book, now_ms), step_of(query)
        start_ms, stop_ms = candle_span(query, step_ms, now_ms, 100, _MOST_SPOT_CANDLES)
        candles = book.candles(step_ms, start_ms, stop_ms, at_ms)
        return spot_quotes.candle_rows(book, candles, step_ms, at_ms)

    def contracts(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """Every perpetual contract."""
        return [self._contract(book, now_ms) for book in self._markets.contracts(now_ms)]

    def contract(self, query: Query, now_ms: int) -> dict[str, Any]:
        """One perpetual contract."""
        return self._contract(self._markets.contract(query["contract"], now_ms), now_ms)

    def futures_tickers(self, query: Query, now_ms: int) -> list[dict[str, str]]:
        """The last 24 hours of one contract or of all."""
        books = self._markets.contracts(now_ms)
        if query.get("contract"):
            books = [self._perp(query, now_ms)]
        return [futures_quotes.ticker(self._markets, one, self._known_ms(one, now_ms)) for one in books]

    def futures_book(self, query: Query, now_ms: int) -> dict[str, Any]:
        """The best levels of both sides."""
        book = self._perp(query, now_ms)
        at_ms = self._known_ms(book, now_ms)
        depth = book.depth(limited(query, 10, 300), at_ms)
        sides = {
            "asks": futures_quotes.levels(book, depth.asks),
            "bids": futures_quotes.levels(book, depth.bids),
        }
        return {**_book_id(query, at_ms), "current": at_ms / 1000, "update": at_ms / 1000, **sides}

    def futures_trades(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """The trades of the last ten minutes, newest first."""
        book = self._perp(query, now_ms)
        return [futures_quotes.trade(book, dealt) for dealt in self._trades(book, query, now_ms)]

    def futures_candles(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """Candles, oldest first, of the traded price; by a prefix of the name of the mark or index price."""
        name = required(query, "contract")
        bare = name.removeprefix("mark_").removeprefix("index_")
        book = self._markets.contract(bare, now_ms)
        at_ms, step_ms = self._known_ms(book, now_ms), step_of(query)
        start_ms, stop_ms = candle_span(query, step_ms, now_ms, 100, _MOST_FUTURES_CANDLES)
        shown = self._markets.index(book, now_ms) if name.startswith("index_") else book
        rows = futures_quotes.candle_rows(shown, shown.candles(step_ms, start_ms, stop_ms, at_ms))
        return rows if bare == name else [_without_volume(row) for row in rows]

    def funding(self, query: Query, now_ms: int) -> list[dict[str, Any]]:
        """Settled funding rates, newest first."""
        book = self._perp(query, now_ms)
        limit = limited(query, 100, 1000)
        start_ms, stop_ms = second_span(query, now_ms - (limit + 1) * FUNDING_MS, now_ms)
        rates = self._markets.market.funding(book.symbol, start_ms, stop_ms)
        settled = list(zip(rates.time_ms.tolist(), rates.rate.tolist(), strict=True))[-limit:]
        return [{"t": at // 1000, "r": futures_quotes.rate_text(rate)} for at, rate in reversed(settled)]

    def _trades(self, book: Book, query: Query, now_ms: int) -> list[Trade]:
        at_ms = self._known_ms(book, now_ms)
        limit = limited(query, 100, 1000)
        first_ms = at_ms - _TRADE_SECONDS * 1000
        start_ms, stop_ms = second_span(query, first_ms, at_ms)
        return book.trades(max(start_ms, first_ms), stop_ms)[-limit:][::-1]

    def _pair(self, book: Book) -> dict[str, Any]:
        return spot_quotes.pair(book, is_trading=not self._halts.is_halted(book.symbol))

    def _contract(self, book: Book, now_ms: int) -> dict[str, Any]:
        is_trading = not self._halts.is_halted(book.symbol)
        at_ms = self._known_ms(book, now_ms)
        return futures_quotes.contract(self._markets, book, at_ms, is_trading=is_trading)

    def _spot(self, query: Query, now_ms: int) -> Book:
        return self._markets.pair(required(query, "currency_pair"), now_ms)

    def _perp(self, query: Query, now_ms: int) -> Book:
        return self._markets.contract(required(query, "contract"), now_ms)

    def _known_ms(self, book: Book, now_ms: int) -> int:
        return self._halts.time_of(book.symbol, now_ms)

    def _answering(self, ask: Ask) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            query = {**request.query, **request.match_info}
            try:
                return answer(request, ask(query, self._markets.market.now_ms()))
            except Declined as declined:
                return answer(request, declined.body, declined.status)

        return handle


_EMPTY = (
    "margin/currency_pairs",
    "futures/btc/contracts",
    "delivery/usdt/contracts",
    "delivery/btc/contracts",
    "options/underlyings",
)


def _book_id(query: Query, at_ms: int) -> dict[str, int]:
    return {"id": at_ms} if query.get("with_id") in ("true", "True", "1") else {}


def _without_volume(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("t", "c", "h", "l", "o")}
