"""Bybit V5's envelope, its refusals, and how it reads a request's parameters."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from sandbox.market.book import Book
from sandbox.market.market import Market

_WHOLE = re.compile(r"-?[0-9]{1,15}")
SERVICE = "bybit"
PARAMS_ERROR = 10001
CATEGORIES = ("spot", "linear", "inverse", "option")
INTERVALS = {
    **{str(minutes): minutes * 60_000 for minutes in (1, 3, 5, 15, 30, 60, 120, 240, 360, 720)},
    "D": 86_400_000,
}


class Declined(Exception):
    """A request that Bybit answers with a `retCode` other than 0."""

    def __init__(
        self, message: str, code: int = PARAMS_ERROR, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def answer(result: Mapping[str, Any], time_ms: int, *, code: int = 0, message: str = "OK") -> web.Response:
    """The envelope of every V5 answer; `time_ms` is the venue's time of answering."""
    body = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": time_ms}
    return web.Response(body=orjson.dumps(body), content_type="application/json")


def category_of(query: Mapping[str, str], default: str | None = None) -> str:
    """The product category asked for."""
    category = query.get("category", default)
    if category not in CATEGORIES:
        raise Declined("params error: Category is invalid")
    return category


def books_of(market: Market, category: str, now_ms: int) -> dict[str, Book]:
    """Markets of a category that trade now. Inverse and options are known but empty here."""
    if category == "spot":
        return market.spot(now_ms)
    return market.perps(now_ms) if category == "linear" else {}


def book_of(market: Market, category: str, query: Mapping[str, str], now_ms: int) -> Book:
    """The market asked for."""
    book = books_of(market, category, now_ms).get(query.get("symbol", ""))
    if book is None:
        raise Declined("params error: symbol invalid")
    return book


def whole(query: Mapping[str, str], name: str) -> int | None:
    """A whole number among the parameters; `None` when it is not given."""
    text = query.get(name)
    if text is None or text == "":
        return None
    if not _WHOLE.fullmatch(text):
        raise Declined(f"params error: {name} invalid")
    return int(text)


def limited(query: Mapping[str, str], default: int, most: int) -> int:
    """The number of rows asked for, between 1 and `most`."""
    limit = whole(query, "limit")
    return default if limit is None else max(1, min(limit, most))


def step_of(query: Mapping[str, str]) -> int:
    """The candle length asked for, in ms."""
    step = INTERVALS.get(query.get("interval", ""))
    if step is None:
        raise Declined("params error: interval invalid")
    return step
