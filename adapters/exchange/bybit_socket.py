"""Bybit's public WebSocket of one category, on aiohttp and orjson.

ccxt.pro spends fifty microseconds a ticker, most of it on fields that nobody reads. Here messages are
collected while the socket has more of them, and what they mean is told when it has not: of whole tickers
only the newest of each market is decoded, a closed candle is never lost.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any

import aiohttp
import orjson
import structlog
from aiohttp import WSMsgType

from adapters.exchange.bybit_topics import Topic, open_topic
from adapters.exchange.fault import NONSENSE
from adapters.exchange.race import first_failure
from engines.core.instrument import MarketKind
from ports.clock import Clock
from ports.errors import Transient

PING_S = 20.0
LINGER_S = 5.0
"""How often topics that nobody watches are let go: a changed list comes back at once."""

_TOPICS_A_REQUEST = 10  # Bybit refuses longer subscriptions to spot topics
_LOOKS_A_SPELL = 4
_IDLE_LOOKS = 2
_LOOKS_A_REPORT = 60
_GARBAGE_A_LINE = 1000
_DIAL_S = 10.0
_NAME = re.compile(rb'"topic":\s*"([^"]*)"')
_BROKEN = (aiohttp.ClientError, OSError, TimeoutError)

log = structlog.get_logger()

Tell = Callable[[Any], None]


class _Watch:
    """Somebody who wants topics."""

    def __init__(self, names: Collection[str], tell: Tell) -> None:
        self.names = frozenset(names)
        self.tell = tell
        self.heard_at = asyncio.get_running_loop().time()


class BybitSocket:
    """The stream of one category, over one connection that all watches share.

    `counts` says what was odd: `superseded` and `late` messages, `repeated` candles, changes without their
    snapshot (`orphan`), `garbage`, messages of an `unknown` topic, `refused` subscriptions.
    """

    def __init__(
        self,
        url: str,
        kind: MarketKind,
        clock: Clock,
        *,
        quiet_s: float,
        ping_s: float = PING_S,
        linger_s: float = LINGER_S,
    ) -> None:
        self._url = url
        self._kind = kind
        self._clock = clock
        self._quiet_s = quiet_s
        self._ping_s = ping_s
        self._linger_s = linger_s
        self._watches: list[_Watch] = []
        self._dialing = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._line: _Line | None = None
        self._talk: asyncio.Task[None] | None = None
        self.counts: Counter[str] = Counter()

    async def watch(self, names: Collection[str], tell: Tell) -> None:
        """Hand what these topics say to `tell`, until cancelled; raises `Transient` when the stream breaks
        or falls silent. A topic that the venue refuses is left out."""
        watch = _Watch(names, tell)
        self._watches.append(watch)
        try:
            talk = await self._connected()
            await self._review()
            await first_failure(self._listen_for_silence(watch), _ended(talk))
        except Transient as error:
            if error.kind == "silent":
                await self._hang_up()
            raise
        except _BROKEN as error:
            raise Transient(f"bybit stream: {type(error).__name__} {error}") from error
        finally:
            self._watches.remove(watch)

    async def close(self) -> None:
        """Hang up. May be called twice."""
        await self._hang_up()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _connected(self) -> asyncio.Task[None]:
        """The talk on the connection we have, else on a new one."""
        async with self._dialing:
            if self._talk is None or self._talk.done():
                self._line = _Line(await self._dial(), self._kind, self._clock, self.counts, self._heard)
                self._talk = asyncio.create_task(
                    first_failure(self._line.talk(), self._line.ping(self._ping_s), self._tidy()),
                    name=f"bybit {self._kind} stream",
                )
                self._talk.add_done_callback(_seen)
            return self._talk

    async def _dial(self) -> "aiohttp.ClientWebSocketResponse[bool]":
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with asyncio.timeout(_DIAL_S):
            return await self._session.ws_connect(self._url, decode_text=False)

    async def _review(self) -> None:
        """Subscribe to what is wanted and not to what is not."""
        if self._line is not None:
            await self._line.want(frozenset().union(*(watch.names for watch in self._watches)))

    def _heard(self, name: str, news: Iterable[Any]) -> None:
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            if name in watch.names:
                watch.heard_at = now
                for one in news:
                    watch.tell(one)

    async def _listen_for_silence(self, watch: _Watch) -> None:
        """Raise `Transient` when nothing was said for a spell in which the market moved."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._quiet_s / _LOOKS_A_SPELL)
            if self._clock.speed <= 0:
                watch.heard_at = loop.time()
            elif (quiet_s := loop.time() - watch.heard_at) > self._quiet_s:
                raise Transient(f"bybit: nothing streamed for {quiet_s:.0f} s", kind="silent")

    async def _tidy(self) -> None:
        """Let go of topics that nobody watches any more, and in the end of the connection."""
        idle = looks = 0
        while idle < _IDLE_LOOKS:
            await asyncio.sleep(self._linger_s)
            idle, looks = 0 if self._watches else idle + 1, looks + 1
            if self._watches:
                await self._review()
            if looks % _LOOKS_A_REPORT == 0:
                log.info("stream_counts", venue="bybit", market=self._kind.value, **self.counts)
        raise Transient("bybit: nobody watches")

    async def _hang_up(self) -> None:
        talk, self._talk, self._line = self._talk, None, None
        if talk is not None:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)


