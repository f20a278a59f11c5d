"""Binance spot's public requests and rows. It is a reference: of perpetuals it lists none."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.exchange.dialect import Page, Row, levels_of, number, positive
from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker

_HUNDRED = Decimal(100)
_DEEPEST = 5000


class BinanceDialect:
    """Binance spot."""

    venue = "binance"
    market_types = ("spot",)

    async def rows(self, client: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await client.public_get_ticker_24hr()
        return rows

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        last = positive(row.get("lastPrice"))
        if last is None:
            return None
        percent = number(row.get("priceChangePercent"))
        return Ticker(
            symbol=row["symbol"],
            last=last,
            bid=positive(row.get("bidPrice")),
            ask=positive(row.get("askPrice")),
            change_24h=None if percent is None else percent / _HUNDRED,
            high_24h=positive(row.get("highPrice")),
            low_24h=positive(row.get("lowPrice")),
            turnover_24h=number(row.get("quoteVolume")),
            at=at,
        )

    async def candle_rows(self, client: Any, page: Page) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = await client.public_get_klines(
            {
                "symbol": page.symbol,
                "interval": page.timeframe.value,
                "startTime": page.start_ms,
                "limit": page.limit,
            }
        )
        return [row[:6] for row in rows]

    async def depth(
        self, client: Any, symbol: str, kind: MarketKind, levels: int, asked_at: datetime
    ) -> Depth:
        book = await client.public_get_depth({"symbol": symbol, "limit": min(levels, _DEEPEST)})
        return Depth(symbol=symbol, bids=levels_of(book["bids"]), asks=levels_of(book["asks"]), at=asked_at)

    async def perp_rows(self, client: Any) -> Sequence[Row]:
        return ()

    def perp_ticker(self, row: Row, at: datetime) -> PerpTicker | None:
        return None

    async def fundings(self, client: Any, symbol: str, since: datetime) -> Sequence[Funding]:
        return ()
