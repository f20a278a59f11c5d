"""How Gate writes spot pairs, tickers, books, candles and trades."""

from typing import Any

from engines.core.candle import Candles
from sandbox.gate.markets import LEAST_COST
from sandbox.gate.wire import pair_of
from sandbox.market.book import Book, Trade
from sandbox.market.depth import Level

_TRADE_ID_UNIT_MS = 10


def pair(book: Book, *, is_trading: bool) -> dict[str, Any]:
    """A row of currency_pairs."""
    one = book.instrument
    return {
        "id": pair_of(book.symbol),
        "base": one.base,
        "base_name": one.base,
        "quote": one.quote,
        "quote_name": "Tether",
        "fee": "0.2",
        "min_base_amount": f"{one.lot:f}",
        "min_quote_amount": f"{LEAST_COST:f}",
        "max_base_amount": f"{one.lot * 10**9:f}",
        "max_quote_amount": "5000000",
        "amount_precision": book.volume_decimals,
        "precision": book.price_decimals,
        "trade_status": "tradable" if is_trading else "untradable",
        "sell_start": book.first_ms // 1000,
        "buy_start": book.first_ms // 1000,
        "delisting_time": 0,
        "type": "normal",
        "trade_url": f"https://www.gate.com/trade/{pair_of(book.symbol)}",
        "st_tag": False,
        "up_rate": "0.05",
        "down_rate": "0.05",
        "slippage": "0.05",
    }


def currency(name: str) -> dict[str, Any]:
    """A row of currencies."""
    return {
        "currency": name,
        "name": name,
        "delisted": False,
        "withdraw_disabled": False,
        "withdraw_delayed": False,
        "deposit_disabled": False,
        "trade_disabled": False,
        "fixed_rate": "",
        "chain": name,
        "chains": [
            {
                "name": name,
                "addr": "",
                "withdraw_disabled": False,
                "withdraw_delayed": False,
                "deposit_disabled": False,
            }
        ],
    }


def ticker(book: Book, now_ms: int) -> dict[str, str]:
    """A row of tickers; the stream tells the same."""
    day = book.day(now_ms)
    best = book.depth(1, now_ms)
    change = f"{day.change * 100:.2f}"
    return {
        "currency_pair": pair_of(book.symbol),
        "last": book.price_text(day.last),
        "lowest_ask": levels(book, best.asks)[0][0],
        "lowest_size": levels(book, best.asks)[0][1],
        "highest_bid": levels(book, best.bids)[0][0],
        "highest_size": levels(book, best.bids)[0][1],
        "change_percentage": change,
        "change_utc0": change,
        "change_utc8": change,
        "base_volume": book.volume_text(day.volume),
        "quote_volume": f"{day.turnover:.4f}",
        "high_24h": book.price_text(day.high),
        "low_24h": book.price_text(day.low),
    }


def levels(book: Book, side: tuple[Level, ...]) -> list[list[str]]:
    """Levels of an order book as pairs of texts."""
    tick = 10.0**-book.price_decimals
    return [[book.price_text(ticks * tick), book.volume_text(size)] for ticks, size in side]


def candle_rows(book: Book, candles: Candles, step_ms: int, now_ms: int) -> list[list[str]]:
    """Rows of candlesticks, oldest first: time, quote volume, close, high, low, open, base volume, closed."""
    columns = (candles.time_ms, candles.open, candles.high, candles.low, candles.close, candles.volume)
    rows = []
    for at, opened, high, low, close, volume in zip(*(one.tolist() for one in columns), strict=True):
        prices = (book.price_text(price) for price in (close, high, low, opened))
        paid = volume * (opened + high + low + close) / 4
        is_closed = at + step_ms <= now_ms
        rows.append(
            [str(at // 1000), f"{paid:.8f}", *prices, book.volume_text(volume), str(is_closed).lower()]
        )
    return rows


def trade(book: Book, dealt: Trade) -> dict[str, Any]:
    """A public trade. The same trade has the same id wherever it is told."""
    return {
        "id": trade_number(dealt),
        "create_time": dealt.at_ms // 1000,
        "create_time_ms": f"{dealt.at_ms}.000000",
        "currency_pair": pair_of(book.symbol),
        "side": "buy" if dealt.is_buy else "sell",
        "amount": book.volume_text(dealt.size),
        "price": book.price_text(dealt.price),
    }


def trade_number(dealt: Trade) -> int:
    """The number of a public trade in its market."""
    return dealt.at_ms // _TRADE_ID_UNIT_MS
