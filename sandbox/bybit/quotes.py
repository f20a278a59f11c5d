"""How Bybit writes instruments, tickers, candles, books and trades."""

from decimal import Decimal
from typing import Any

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import Instrument, MarketKind
from sandbox.market.book import Book, Trade
from sandbox.market.depth import Level
from sandbox.market.market import Market
from sandbox.market.source import DAY_MS, FUNDING_MS

_OPEN_INTEREST_DAYS = 0.7  # of the day's volume
_FUNDING_MINUTES = FUNDING_MS // 60_000
_RATE_DECIMALS = 8


def plain(value: Decimal) -> str:
    """A decimal without an exponent."""
    return f"{value:f}"


def spot_instrument(book: Book) -> dict[str, Any]:
    """A row of instruments-info, category spot."""
    one = book.instrument
    return {
        "symbol": one.symbol,
        "baseCoin": one.base,
        "quoteCoin": one.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": plain(one.lot),
            "quotePrecision": "0.00000001",
            "minOrderQty": plain(one.lot),
            "maxOrderQty": plain(one.lot * 10**9),
            "minOrderAmt": plain(one.min_notional),
            "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": plain(one.tick)},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }


def linear_instrument(book: Book) -> dict[str, Any]:
    """A row of instruments-info, category linear."""
    one = book.instrument
    return {
        "symbol": one.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": one.base,
        "quoteCoin": one.quote,
        "launchTime": str(book.first_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(book.price_decimals),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
        "priceFilter": {
            "minPrice": plain(one.tick),
            "maxPrice": plain(one.tick * 10**8),
            "tickSize": plain(one.tick),
        },
        "lotSizeFilter": _linear_lots(one),
        "unifiedMarginTrade": True,
        "fundingInterval": _FUNDING_MINUTES,
        "settleCoin": one.quote,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
    }


def _linear_lots(one: Instrument) -> dict[str, str]:
    return {
        "maxOrderQty": plain(one.lot * 10**7),
        "maxMktOrderQty": plain(one.lot * 10**6),
        "minOrderQty": plain(one.lot),
        "qtyStep": plain(one.lot),
        "postOnlyMaxOrderQty": plain(one.lot * 10**8),
        "minNotionalValue": plain(one.min_notional),
    }


def ticker(market: Market, book: Book, now_ms: int) -> dict[str, str]:
    """A row of tickers for the book's category."""
    quote = {**day_fields(book, now_ms), **_best(book, now_ms)}
    if book.listing.kind is MarketKind.SPOT:
        return {**quote, "usdIndexPrice": quote["lastPrice"]}
    return {**quote, **perp_fields(market, book, now_ms)}


def day_fields(book: Book, now_ms: int) -> dict[str, str]:
    """What tickers of every category say of the last 24 hours."""
    day = book.day(now_ms)
    return {
        "symbol": book.symbol,
        "lastPrice": book.price_text(day.last),
        "prevPrice24h": book.price_text(day.open),
        "price24hPcnt": f"{day.change:.6f}",
        "highPrice24h": book.price_text(day.high),
        "lowPrice24h": book.price_text(day.low),
        "turnover24h": f"{day.turnover:.4f}",
        "volume24h": book.volume_text(day.volume),
    }


def perp_fields(market: Market, book: Book, now_ms: int) -> dict[str, str]:
    """What tickers of perpetuals say besides. The mark price is the last price."""
    day = book.day(now_ms)
    held = day.volume * _OPEN_INTEREST_DAYS
    index = market.index(book.symbol, now_ms)
    return {
        "markPrice": book.price_text(day.last),
        "indexPrice": index.price_text(index.last(now_ms)),
        "prevPrice1h": book.price_text(day.hour_ago),
        "openInterest": book.volume_text(held),
        "openInterestValue": f"{held * day.last:.2f}",
        "fundingRate": _latest_funding(market, book, now_ms),
        "nextFundingTime": str((now_ms // FUNDING_MS + 1) * FUNDING_MS),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "basis": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
    }


def _best(book: Book, now_ms: int) -> dict[str, str]:
    best = book.depth(1, now_ms)
    (bid,), (ask,) = levels(book, best.bids), levels(book, best.asks)
    return {"bid1Price": bid[0], "bid1Size": bid[1], "ask1Price": ask[0], "ask1Size": ask[1]}


def _latest_funding(market: Market, book: Book, now_ms: int) -> str:
    rates = market.funding(book.symbol, now_ms - DAY_MS, now_ms + 1)
    return rate_text(float(rates.rate[-1])) if len(rates.rate) else "0"


def rate_text(rate: float) -> str:
    """A funding rate without needless zeros."""
    return f"{rate:.{_RATE_DECIMALS}f}".rstrip("0").rstrip(".")


def levels(book: Book, side: tuple[Level, ...]) -> list[list[str]]:
    """Levels of an order book as pairs of texts."""
    tick = 10.0**-book.price_decimals
    return [[book.price_text(ticks * tick), book.volume_text(size)] for ticks, size in side]


def candle_rows(book: Book, candles: Candles) -> list[list[str]]:
    """Rows of a kline answer, newest first: time, open, high, low, close, volume, turnover."""
    prices = (candles.open, candles.high, candles.low, candles.close)
    turnover = candles.volume * sum(prices) / 4
    columns = [
        _texts("%d", candles.time_ms),
        *(_texts(book.price_format, column) for column in prices),
        _texts(book.volume_format, candles.volume),
        _texts("%.4f", turnover),
    ]
    return [list(row) for row in zip(*columns, strict=True)][::-1]


def _texts(template: str, column: FloatArray | IntArray) -> list[str]:
    return [template % value for value in column.tolist()]


def trade_id(book: Book, trade: Trade) -> str:
    """The same trade has the same id wherever it is told."""
    return f"{trade.at_ms}{book.listing.kind}{book.symbol}"
