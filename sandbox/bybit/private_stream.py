"""Bybit V5's private WebSocket: orders, executions, positions and the wallet, as they change."""

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from engines.simulate.exchange.account import Account
from engines.simulate.exchange.event import Event, Movement, WalletChange
from engines.simulate.exchange.order import ExchangeOrder, Execution
from engines.simulate.exchange.position import Position
from sandbox.accounts import MAIN, ApiKey
from sandbox.bybit.door import Door, signature
from sandbox.bybit.rows import Row, execution_row, order_row, position_row, wallet_row
from sandbox.bybit.wire import SERVICE, Declined
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.talk import message_of, talk
from sandbox.wiretap import Phase, Wiretap

_DRIVES_S = 0.25
_TOPICS: Final = ("order", "execution", "position", "wallet")
_ALL_IN_ONE: Final = {f"{topic}.{category}" for topic in _TOPICS[:3] for category in ("linear", "spot")}

Message = dict[str, Any]


class PrivateStream:
    """All private connections."""

    def __init__(
        self, venue: VenueExchange, clock: SandboxClock, faults: Faults, door: Door, wiretap: Wiretap
    ) -> None:
        self.venue = venue
        self.clock = clock
        self.faults = faults
        self.door = door
        self.wiretap = wiretap

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = _Line(self, socket, request)
        unsubscribe = [
            self.clock.subscribe(line.wake.set),
            self.venue.exchange.journal.subscribe(line.hear_event),
        ]
        return await talk(socket, hear=line.hear, push=line.push(), ends=unsubscribe)


