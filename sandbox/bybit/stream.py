"""Bybit V5's public WebSockets: subscriptions, pings, and the pushing of what is due."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import orjson
from aiohttp import web

from engines.core.instrument import MarketKind
from sandbox import pace
from sandbox.bybit.topics import Message, Topic, UnknownTopic, open_topic
from sandbox.bybit.wire import INTERVALS, SERVICE
from sandbox.clock import SandboxClock
from sandbox.faults import Faults
from sandbox.halts import Halts
from sandbox.market.market import Market
from sandbox.talk import message_of, talk


def pause_s(topics: Collection[str], now_ms: int, speed: float) -> float:
    """How long to wait for the next push of some topics."""
    steps = [INTERVALS[name.split(".")[1]] for name in topics if name.startswith("kline.")]
    return pace.pause_s(steps, now_ms, speed)


class PublicStream:
    """The public stream of one category."""

    def __init__(
        self, market: Market, clock: SandboxClock, faults: Faults, halts: Halts, kind: MarketKind
    ) -> None:
        self._market = market
        self._clock = clock
        self._faults = faults
        self._halts = halts
        self._kind = kind

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = _Line(self._market, self._clock, self._faults, self._halts, self._kind, socket, request.path)
        unsubscribe = self._clock.subscribe(line.wake)
        return await talk(socket, hear=line.hear, push=line.push(), ends=[unsubscribe])


class _Line:
    """One connection: what it has subscribed to."""

    def __init__(
        self,
        market: Market,
        clock: SandboxClock,
        faults: Faults,
        halts: Halts,
        kind: MarketKind,
        socket: web.WebSocketResponse,
        path: str,
    ) -> None:
        self._market = market
        self._clock = clock
        self._faults = faults
        self._halts = halts
        self._kind = kind
        self._socket = socket
        self._path = path
        self._id = secrets.token_hex(10)
        self._topics: dict[str, Topic] = {}
        self._woken = asyncio.Event()
        self.wake: Callable[[], None] = self._woken.set

    async def hear(self, text: str) -> None:
        """Answer one message of the client."""
        message = message_of(text)
        if message is None:
            await self._refuse({}, "Json format error")
            return
        match message.get("op"), message.get("args"):
            case "ping", _:
                await self._say({"success": True, "ret_msg": "pong", **self._about(message)})
            case "subscribe", [*names]:
                await self._subscribe(message, names)
            case "unsubscribe", [*names]:
                for name in names:
                    self._topics.pop(str(name), None)
                await self._agree(message)
            case op, _:
                await self._refuse(message, f"error:invalid op: {op}")

    async def push(self) -> None:
        """Tell what is due, twice a second, when a candle closes and whenever the clock is turned."""
        with contextlib.suppress(ConnectionError):
            while not self._socket.closed:
                self._woken.clear()
                now_ms = self._market.now_ms()
                for name, topic in tuple(self._topics.items()):
                    news = topic.news(self._halts.time_of(name.rpartition(".")[2], now_ms))
                    await self._tell(self._disturbed(news) if name.startswith("kline.") else news)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(
                        pause_s(self._topics, self._market.now_ms(), self._clock.speed)
                    ):
                        await self._woken.wait()

    async def _subscribe(self, message: Mapping[str, Any], names: Iterable[object]) -> None:
        opened = {}
        for name in map(str, names):
            try:
                opened[name] = self._topics.get(name) or open_topic(name, self._market, self._kind)
            except UnknownTopic:
                await self._refuse(message, f"error:handler not found,topic:{name}")
                return
        await self._agree(message)
        self._topics.update(opened)
        self.wake()

    async def _tell(self, news: Iterable[Message]) -> None:
        for message in news:
            await self._say(message)

    def _disturbed(self, news: Iterable[Message]) -> Iterable[Message]:
        """Candles as a fault would have them told."""
        fault = self._faults.get(SERVICE)
        if fault is None or not (fault.repeat or fault.shuffle):
            return news
        ordered = list(news)[::-1] if fault.shuffle else list(news)
        return [message for message in ordered for _ in range(1 + fault.repeat)]

    async def _agree(self, message: Mapping[str, Any]) -> None:
        said = message["op"] if self._kind is MarketKind.SPOT else ""
        await self._say({"success": True, "ret_msg": said, **self._about(message)})

    async def _refuse(self, message: Mapping[str, Any], why: str) -> None:
        await self._say({"success": False, "ret_msg": why, **self._about(message)})

    def _about(self, message: Mapping[str, Any]) -> Message:
        return {
            "conn_id": self._id,
            "req_id": str(message.get("req_id", "")),
            "op": str(message.get("op", "")),
        }

    async def _say(self, message: Message) -> None:
        # what a silent socket did not say is lost, as it is on the real line
        if not self._faults.is_silent(SERVICE, self._path):
            await self._socket.send_str(orjson.dumps(message).decode())
