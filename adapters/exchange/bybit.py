"""Bybit V5's public requests and rows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.exchange.dialect import Page, Row, levels_of, number, positive
from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.markets import PriceOf

CATEGORIES = {MarketKind.SPOT: "spot", MarketKind.PERP: "linear"}
INTERVALS = {
    Timeframe.M1: "1",
    Timeframe.M5: "5",
    Timeframe.M15: "15",
    Timeframe.H1: "60",
    Timeframe.H4: "240",
    Timeframe.D1: "D",
}
_KLINES = {
    PriceOf.TRADES: "public_get_v5_market_kline",
    PriceOf.MARK: "public_get_v5_market_mark_price_kline",
    PriceOf.INDEX: "public_get_v5_market_index_price_kline",
}
_DEEPEST = {MarketKind.SPOT: 200, MarketKind.PERP: 500}
_FUNDINGS_A_PAGE = 200
_OHLC, _OHLCV = 5, 6


class BybitDialect:
    """Bybit V5. The same rows come over REST and on the streams."""

    venue = "bybit"
    market_types = ("spot", "linear")

    async def rows(self, client: Any) -> Sequence[Row]:
        return await self._tickers(client, MarketKind.SPOT)

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        last = positive(row.get("lastPrice"))
        if last is None:
            return None
        return Ticker(
            symbol=row["symbol"],
            last=last,
            bid=positive(row.get("bid1Price")),
            ask=positive(row.get("ask1Price")),
            change_24h=number(row.get("price24hPcnt")),
            high_24h=positive(row.get("highPrice24h")),
            low_24h=positive(row.get("lowPrice24h")),
            turnover_24h=number(row.get("turnover24h")),
            at=at,
        )

    async def candle_rows(self, client: Any, page: Page) -> Sequence[Sequence[Any]]:
        # without an end the venue gives the oldest from the start on, or from the listing where that is later
        answer = await getattr(client, _KLINES[page.price_of])(
            {
                "category": CATEGORIES[page.kind],
                "symbol": page.symbol,
                "interval": INTERVALS[page.timeframe],
                "start": page.start_ms,
                "limit": page.limit,
            }
        )
        return [row[:_OHLCV] if len(row) > _OHLC else [*row, "0"] for row in answer["result"]["list"]]

    async def depth(
        self, client: Any, symbol: str, kind: MarketKind, levels: int, asked_at: datetime
    ) -> Depth:
        answer = await client.public_get_v5_market_orderbook(
            {"category": CATEGORIES[kind], "symbol": symbol, "limit": min(levels, _DEEPEST[kind])}
        )
        book = answer["result"]
        return Depth(
            symbol=symbol, bids=levels_of(book["b"]), asks=levels_of(book["a"]), at=instant(book["ts"])
        )

    async def perp_rows(self, client: Any) -> Sequence[Row]:
        return await self._tickers(client, MarketKind.PERP)

    def perp_ticker(self, row: Row, at: datetime) -> PerpTicker | None:
        last, mark = positive(row.get("lastPrice")), positive(row.get("markPrice"))
        if last is None or mark is None:
            return None
        settles_ms = row.get("nextFundingTime")
        return PerpTicker(
            symbol=row["symbol"],
            last=last,
            bid=positive(row.get("bid1Price")),
            ask=positive(row.get("ask1Price")),
            mark=mark,
            index=positive(row.get("indexPrice")),
            funding_rate=number(row.get("fundingRate")),
            next_funding_at=instant(settles_ms) if settles_ms and settles_ms != "0" else None,
            turnover_24h=number(row.get("turnover24h")),
            at=at,
        )

    async def fundings(self, client: Any, symbol: str, since: datetime) -> Sequence[Funding]:
        query: dict[str, Any] = {"category": "linear", "symbol": symbol, "limit": _FUNDINGS_A_PAGE}
        settled: dict[datetime, Funding] = {}
        while True:
            answer = await client.public_get_v5_market_funding_history(query)
            page = {one.at: one for one in _fundings(answer["result"]["list"])}
            is_news = not page.keys() <= settled.keys()
            settled |= page
            if len(page) < _FUNDINGS_A_PAGE or min(page) <= since or not is_news:
                return [one for one in settled.values() if one.at > since]
            query["endTime"] = int(min(page).timestamp() * 1000) - 1

    async def _tickers(self, client: Any, kind: MarketKind) -> Sequence[Row]:
        answer = await client.public_get_v5_market_tickers({"category": CATEGORIES[kind]})
        rows: Sequence[Row] = answer["result"]["list"]
        return rows


def instant(epoch_ms: str | int) -> datetime:
    """The moment of a venue's timestamp."""
    return datetime.fromtimestamp(int(epoch_ms) / 1000, UTC)


def _fundings(rows: Sequence[Row]) -> Iterator[Funding]:
    for row in rows:
        rate = number(row["fundingRate"])
        if rate is not None:
            yield Funding(symbol=row["symbol"], rate=rate, at=instant(row["fundingRateTimestamp"]))
