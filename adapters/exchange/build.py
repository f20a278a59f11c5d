"""Making market sources. ccxt takes a while to import, so only making one imports it."""

from collections.abc import Sequence
from typing import Any

from ports.clock import Clock
from ports.markets import MarketSource

VENUES = ("bybit", "binance")

_TIMEOUT_MS = 6_000
_PING_MS = 8_000
_EXIT_PAUSE_MS = 250


def build_market_source(
    venue: str,
    clock: Clock,
    *,
    base_url: str | None = None,
    quiet_s: float = 60.0,
    has_own_streams: bool = True,
) -> MarketSource:
    """The public data of `venue` (one of `VENUES`).

    `base_url` sends its requests elsewhere (`http://127.0.0.1:8090/bybit`); a sandbox has no rate limits
    to respect. `has_own_streams=False` leaves streaming to ccxt where we could do it ourselves. Raises
    `KeyError` for a venue that we do not know.
    """
    from adapters.exchange.address import redirect
    from adapters.exchange.binance import BinanceDialect
    from adapters.exchange.bybit import BybitDialect
    from adapters.exchange.bybit_streams import BybitStreams
    from adapters.exchange.ccxt_source import CcxtMarketSource
    from adapters.exchange.dialect import Dialect
    from adapters.exchange.library import ccxt

    dialects: dict[str, Dialect] = {"bybit": BybitDialect(), "binance": BinanceDialect()}
    dialect = dialects[venue]
    client = getattr(ccxt.pro, venue)(_settings(dialect.market_types, is_live=base_url is None))
    client.has["fetchCurrencies"] = False  # wants keys, and we read no coin networks
    if base_url is not None:
        redirect(client, base_url)
    streams = None
    if venue == "bybit" and has_own_streams:
        addresses = client.urls["api"]["ws"]["public"]
        urls = {category: client.implode_hostname(addresses[category]) for category in dialect.market_types}
        streams = BybitStreams(urls, clock, quiet_s=quiet_s)
    return CcxtMarketSource(client, dialect, clock, quiet_s=quiet_s, streams=streams)


def _settings(market_types: Sequence[str], *, is_live: bool) -> dict[str, Any]:
    return {
        "number": str,
        "timeout": _TIMEOUT_MS,
        "enableRateLimit": is_live,
        "timeout_on_exit": _EXIT_PAUSE_MS if is_live else 0,
        "options": {
            "defaultType": "spot",
            "fetchMarkets": {"types": list(market_types)},
            "ws": {"keepAlive": _PING_MS},
        },
    }