class _Line:
    """One connection."""

    def __init__(self, stream: PrivateStream, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._stream = stream
        self._socket = socket
        self._transport = request.transport
        self._path = request.path
        self._id = secrets.token_hex(10)
        self._topics: set[str] = set()
        self._key: ApiKey | None = None
        self._events: list[Event] = []
        self._sent = 0
        self.wake = asyncio.Event()

    def hear_event(self, event: Event) -> None:
        """Something happened at the exchange."""
        if self._topics:
            self._events.append(event)
            self.wake.set()

    async def push(self) -> None:
        """Let the market go on, and tell what happened."""
        with contextlib.suppress(ConnectionError):
            while not self._socket.closed:
                self.wake.clear()
                if self._topics:
                    self._stream.venue.now()
                    await self._tell_events()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_DRIVES_S):
                        await self.wake.wait()

    async def hear(self, text: str) -> None:
        """Answer one message of the client."""
        message = message_of(text)
        if message is None:
            await self._answer({}, "Json format error", is_agreed=False)
            return
        match message.get("op"), message.get("args"):
            case "ping", _:
                now_ms = str(self._stream.door.wire_ms())
                await self._say({**self._about(message), "op": "pong", "args": [now_ms]})
            case "auth", [str() as key, until, str() as given]:
                await self._authenticate(message, key, str(until), given)
            case "subscribe", [*names]:
                await self._subscribe(message, [str(name) for name in names])
            case "unsubscribe", [*names]:
                self._topics -= {str(name).split(".")[0] for name in names}
                await self._answer(message, "")
            case op, _:
                await self._answer(message, f"error:invalid op: {op}", is_agreed=False)

    async def _authenticate(self, message: Mapping[str, Any], name: str, until: str, given: str) -> None:
        try:
            key = self._stream.door.key_of(name)
        except Declined as declined:
            await self._answer(message, declined.message, is_agreed=False)
            return
        is_signed = hmac.compare_digest(signature(key, f"GET/realtime{until}"), given)
        if not is_signed or not until.isdigit() or int(until) <= self._stream.door.wire_ms():
            await self._answer(message, "Params Error", is_agreed=False)
            return
        self._key = key
        await self._answer(message, "")

    async def _subscribe(self, message: Mapping[str, Any], names: Sequence[str]) -> None:
        if self._key is None:
            await self._answer(message, "Request not authorized", is_agreed=False)
            return
        strange = [name for name in names if name not in _TOPICS and name not in _ALL_IN_ONE]
        if strange:
            await self._answer(message, f"Invalid topic:{strange[0]}", is_agreed=False)
            return
        self._topics |= {name.split(".")[0] for name in names}
        await self._answer(message, "subscribe")
        again = self._stream.faults.of(SERVICE).replay
        if again:
            await self._tell(self._stream.venue.exchange.journal.since(0)[-again:])

    async def _tell_events(self) -> None:
        events, self._events = self._events, []
        await self._tell(events)

    async def _tell(self, events: Sequence[Event]) -> None:
        messages = [one for one in self._messages(events) if one["topic"] in self._topics]
        fault = self._stream.faults.of(SERVICE)
        for message in messages[::-1] if fault.shuffle else messages:
            for _ in range(1 + fault.repeat):
                await self._push_one(message)

    def _messages(self, events: Sequence[Event]) -> list[Message]:
        """What happened, by topic; of positions and the wallet as they are now."""
        account = self._stream.venue.exchange.account(MAIN)
        events = [event for event in events if event.account == MAIN]
        rows = {
            "execution": [execution_row(one.what) for one in events if isinstance(one.what, Execution)],
            "position": self._positions(account, events),
            "order": [order_row(one.what) for one in events if isinstance(one.what, ExchangeOrder)],
            "wallet": self._wallet(account, events),
        }
        return [self._message(topic, data) for topic, data in rows.items() if data]

    def _positions(self, account: Account, events: Sequence[Event]) -> list[Row]:
        changed = {
            (one.what.instrument.symbol, one.what.slot): one.what
            for one in events
            if isinstance(one.what, Position)
        }
        exchange, at = self._stream.venue.exchange, self._stream.venue.now()
        return [position_row(account, position, exchange, at) for position in changed.values()]

    def _wallet(self, account: Account, events: Sequence[Event]) -> list[Row]:
        wallet = account.setup.perp_wallet
        coins = {
            one.what.asset
            for one in events
            if isinstance(one.what, WalletChange) and one.what.wallet == wallet
        }
        if not coins and not any(isinstance(one.what, Movement) for one in events):
            return []
        row = wallet_row(account, self._stream.venue.exchange, self._stream.venue.now())
        return [{**row, "coin": [coin for coin in row["coin"] if coin["coin"] in coins]}]

    def _message(self, topic: str, data: list[Row]) -> Message:
        return {
            "id": f"{self._id}{secrets.token_hex(8)}",
            "topic": topic,
            "creationTime": self._stream.door.wire_ms(),
            "data": data,
        }

    async def _push_one(self, message: Message) -> None:
        """Send a message of a topic, unless somebody cuts the line there."""
        tap, what = self._stream.wiretap, f"stream {message['topic']}"
        number = tap.counted(SERVICE)
        if tap.is_cut(SERVICE, number, what, Phase.BEFORE):
            self._cut()
            return
        await self._say(message)
        self._sent += 1
        cut_after = self._stream.faults.of(SERVICE).cut_after
        is_over = cut_after is not None and self._sent >= cut_after
        if tap.is_cut(SERVICE, number, what, Phase.AFTER) or is_over:
            self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        raise ConnectionResetError

    async def _answer(self, message: Mapping[str, Any], words: str, *, is_agreed: bool = True) -> None:
        about = self._about(message)
        await self._say({"success": is_agreed, "ret_msg": words, **about, "op": str(message.get("op", ""))})

    def _about(self, message: Mapping[str, Any]) -> Message:
        return {"conn_id": self._id, "req_id": str(message.get("req_id", ""))}

    async def _say(self, message: Message) -> None:
        # what a silent socket did not say is lost, as it is on the real line
        if not self._stream.faults.is_silent(SERVICE, self._path):
            await self._socket.send_str(orjson.dumps(message).decode())
