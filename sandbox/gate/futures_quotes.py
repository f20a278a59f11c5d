"""How Gate writes perpetual contracts, their tickers, books, candles and trades."""

from typing import Any

from engines.core.candle import Candles
from sandbox.gate.markets import GateMarkets, contracts_in, multiplier
from sandbox.gate.spot_quotes import trade_number
from sandbox.gate.wire import Contracts, pair_of
from sandbox.market.book import Book, Trade
from sandbox.market.depth import Level
from sandbox.market.source import FUNDING_MS

MAINTENANCE = "0.005"
MOST_LEVERAGE = "100"

_OPEN_INTEREST_DAYS = 0.7  # of the day's volume
_FUNDING_S = FUNDING_MS // 1000


def contract(markets: GateMarkets, book: Book, now_ms: int, *, is_trading: bool) -> dict[str, Any]:
    """A row of contracts. The mark price is the last price."""
    last, tick = book.price_text(book.last(now_ms)), f"{book.instrument.tick:f}"
    rate = rate_text(markets.last_funding(book, now_ms))
    index = markets.index(book, now_ms)
    return {
        "name": pair_of(book.symbol),
        "type": "direct",
        "status": "trading" if is_trading else "suspend",
        "quanto_multiplier": f"{multiplier(book):f}",
        "mark_type": "index",
        "last_price": last,
        "mark_price": last,
        "index_price": index.price_text(index.last(now_ms)),
        "funding_rate": rate,
        "funding_rate_indicative": rate,
        "funding_next_apply": (now_ms // FUNDING_MS + 1) * _FUNDING_S,
        "order_price_round": tick,
        "mark_price_round": tick,
        "trade_size": Contracts(now_ms // 1000),  # a day's volume would have to be made up for every market
        "position_size": Contracts(now_ms // 1_000_000),
        "trade_id": now_ms // 1000,
        "orderbook_id": now_ms,
        "create_time": book.first_ms // 1000,
        "launch_time": book.first_ms // 1000,
        **_TERMS,
    }


_TERMS = {
    "order_price_deviate": "0.5",
    "order_size_min": Contracts(1),
    "order_size_max": Contracts(10_000_000),
    "orders_limit": 200,
    "leverage_min": "1",
    "leverage_max": MOST_LEVERAGE,
    "maintenance_rate": MAINTENANCE,
    "cross_leverage_default": "10",
    "risk_limit_base": "1000000",
    "risk_limit_step": "1000000",
    "risk_limit_max": "8000000",
    "maker_fee_rate": "0.0002",
    "taker_fee_rate": "0.0005",
    "ref_discount_rate": "0",
    "ref_rebate_rate": "0.2",
    "interest_rate": "0.0003",
    "funding_interval": _FUNDING_S,
    "funding_offset": 0,
    "funding_impact_value": "60000",
    "funding_cap_ratio": "0.75",
    "funding_rate_limit": "0.003",
    "short_users": 455,
    "long_users": 977,
    "config_change_time": 1_609_899_548,
    "in_delisting": False,
    "is_pre_market": False,
    "enable_bonus": True,
    "enable_credit": True,
    "enable_decimal": False,
    "enable_circuit_breaker": False,
}


def ticker(markets: GateMarkets, book: Book, now_ms: int) -> dict[str, str]:
    """A row of tickers; the stream tells the same."""
    day, best, index = book.day(now_ms), book.depth(1, now_ms), markets.index(book, now_ms)
    rate = rate_text(markets.last_funding(book, now_ms))
    tick = 10.0**-book.price_decimals
    last, base, turnover = book.price_text(day.last), book.volume_text(day.volume), f"{day.turnover:.0f}"
    return {
        "contract": pair_of(book.symbol),
        "last": last,
        "low_24h": book.price_text(day.low),
        "high_24h": book.price_text(day.high),
        "change_percentage": f"{day.change * 100:.2f}",
        "change_price": book.price_text(day.last - day.open),
        "total_size": str(int(_held(book, now_ms))),
        "volume_24h": str(int(contracts_in(book, day.volume))),
        "volume_24h_btc": base,
        "volume_24h_usd": turnover,
        "volume_24h_base": base,
        "volume_24h_quote": turnover,
        "volume_24h_settle": turnover,
        "quanto_base_rate": "",
        "mark_price": last,
        "index_price": index.price_text(index.last(now_ms)),
        "funding_rate": rate,
        "funding_rate_indicative": rate,
        "highest_bid": book.price_text(best.bids[0][0] * tick),
        "highest_size": str(int(contracts_in(book, best.bids[0][1]))),
        "lowest_ask": book.price_text(best.asks[0][0] * tick),
        "lowest_size": str(int(contracts_in(book, best.asks[0][1]))),
    }


def levels(book: Book, side: tuple[Level, ...]) -> list[dict[str, Any]]:
    """Levels of an order book; those smaller than a contract are not shown."""
    tick = 10.0**-book.price_decimals
    rows = ((ticks, contracts_in(book, size)) for ticks, size in side)
    return [{"p": book.price_text(ticks * tick), "s": size} for ticks, size in rows if size]


def candle_rows(book: Book, candles: Candles) -> list[dict[str, Any]]:
    """Rows of candlesticks, oldest first."""
    columns = (candles.time_ms, candles.open, candles.high, candles.low, candles.close, candles.volume)
    rows = []
    for at, opened, high, low, close, volume in zip(*(one.tolist() for one in columns), strict=True):
        rows.append(
            {
                "t": at // 1000,
                "v": contracts_in(book, volume),
                "c": book.price_text(close),
                "h": book.price_text(high),
                "l": book.price_text(low),
                "o": book.price_text(opened),
                "sum": f"{volume * (opened + high + low + close) / 4:.4f}",
            }
        )
    return rows


def trade(book: Book, dealt: Trade) -> dict[str, Any]:
    """A public trade; a sale has a negative size."""
    size = max(contracts_in(book, dealt.size), 1)
    return {
        "id": trade_number(dealt),
        "create_time": dealt.at_ms // 1000,
        "create_time_ms": dealt.at_ms,
        "contract": pair_of(book.symbol),
        "size": Contracts(size if dealt.is_buy else -size),
        "price": book.price_text(dealt.price),
        "is_internal": False,
    }


def rate_text(rate: float) -> str:
    """A funding rate without needless zeros."""
    return f"{rate:.8f}".rstrip("0").rstrip(".")


def _held(book: Book, now_ms: int) -> Contracts:
    return contracts_in(book, book.day(now_ms).volume * _OPEN_INTEREST_DAYS)
