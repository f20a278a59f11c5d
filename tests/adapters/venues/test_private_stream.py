"""The private streams: greetings, refusals, silence, garbage, and lines that fall together."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from adapters.venues.bybit_stream import BybitDialogue
from adapters.venues.catalogue import Catalogue
from adapters.venues.gate_stream import GateDialogue
from adapters.venues.private_stream import Heard, Line, Message, PrivateSockets
from ports.errors import Rejected, Transient
from ports.venue_books import StreamState, VenueBalance, VenueReport
from tests.build.venue_catalogue import BYBIT, GATE
from tests.build.venue_worlds import Ear


class Signer:
    """What signs, with a key of its own."""

    key = "public"

    def now_ms(self) -> int:
        return 1_700_000_000_000

    def signed(self, text: str) -> str:
        return hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()

    async def ask(self, method: str, request: Any) -> Any:
        raise AssertionError("streams ask nothing over REST")

    async def catalogue(self) -> Catalogue:
        return BYBIT

    async def set_time(self) -> int:
        return 0

    async def close(self) -> None:
        """Nothing is open."""


def bybit() -> BybitDialogue:
    return BybitDialogue(Signer(), BYBIT, "bybit")


def gate(**payloads: list[str] | None) -> GateDialogue:
    channels = {name.replace("_", "."): payload for name, payload in payloads.items()}
    return GateDialogue("futures", channels, Signer(), GATE, "gate")


def test_bybit_is_greeted_with_a_signed_key_and_then_asked_for_topics() -> None:
    dialogue = bybit()
    [hello] = dialogue.greeting()
    key, until, signature = hello["args"]
    assert (key, until, signature) == ("public", 1_700_000_010_000, Signer().signed(f"GET/realtime{until}"))
    [ask] = dialogue.hear({"op": "auth", "success": True}).answers
    assert ask == {"op": "subscribe", "args": ["order", "execution", "position", "wallet"]}
    assert dialogue.hear({"op": "subscribe", "success": True}).is_ready
    assert dialogue.ping() == {"op": "ping"}


def test_bybit_that_refuses_the_key_or_the_topics() -> None:
    with pytest.raises(Rejected, match="bad key"):
        bybit().hear({"op": "auth", "success": False, "ret_msg": "bad key"})
    with pytest.raises(Transient, match="no topic"):
        bybit().hear({"op": "subscribe", "success": False, "ret_msg": "no topic"})


def test_bybit_tells_every_coin_of_the_wallet_and_nothing_of_strange_topics() -> None:
    wallet = {"coin": [{"coin": "BTC", "walletBalance": "1"}, {"coin": "USDT", "walletBalance": "5"}]}
    told = list(bybit().hear({"topic": "wallet", "data": [wallet]}).reports)
    assert [one.asset for one in told if isinstance(one, VenueBalance)] == ["BTC", "USDT"]
    assert list(bybit().hear({"topic": "greeks", "data": [{}]}).reports) == []
    assert bybit().hear({"op": "pong"}) == Heard()


def test_gate_signs_each_subscription_and_is_ready_after_the_last() -> None:
    dialogue = gate(futures_orders=["7", "!all"], futures_positions=["7", "!all"])
    first, second = dialogue.greeting()
    assert first["payload"] == ["7", "!all"]
    text = "channel=futures.orders&event=subscribe&time=1700000000"
    assert first["auth"] == {"method": "api_key", "KEY": "public", "SIGN": Signer().signed(text)}
    assert not dialogue.hear({"channel": first["channel"], "event": "subscribe"}).is_ready
    assert dialogue.hear({"channel": second["channel"], "event": "subscribe"}).is_ready
    assert dialogue.ping()["channel"] == "futures.ping"


def test_gate_that_refuses_the_key_or_the_channel() -> None:
    refusal = {"channel": "futures.orders", "event": "subscribe"}
    with pytest.raises(Rejected):
        gate(futures_orders=None).hear(refusal | {"error": {"code": 4, "message": "INVALID_KEY"}})
    with pytest.raises(Transient):
        gate(futures_orders=None).hear(refusal | {"error": {"code": 2, "message": "unknown channel"}})


class Plain:
    """A dialogue of one word: `hello` is answered, balances are told."""

    def greeting(self) -> Sequence[Message]:
        return [{"say": "hello"}]

    def ping(self) -> Message:
        return {"say": "ping"}

    def hear(self, message: Message) -> Heard:
        if message["say"] == "hello":
            return Heard(is_ready=True)
        if message["say"] == "coin":
            balance = VenueBalance(asset=message["coin"], total=message["total"], free=message["total"])
            return Heard(reports=[balance])
        return Heard()


Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


class House:
    """Serves lines; `talk` is what happens after the greeting."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.calls = 0

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        self.calls += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_str('{"say": "hello"}')
        await self.talk(socket)
        return socket


