"""Gate v4's WebSockets: subscriptions, pings, and the pushing of what is due."""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import orjson
from aiohttp import web

from engines.simulate.exchange.event import Event
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.markets import GateMarkets
from sandbox.gate.reports import Message, Reports, is_private
from sandbox.gate.topics import CandleTopic, Topic, is_public, open_topics
from sandbox.gate.wire import SERVICE, Declined, is_size_text, to_json
from sandbox.halts import Halts
from sandbox.pace import pause_s
from sandbox.talk import message_of, talk
from sandbox.wiretap import Phase, Wiretap

_BAD_REQUEST, _NOT_LET_IN = 2, 4


class GateStream:
    """The WebSocket of one part of the venue: `spot` or `futures`."""

    def __init__(
        self,
        kind: str,
        markets: GateMarkets,
        venue: VenueExchange,
        clock: SandboxClock,
        faults: Faults,
        halts: Halts,
        wiretap: Wiretap,
    ) -> None:
        self.kind = kind
        self.markets = markets
        self.venue = venue
        self.clock = clock
        self.faults = faults
        self.halts = halts
        self.wiretap = wiretap

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = _Line(self, socket, request)
        ends = (self.clock.subscribe(line.wake), self.venue.exchange.journal.subscribe(line.report))
        return await talk(socket, hear=line.hear, push=line.push(), ends=ends)


class _Line:
    """One connection: what it has subscribed to."""

    def __init__(self, stream: GateStream, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._stream = stream
        self._socket = socket
        self._transport = request.transport
        self._path = request.path
        self._is_size_text = is_size_text(request)
        self._reported = 0
        self._id = secrets.token_hex(8)
        self._topics: dict[str, Topic] = {}
        self._reports = Reports(stream.kind, stream.venue)
        self._due: deque[Message] = deque()
        self._woken = asyncio.Event()
        self.wake: Callable[[], None] = self._woken.set

    async def hear(self, text: str) -> None:
        """Answer one message of the client."""
        message = message_of(text)
        if message is None:
            await self._refuse({}, "invalid json format")
            return
        channel = str(message.get("channel", ""))
        match message.get("event"), message.get("payload"):
            case _ if channel == f"{self._stream.kind}.ping":
                await self._say({"channel": f"{self._stream.kind}.pong", "event": "", "result": None})
            case _ if not channel.startswith(f"{self._stream.kind}."):
                await self._refuse(message, f"unknown channel {channel}")
            case "subscribe", [*names] if is_public(channel):
                await self._subscribe(message, channel, [str(name) for name in names])
            case "subscribe", _ if is_private(channel):
                await self._open(message)
            case "unsubscribe", _ if is_private(channel):
                self._reports.close(channel)
                await self._agree(message)
            case "unsubscribe", [*names]:
                await self._unsubscribe(message, channel, [str(name) for name in names])
            case _:
                await self._refuse(message, f"unknown channel or event: {channel}")

    async def push(self) -> None:
        """Tell what is due, twice a second, when a candle closes and whenever the clock is turned."""
        with contextlib.suppress(ConnectionError):
            while not self._socket.closed:
                self._woken.clear()
                if len(self._reports):
                    self._stream.venue.now()  # what the market did to resting orders is told as well
                for told in self._told():
                    await self._report(told)
                now_ms = self._stream.clock.now_ms()
                for topic in tuple(self._topics.values()):
                    news = topic.news(self._stream.halts.time_of(topic.symbol, now_ms))
                    for result in self._disturbed(topic, news):
                        await self._say({"channel": topic.channel, "event": "update", "result": result})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._woken.wait()

    def report(self, event: Event) -> None:
        """Something happened to an account."""
        if len(self._reports):
            self._due.extend(self._reports.of(event))
            self.wake()

    async def _open(self, message: Mapping[str, Any]) -> None:
        try:
            self._reports.open(message)
        except Declined as declined:
            await self._refuse(message, f"{orjson.dumps(declined.body).decode()}\n", _NOT_LET_IN)
            return
        await self._agree(message)
        again = self._stream.faults.of(SERVICE).replay
        for event in self._stream.venue.exchange.journal.since(0)[-again:] if again else ():
            told = self._reports.of(event)
            self._due.extend(one for one in told if one["channel"] == message["channel"])
        self.wake()

    async def _report(self, message: Message) -> None:
        """Send a report, unless somebody cuts the line there."""
        tap, what = self._stream.wiretap, f"stream {message['channel']}"
        number = tap.counted(SERVICE)
        if tap.is_cut(SERVICE, number, what, Phase.BEFORE):
            self._cut()
        await self._say(message)
        self._reported += 1
        cut_after = self._stream.faults.of(SERVICE).cut_after
        is_over = cut_after is not None and self._reported >= cut_after
        if tap.is_cut(SERVICE, number, what, Phase.AFTER) or is_over:
            self._cut()

    def _cut(self) -> NoReturn:
        if self._transport is not None:
            self._transport.abort()
        raise ConnectionResetError

    def _told(self) -> list[Message]:
        """The reports that are due, as a fault would have them told."""
        due = [self._due.popleft() for _ in range(len(self._due))]
        return self._as_disturbed(due)

    async def _subscribe(self, message: Mapping[str, Any], channel: str, payload: list[str]) -> None:
        try:
            opened = open_topics(channel, payload, self._stream.markets)
        except Declined as declined:
            await self._refuse(message, declined.message)
            return
        await self._agree(message)
        self._topics = {**opened, **self._topics}
        self.wake()

    async def _unsubscribe(self, message: Mapping[str, Any], channel: str, payload: list[str]) -> None:
        with contextlib.suppress(Declined):
            for key in open_topics(channel, payload, self._stream.markets):
                self._topics.pop(key, None)
        await self._agree(message)

    def _disturbed(self, topic: Topic, news: Iterable[Any]) -> Iterable[Any]:
        """Candles as a fault would have them told."""
        return self._as_disturbed(list(news)) if isinstance(topic, CandleTopic) else news

    def _as_disturbed(self, told: list[Any]) -> list[Any]:
        fault = self._stream.faults.of(SERVICE)
        ordered = told[::-1] if fault.shuffle else told
        return [one for one in ordered for _ in range(1 + fault.repeat)]

    def _pause_s(self) -> float:
        steps = [topic.step_ms for topic in self._topics.values() if isinstance(topic, CandleTopic)]
        return pause_s(steps, self._stream.clock.now_ms(), self._stream.clock.speed)

    async def _agree(self, message: Mapping[str, Any]) -> None:
        await self._say({**self._about(message), "result": {"status": "success"}})

    async def _refuse(self, message: Mapping[str, Any], why: str, code: int = _BAD_REQUEST) -> None:
        error = {"code": code, "message": why}
        await self._say({**self._about(message), "error": error, "result": {"status": "fail"}})

    def _about(self, message: Mapping[str, Any]) -> dict[str, Any]:
        trace = secrets.token_hex(16)
        return {
            "id": message.get("id"),
            "conn_id": self._id,
            "trace_id": trace,
            "channel": str(message.get("channel", "")),
            "event": str(message.get("event", "")),
            "payload": message.get("payload"),
            "requestId": trace,
        }

    async def _say(self, message: Mapping[str, Any]) -> None:
        # what a silent socket did not say is lost, as it is on the real line
        if self._stream.faults.is_silent(SERVICE, self._path):
            return
        wire_ms = self._stream.clock.wire_ms()
        stamped = {"time": wire_ms // 1000, "time_ms": wire_ms, **message}
        await self._socket.send_str(to_json(stamped, is_size_text=self._is_size_text).decode())