class _Line:
    """One connection and its topics."""

    def __init__(
        self,
        socket: "aiohttp.ClientWebSocketResponse[bool]",
        kind: MarketKind,
        clock: Clock,
        counts: Counter[str],
        hear: Callable[[str, Iterable[Any]], None],
    ) -> None:
        self._socket = socket
        self._kind = kind
        self._clock = clock
        self._counts = counts
        self._hear = hear
        self._topics: dict[str, Topic] = {}
        self._by_raw_name: dict[bytes, str] = {}
        self._asked: dict[str, list[str]] = {}
        self._requests = 0
        self._spoke: dict[str, Topic] = {}
        self._is_news = asyncio.Event()

    async def talk(self) -> None:
        """Listen and tell until the connection ends, which always raises."""
        try:
            await first_failure(self._listen(), self._tell())
        finally:
            with suppress(*_BROKEN):
                await self._socket.close()

    async def want(self, names: Collection[str]) -> None:
        """Subscribe to exactly these topics."""
        gone = sorted(self._topics.keys() - names)
        new = sorted(names - self._topics.keys())
        for name in gone:
            del self._topics[name]
            self._spoke.pop(name, None)
        self._topics |= {name: open_topic(name, self._kind, self._counts, self._clock) for name in new}
        self._by_raw_name = {name.encode(): name for name in self._topics}
        await self._ask("subscribe", _chunks(new))
        await self._ask("unsubscribe", _chunks(gone))

    async def _ask(self, wish: str, requests: Iterable[list[str]]) -> None:
        for names in requests:
            self._requests += 1
            if wish == "subscribe":
                self._asked[str(self._requests)] = names
            await self._say({"op": wish, "req_id": str(self._requests), "args": names})

    async def ping(self, every_s: float) -> None:
        """Say for ever that we are there, as the venue wants it said."""
        while True:
            await asyncio.sleep(every_s)
            await self._say({"op": "ping"})

    async def _say(self, message: dict[str, Any]) -> None:
        await self._socket.send_str(orjson.dumps(message).decode())

    async def _listen(self) -> None:
        while True:
            message = await self._socket.receive()
            if message.type is not WSMsgType.TEXT:
                raise Transient("bybit ended the stream")
            await self._take(message.data)

    async def _take(self, raw: bytes) -> None:
        found = _NAME.search(raw)
        if found is None:
            await self._answered(raw)
            return
        name = self._by_raw_name.get(found[1])
        if name is None:
            self._counts["unknown"] += 1  # as after an unsubscription
            return
        topic = self._topics[name]
        try:
            topic.take(raw)
        except NONSENSE as error:
            self._garbage(raw, error)
            return
        self._spoke[name] = topic
        self._is_news.set()

    async def _tell(self) -> None:
        while True:
            await self._is_news.wait()
            self._is_news.clear()
            spoke, self._spoke = self._spoke, {}
            for name, topic in spoke.items():
                try:
                    news = topic.news()
                except NONSENSE as error:
                    self._garbage(name.encode(), error)
                    continue
                self._hear(name, news)

    async def _answered(self, raw: bytes) -> None:
        """The answer to a request. One unknown topic fails the whole request, so each is asked by itself."""
        try:
            answer = orjson.loads(raw)
            names = self._asked.pop(answer.get("req_id", ""), [])
            is_refused = answer.get("success") is False
        except NONSENSE as error:
            self._garbage(raw, error)
            return
        if not is_refused:
            return
        if len(names) > 1:
            await self._ask("subscribe", ([name] for name in names))
            return
        log.warning("stream_topic_refused", topics=names, why=str(answer.get("ret_msg"))[:200])
        self._counts["refused"] += 1

    def _garbage(self, raw: bytes, error: Exception) -> None:
        if self._counts["garbage"] % _GARBAGE_A_LINE == 0:
            log.warning("stream_garbage", message=repr(raw[:200]), error=repr(error)[:200])
        self._counts["garbage"] += 1


async def _ended(talk: "asyncio.Task[None]") -> None:
    """Wait for the end of the talk and raise why it ended; leaving the wait does not end the talk."""
    await asyncio.wait([talk])
    if talk.cancelled():
        raise Transient("bybit: the stream was hung up")
    talk.result()


def _seen(talk: "asyncio.Task[None]") -> None:
    """Whoever watched was told why it ended; where nobody did, nobody needs to know."""
    if not talk.cancelled():
        talk.exception()


def _chunks(names: list[str]) -> Iterable[list[str]]:
    return (names[at : at + _TOPICS_A_REQUEST] for at in range(0, len(names), _TOPICS_A_REQUEST))