async def waits(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str('{"say": "pong"}')


async def hangs_up(socket: web.WebSocketResponse) -> None:
    await socket.close()


async def says_nothing(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass


@pytest.fixture
async def watch() -> AsyncIterator[Callable[..., Awaitable[Ear]]]:
    """Watch one line a talk."""
    watching: list[asyncio.Task[None]] = []
    sockets: list[PrivateSockets] = []
    servers: list[TestServer] = []

    async def start(*talks: Talk, ping_s: float = 0.05) -> Ear:
        app = web.Application()
        for number, talk in enumerate(talks):
            app.router.add_get(f"/{number}", House(talk).connect)
        server = TestServer(app)
        servers.append(server)
        await server.start_server()
        lines = [Line(str(server.make_url(f"/{number}")), Plain()) for number in range(len(talks))]

        async def prepared() -> Sequence[Line]:
            return lines

        stream = PrivateSockets("test", prepared, pauses_s=(0.0, 0.01), ping_s=ping_s)
        sockets.append(stream)
        ear = Ear()
        watching.append(asyncio.create_task(stream.watch(ear)))
        return ear

    yield start
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    for stream in sockets:
        await stream.close()
    for server in servers:
        await server.close()


Watch = Callable[..., Awaitable[Ear]]


def ups(reports: list[VenueReport]) -> int:
    return reports.count(StreamState.UP)


async def test_up_is_told_when_every_line_is_subscribed(watch: Watch) -> None:
    ear = await watch(waits, waits)
    await ear.until(lambda reports: ups(reports) == 1)
    await asyncio.sleep(0.2)  # pings are answered: nothing breaks
    assert ear.heard == [StreamState.UP]


async def test_one_line_that_breaks_takes_the_other_along(watch: Watch) -> None:
    calls = 0

    async def once(socket: web.WebSocketResponse) -> None:
        nonlocal calls
        calls += 1
        await (hangs_up(socket) if calls == 1 else waits(socket))

    ear = await watch(once, waits)
    await ear.until(lambda reports: ups(reports) >= 1 and calls == 2)
    assert ear.heard[-1] is StreamState.UP


async def test_a_line_that_does_not_even_answer_pings_is_down(watch: Watch) -> None:
    ear = await watch(says_nothing, ping_s=0.02)
    await ear.until(lambda reports: ups(reports) >= 2)
    assert ear.heard[:3] == [StreamState.UP, StreamState.DOWN, StreamState.UP]


async def test_a_row_that_cannot_be_read_asks_for_a_repair_and_the_stream_goes_on(watch: Watch) -> None:
    async def garbles(socket: web.WebSocketResponse) -> None:
        await socket.send_str(json.dumps({"say": "coin"}))
        await socket.send_str(json.dumps({"say": "coin", "coin": "BTC", "total": 1}))
        await waits(socket)

    ear = await watch(garbles)
    await ear.until(lambda reports: any(isinstance(report, VenueBalance) for report in reports))
    assert ups(ear.heard) == 2
    assert StreamState.DOWN not in ear.heard


async def test_a_line_that_speaks_no_json_is_dialled_again(watch: Watch) -> None:
    calls = 0

    async def stammers(socket: web.WebSocketResponse) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await socket.send_str('{"say": "coin", ')
        await waits(socket)

    ear = await watch(stammers)
    await ear.until(lambda reports: ups(reports) >= 2)
    assert ear.heard[:3] == [StreamState.UP, StreamState.DOWN, StreamState.UP]


async def test_fractions_are_heard_as_they_were_written(watch: Watch) -> None:
    async def tells(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"say": "coin", "coin": "GT", "total": 0.12345678901234567890}')
        await waits(socket)

    ear = await watch(tells)
    await ear.until(lambda reports: len(reports) == 2)
    [balance] = [report for report in ear.heard if isinstance(report, VenueBalance)]
    assert str(balance.total) == "0.12345678901234567890"
