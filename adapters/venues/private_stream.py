"""What a venue tells of an account by itself, over WebSockets of ours on aiohttp.

All lines of an account (Gate has one for spot and one for futures) stand and fall together: `UP` is told when
every one of them is subscribed, `DOWN` when one breaks.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp
import structlog
from aiohttp import WSMsgType

from adapters.exchange.nonsense import NONSENSE
from adapters.exchange.race import first_failure
from ports.errors import Transient
from ports.venue_books import StreamState, VenueReport

PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
PING_S: Final = 10.0
_DIAL_S = 10.0
_BROKEN = (aiohttp.ClientError, OSError, TimeoutError)

log = structlog.get_logger()

Message = Mapping[str, Any]
Say = Callable[[Message], Awaitable[None]]


@dataclass(slots=True)
class Heard:
    """What a message means: reports, an answer to give, and whether the line is subscribed now."""

    reports: Iterable[VenueReport] = ()
    answers: Sequence[Message] = ()
    is_ready: bool = False


class Dialogue(Protocol):
    """How one line is spoken. A new one is made for every connection."""

    def greeting(self) -> Sequence[Message]:
        """What is said first."""
        ...

    def ping(self) -> Message:
        """What is said to show that we are there; the venue answers it."""
        ...

    def hear(self, message: Message) -> Heard:
        """Raises `Rejected` when the key is refused, `Transient` when the subscription is."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A connection to keep: where to, and how it is spoken."""

    url: str
    dialogue: Dialogue


@dataclass(slots=True)
class PrivateSockets:
    """The private stream of an account. `lines` prepares the lines of a new round of connections."""

    account: str
    lines: Callable[[], Awaitable[Sequence[Line]]]
    pauses_s: Sequence[float] = PAUSES_S
    ping_s: float = PING_S
    _session: aiohttp.ClientSession | None = None
    _ready: set[str] = field(default_factory=set)
    _is_up: bool = False

    async def watch(self, tell: Callable[[VenueReport], None]) -> None:
        """Tell reports until cancelled. Raises `Rejected` when the key is refused."""
        failures = 0
        while True:
            try:
                await self._round(tell)
            except (Transient, *_BROKEN) as error:
                failures = 0 if self._is_up else failures + 1
                self._fell(tell, error, is_first=failures <= 1)
            finally:
                self._is_up = False
            await asyncio.sleep(self.pauses_s[min(failures, len(self.pauses_s) - 1)])

    async def close(self) -> None:
        """Hang up. May be called twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _round(self, tell: Callable[[VenueReport], None]) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        lines = await self.lines()
        self._ready = set()
        await first_failure(*(self._talk(line, len(lines), tell) for line in lines))

    def _fell(self, tell: Callable[[VenueReport], None], error: Exception, *, is_first: bool) -> None:
        log.warning(
            "private_stream_broken", account=self.account, why=f"{type(error).__name__} {error}"[:200]
        )
        if self._is_up or is_first:
            tell(StreamState.DOWN)

    async def _talk(self, line: Line, lines: int, tell: Callable[[VenueReport], None]) -> None:
        assert self._session is not None
        async with asyncio.timeout(_DIAL_S):
            socket = await self._session.ws_connect(line.url)
        async with socket:
            for message in line.dialogue.greeting():
                await socket.send_str(json.dumps(message))
            await first_failure(self._listen(line, lines, socket, tell), self._ping(line, socket))

    async def _ping(self, line: Line, socket: "aiohttp.ClientWebSocketResponse[bool]") -> None:
        while True:
            await asyncio.sleep(self.ping_s)
            await socket.send_str(json.dumps(line.dialogue.ping()))

    async def _listen(
        self,
        line: Line,
        lines: int,
        socket: "aiohttp.ClientWebSocketResponse[bool]",
        tell: Callable[[VenueReport], None],
    ) -> None:
        while True:
            heard = self._heard(line, await self._receive(socket), tell)
            for answer in heard.answers:
                await socket.send_str(json.dumps(answer))
            if heard.is_ready:
                self._ready.add(line.url)
                if len(self._ready) == lines and not self._is_up:
                    self._is_up = True
                    tell(StreamState.UP)

    async def _receive(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> Message:
        """The next message. A venue that does not even answer pings is not there."""
        try:
            async with asyncio.timeout(3 * self.ping_s):
                received = await socket.receive()
        except TimeoutError as error:
            raise Transient(f"{self.account}: the private stream is silent", kind="silent") from error
        if received.type is not WSMsgType.TEXT:
            raise Transient(f"{self.account} ended the private stream")
        try:
            # numbers as they were written: a float would lose digits of a fee
            message: Message = json.loads(received.data, parse_float=str)
        except ValueError as error:
            raise Transient(f"{self.account} streams no JSON", kind="nonsense") from error
        return message

    def _heard(self, line: Line, message: Message, tell: Callable[[VenueReport], None]) -> Heard:
        """A row of another shape is lost: after another `UP` it is read by REST."""
        try:
            heard = line.dialogue.hear(message)
            for report in heard.reports:
                tell(report)
        except NONSENSE as error:
            log.warning(
                "private_stream_garbage", account=self.account, message=repr(message)[:200], why=repr(error)
            )
            tell(StreamState.UP)
            return Heard()
        return heard
