"""Gate v4's answers, its refusals, and how it reads a request's parameters."""

import re
from collections.abc import Mapping

import orjson
from aiohttp import web

_WHOLE = re.compile(r"-?[0-9]{1,15}")
SERVICE = "gate"
BAD_VALUE = "INVALID_PARAM_VALUE"
SIZE_HEADER = "X-Gate-Size-Decimal"
INTERVALS = {
    "1m": 60_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "1d": 86_400_000,
}
"""Candle lengths that are served, in ms. The venue's 10s, 8h, 7d and 30d are refused."""


class Declined(Exception):
    """A request that Gate answers with a label and an HTTP status of 400 or more."""

    def __init__(
        self, label: str, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.label = label
        self.message = message
        self.status = status
        self.headers = headers

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON."""
        return {"label": self.label, "message": self.message}


class Contracts(int):
    """A size in whole contracts: a number to clients of old, a text to those that ask for decimals."""


def to_json(body: object, *, is_size_text: bool) -> bytes:
    """JSON of an answer; contract sizes are texts where the client wants them so."""
    if not is_size_text:
        return orjson.dumps(body)
    return orjson.dumps(body, default=_size_text, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def answer(
    request: web.Request, body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer in the wording that the client asks for."""
    raw = to_json(body, is_size_text=is_size_text(request))
    return web.Response(body=raw, status=status, content_type="application/json", headers=headers)


def is_size_text(request: web.Request) -> bool:
    """Whether the client wants contract sizes as decimal texts."""
    return request.headers.get(SIZE_HEADER) == "1"


def pair_of(symbol: str) -> str:
    """Gate's name of a market: `BTC_USDT` for `BTCUSDT`."""
    return f"{symbol.removesuffix('USDT')}_USDT"


def symbol_of(pair: str) -> str:
    """The compact name of a market: `BTCUSDT` for `BTC_USDT`."""
    return pair.replace("_", "")


def required(query: Mapping[str, str], name: str) -> str:
    """A text that must be there."""
    value: object = query.get(name)
    if value in (None, ""):
        raise Declined("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
    if not isinstance(value, str):
        raise Declined(BAD_VALUE, f"invalid argument: {name}")
    return value


def whole(query: Mapping[str, str], name: str) -> int | None:
    """A whole number among the parameters; `None` when it is not given."""
    text = query.get(name)
    if text is None or text == "":
        return None
    if not _WHOLE.fullmatch(text):
        raise Declined(BAD_VALUE, f"invalid argument: {name}")
    return int(text)


def limited(query: Mapping[str, str], default: int, most: int) -> int:
    """The number of rows asked for. Gate refuses what is beyond its range."""
    limit = whole(query, "limit")
    if limit is None:
        return default
    if not 1 <= limit <= most:
        raise Declined(BAD_VALUE, f"invalid argument: limit must be within 1 and {most}")
    return limit


def step_of(query: Mapping[str, str]) -> int:
    """The candle length asked for, in ms."""
    step = INTERVALS.get(query.get("interval", "5m"))
    if step is None:
        raise Declined(BAD_VALUE, f"Invalid interval {query['interval']}")
    return step


def page_of(query: Mapping[str, str], default: int = 100, most: int = 1000) -> tuple[int, int]:
    """The first row asked for and the one behind the last, by `page` or `offset` and `limit`."""
    limit = limited(query, default, most)
    offset = whole(query, "offset")
    first = ((whole(query, "page") or 1) - 1) * limit if offset is None else offset
    if first < 0:
        raise Declined(BAD_VALUE, "invalid argument: page")
    return first, first + limit


def _size_text(value: object) -> str:
    if isinstance(value, Contracts):
        return str(int(value))
    raise TypeError(f"{type(value).__name__} is not JSON")
