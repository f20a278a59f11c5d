"""The chat page's live stream: events over a WebSocket to everyone who watches."""

import asyncio
from typing import Any

import orjson
from aiohttp import WSMsgType, web

LONGEST_QUEUE = 2_000
PING_S = 20.0


class Stream:
    """Watchers of the sandbox. A watcher that does not keep up is dropped; the page then starts anew."""

    def __init__(self) -> None:
        self._watchers: dict[web.WebSocketResponse, asyncio.Queue[bytes | None]] = {}

    @property
    def is_listening(self) -> bool:
        """Whether anybody would see an event; when not, none needs to be built."""
        return bool(self._watchers)

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event to everyone who watches."""
        if not self._watchers:
            return
        body = orjson.dumps(event)
        for queue in self._watchers.values():
            if queue.full():
                queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(body)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """The handler of `/control/stream`."""
        socket = web.WebSocketResponse(heartbeat=PING_S)
        await socket.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(LONGEST_QUEUE)
        self._watchers[socket] = queue
        teller = asyncio.create_task(_tell(socket, queue))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            del self._watchers[socket]
            teller.cancel()
            await asyncio.gather(teller, return_exceptions=True)
        return socket

    async def close(self) -> None:
        """Say goodbye to everyone."""
        await asyncio.gather(*(socket.close() for socket in tuple(self._watchers)))


async def _tell(socket: web.WebSocketResponse, queue: "asyncio.Queue[bytes | None]") -> None:
    """Pass events on, in order; `None` says that the watcher fell behind."""
    while True:
        body = await queue.get()
        if body is None:
            await socket.close(message=b"too slow")
            return
        try:
            await socket.send_str(body.decode())
        except ConnectionError:
            return
