"""A talk over a twin's WebSocket: the client is heard and told at the same time, until it leaves."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import orjson
from aiohttp import WSMsgType, web


async def talk(
    socket: web.WebSocketResponse,
    *,
    hear: Callable[[str], Awaitable[None]],
    push: Coroutine[Any, Any, None],
    ends: Iterable[Callable[[], None]],
) -> web.WebSocketResponse:
    """Hand every text to `hear` while `push` tells what is due; `ends` are called when the client is gone."""
    pusher = asyncio.create_task(push)
    try:
        with contextlib.suppress(ConnectionError):  # the client may leave before it is answered
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await hear(message.data)
    finally:
        for end in ends:
            end()
        pusher.cancel()
        await asyncio.gather(pusher, return_exceptions=True)
    return socket


def message_of(text: str) -> dict[str, Any] | None:
    """What the client said; `None` when it is no JSON object."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return message if isinstance(message, dict) else None
