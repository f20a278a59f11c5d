"""Pointing a ccxt client at another host, such as the sandbox."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

_STREAMING = {"http": "ws", "https": "wss"}


def redirect(exchange: Any, base_url: str) -> None:
    """Send every API call of `exchange` below `base_url`, keeping the path of each endpoint.

    `wss://stream.{hostname}/v5/public/spot` becomes `ws://127.0.0.1:8090/bybit/v5/public/spot` for
    `http://127.0.0.1:8090/bybit`.
    """
    exchange.urls["api"] = _moved(exchange.urls["api"], base_url)


def moved(address: str, base_url: str) -> str:
    """One address below `base_url`, with the path that it has."""
    old, base = urlsplit(address), urlsplit(base_url.rstrip("/"))
    scheme = _STREAMING[base.scheme] if old.scheme in _STREAMING.values() else base.scheme
    return urlunsplit((scheme, base.netloc, base.path + old.path, old.query, ""))


def _moved(address: Any, base_url: str) -> Any:
    if isinstance(address, dict):
        return {name: _moved(part, base_url) for name, part in address.items()}
    return moved(address, base_url)
