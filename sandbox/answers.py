"""JSON in and out of the control API."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_BEYOND_IDS = 2**52  # Telegram's ids have fewer bits

Answering = Callable[[web.Request], Awaitable[Any]]


class BadControl(Exception):
    """A control request that makes no sense: answered `{"error": …}` with `status`."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def answering(handler: Answering) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Turn a function that returns JSON values, or raises `BadControl`, into a handler."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body, status = await handler(request), 200
        except BadControl as error:
            body, status = {"error": str(error)}, error.status
        return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

    return handle


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is an empty object."""
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        raise BadControl(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadControl("the body must be a JSON object")
    return body


def text_field(body: dict[str, Any], name: str) -> str:
    """A text that must be there."""
    value = body.get(name)
    if not isinstance(value, str):
        raise BadControl(f'"{name}" must be a text')
    return value


def number_field(body: dict[str, Any], name: str) -> float | None:
    """A number, `None` when absent."""
    value = body.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise BadControl(f'"{name}" must be a number')


def integer_field(body: dict[str, Any], name: str) -> int | None:
    """A whole number (also as digits in a text), `None` when absent."""
    value = body.get(name)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BEYOND_IDS:
        return value
    raise BadControl(f'"{name}" must be a whole number')


def flag_field(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """True or false."""
    value = body.get(name, default)
    if isinstance(value, bool):
        return value
    raise BadControl(f'"{name}" must be true or false')
