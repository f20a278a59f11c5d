"""Where venues differ: the row of a ticker on the wire.

ccxt's unified tickers cost fifty microseconds each, which for thousands of markets holds up the event
loop; the rows are read here, from the strings that the venue sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from engines.core.ticker import Ticker

Row = Mapping[str, Any]

_HUNDRED = Decimal(100)


class Dialect(Protocol):
    """How one venue speaks of tickers."""

    @property
    def venue(self) -> str: ...

    async def rows(self, client: Any) -> Sequence[Row]:
        """Raw tickers of all spot markets."""
        ...

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        """The ticker in `row`; `None` for a market that never traded."""
        ...


class BybitDialect:
    """Bybit V5. The same row comes over REST and, in full, on the spot stream."""

    venue = "bybit"

    async def rows(self, client: Any) -> Sequence[Row]:
        answer = await client.public_get_v5_market_tickers({"category": "spot"})
        rows: Sequence[Row] = answer["result"]["list"]
        return rows

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        last = _positive(row.get("lastPrice"))
        if last is None:
            return None
        return Ticker(
            symbol=row["symbol"],
            last=last,
            bid=_positive(row.get("bid1Price")),
            ask=_positive(row.get("ask1Price")),
            change_24h=_number(row.get("price24hPcnt")),
            high_24h=_positive(row.get("highPrice24h")),
            low_24h=_positive(row.get("lowPrice24h")),
            turnover_24h=_number(row.get("turnover24h")),
            at=at,
        )


class BinanceDialect:
    """Binance spot."""

    venue = "binance"

    async def rows(self, client: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await client.public_get_ticker_24hr()
        return rows

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        last = _positive(row.get("lastPrice"))
        if last is None:
            return None
        percent = _number(row.get("priceChangePercent"))
        return Ticker(
            symbol=row["symbol"],
            last=last,
            bid=_positive(row.get("bidPrice")),
            ask=_positive(row.get("askPrice")),
            change_24h=None if percent is None else percent / _HUNDRED,
            high_24h=_positive(row.get("highPrice")),
            low_24h=_positive(row.get("lowPrice")),
            turnover_24h=_number(row.get("quoteVolume")),
            at=at,
        )


def _number(text: str | None) -> Decimal | None:
    """The exact number in `text`; `None` where the venue leaves it out or empty."""
    if text is None or text == "":
        return None
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"not a number: {text!r}")
    return number


def _positive(text: str | None) -> Decimal | None:
    """As `_number`, zero meaning that there is none."""
    number = _number(text)
    return number if number is not None and number > 0 else None
