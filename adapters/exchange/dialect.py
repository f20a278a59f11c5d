"""Where venues differ: the requests for public data and the rows that answer them.

ccxt's unified tickers cost fifty microseconds each, which for thousands of markets holds up the event
loop; rows are read from the strings that the venue sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.perp import Funding, PerpTicker
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.markets import PriceOf

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The oldest `limit` candles that open at `start_ms` or later."""

    symbol: str
    kind: MarketKind
    price_of: PriceOf
    timeframe: Timeframe
    start_ms: int
    limit: int


class Dialect(Protocol):
    """How one venue speaks. `client` is the ccxt client of that venue. Of perpetuals it is asked only when
    it lists some."""

    @property
    def venue(self) -> str: ...

    @property
    def market_types(self) -> Sequence[str]:
        """What ccxt calls the categories of markets to list."""
        ...

    async def rows(self, client: Any) -> Sequence[Row]:
        """Raw tickers of all spot markets."""
        ...

    def ticker(self, row: Row, at: datetime) -> Ticker | None:
        """The ticker in `row`; `None` for a market that never traded."""
        ...

    async def candle_rows(self, client: Any, page: Page) -> Sequence[Sequence[Any]]:
        """Rows of time, open, high, low, close, volume in any order."""
        ...

    async def depth(
        self, client: Any, symbol: str, kind: MarketKind, levels: int, asked_at: datetime
    ) -> Depth:
        """The order book."""
        ...

    async def perp_rows(self, client: Any) -> Sequence[Row]:
        """Raw tickers of all linear perpetuals."""
        ...

    def perp_ticker(self, row: Row, at: datetime) -> PerpTicker | None:
        """The perpetual's ticker in `row`; `None` for one without a price."""
        ...

    async def fundings(self, client: Any, symbol: str, since: datetime) -> Sequence[Funding]:
        """Funding settled after `since`, in any order."""
        ...


def number(text: str | None) -> Decimal | None:
    """The exact number in `text`; `None` where the venue leaves it out or empty."""
    if text is None or text == "":
        return None
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(f"not a number: {text!r}")
    return value


def positive(text: str | None) -> Decimal | None:
    """As `number`, zero meaning that there is none."""
    value = number(text)
    return value if value is not None and value > 0 else None


def levels_of(rows: Sequence[Sequence[str]]) -> tuple[tuple[Decimal, Decimal], ...]:
    """One side of an order book."""
    return tuple((Decimal(price), Decimal(size)) for price, size, *_ in rows)
