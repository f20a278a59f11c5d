"""How each service words a refusal: the wire shapes of injected HTTP errors."""

import time
from collections.abc import Callable
from http import HTTPStatus

import orjson
from aiohttp import web

from sandbox.telegram.errors import ApiError, conflict, too_many_requests

MALFORMED = b'{"ok":true,"result":[{"update_id":1,"mess'
"""JSON that ends in the middle."""

_TELEGRAM = {
    403: "Forbidden: bot was blocked by the user",
    413: "Request Entity Too Large",
}
_BYBIT_CODES = {401: 10003, 403: 10010, 429: 10006}
_BYBIT_REASONS = {
    10003: "API key is invalid.",
    10006: "Too many visits. Exceeded the API Rate Limit.",
    10000: "Server Timeout",
    10016: "System error. Please try again later.",
    10010: "Unmatched IP, please check your API key's bound IP addresses.",
}
_GATE_LABELS = {
    401: ("INVALID_KEY", "Invalid key provided"),
    403: ("FORBIDDEN", "IP is not in the whitelist of this key"),
    429: ("TOO_MANY_REQUESTS", "Request Rate limit Exceeded (0)"),
}
_BINANCE_CODES = {401: -2015, 403: -1002, 418: -1003, 429: -1003}


def refusal(service: str, status: int, retry_after_s: int | None) -> web.Response:
    """An error answer with this HTTP status in the service's own shape."""
    shape = _SHAPES.get(service)
    if shape is None:
        return web.Response(status=status, text=_phrase(status))
    return shape(status, retry_after_s)


def coded(service: str, code: str) -> web.Response:
    """A refusal by the venue's own code: Bybit's number, Gate's label."""
    if service == "gate":
        return _json(HTTPStatus.BAD_REQUEST, {"label": code, "message": code.lower()}, None)
    number = int(code) if code.isdigit() else 10001
    return _json(HTTPStatus.OK, _bybit_body(number), None)


def _telegram(status: int, retry_after_s: int | None) -> web.Response:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        error = too_many_requests(retry_after_s or 1)
    elif status == HTTPStatus.CONFLICT:
        error = conflict()
    else:
        error = ApiError(status, _TELEGRAM.get(status, _phrase(status)), retry_after_s=retry_after_s)
    return web.Response(status=status, body=error.body(), content_type="application/json")


def _bybit(status: int, retry_after_s: int | None) -> web.Response:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _gateway_page(status)
    return _json(status, _bybit_body(_BYBIT_CODES.get(status, 10001)), retry_after_s)


def _bybit_body(code: int) -> dict[str, object]:
    return {
        "retCode": code,
        "retMsg": _BYBIT_REASONS.get(code, "Request parameter error."),
        "result": {},
        "retExtInfo": {},
        "time": int(time.time() * 1000),
    }


def _gate(status: int, retry_after_s: int | None) -> web.Response:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _gateway_page(status)
    label, message = _GATE_LABELS.get(status, ("BAD_REQUEST", _phrase(status)))
    return _json(status, {"label": label, "message": message}, retry_after_s)


def _binance(status: int, retry_after_s: int | None) -> web.Response:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _gateway_page(status)
    message = "Too many requests; current limit of IP is 6000 requests per minute."
    code = _BINANCE_CODES.get(status, -1100)
    return _json(status, {"code": code, "msg": message if code == -1003 else _phrase(status)}, retry_after_s)


def _json(status: int, body: object, retry_after_s: int | None) -> web.Response:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", headers=headers
    )


def _gateway_page(status: int) -> web.Response:
    """What the load balancer in front of an exchange says."""
    title = f"{status} {_phrase(status)}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return web.Response(status=status, text=page, content_type="text/html")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


_SHAPES: dict[str, Callable[[int, int | None], web.Response]] = {
    "telegram": _telegram,
    "bybit": _bybit,
    "gate": _gate,
    "binance": _binance,
}
