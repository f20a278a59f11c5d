"""One account's requests: their turns, what is tried again, and what a failure means."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

import structlog

from adapters.venues.answer import Declined, Meaning, NoAnswer, Unsent, VenueAnswer, is_refusal
from adapters.venues.catalogue import Catalogue
from adapters.venues.governor import Governor, Urgency
from ports.errors import DeskError, Transient, Uncertain
from ports.trading import LastLook, still_wanted

PAUSES_S: Final = (1.0, 5.0, 15.0)
PATIENCE_S: Final = 30.0
_BUSY_S = 1.0
_LONGEST_S = 60.0

log = structlog.get_logger()

Read = TypeVar("Read")


class Asking(Protocol):
    """A venue that can be asked: `adapters.venues.clients.Client`. Its methods raise `VenueAnswer` and
    `NoAnswer`."""

    async def ask(self, method: str, request: Any) -> Any: ...

    async def catalogue(self) -> Catalogue: ...

    async def set_time(self) -> int: ...

    def now_ms(self) -> int: ...

    @property
    def key(self) -> str: ...

    def signed(self, text: str) -> str: ...

    async def close(self) -> None: ...


class Calls:
    """The road of an account's requests to its venue.

    `open_client` is awaited when the first request is made: an account without a live engine imports no
    library and opens no key. It raises `Rejected` when there are no keys.
    """

    def __init__(
        self,
        account: str,
        open_client: Callable[[], Awaitable[Asking]],
        meaning_of: Callable[[VenueAnswer], Meaning],
        *,
        acts: Governor,
        reads: Governor,
        patience_s: float = PATIENCE_S,
        pauses_s: Sequence[float] = PAUSES_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = account
        self.acts = acts
        self._reads = reads
        self._open_client = open_client
        self._meaning_of = meaning_of
        self._patience_s = patience_s
        self._pauses_s = pauses_s
        self._sleep = sleep
        self._client: Asking | None = None
        self._catalogue: Catalogue | None = None
        self._opening = asyncio.Lock()

    async def act(
        self, method: str, request: Any, urgency: Urgency, *, last_look: LastLook = still_wanted
    ) -> Any:
        """Have something done, once. Raises `Unsent` when it is not wanted any more once its turn has come,
        `Declined` when it was proven to be refused, `Transient` when it is proven that it may be sent again
        (it waited too long for its turn, too), `Uncertain` otherwise."""
        client = await self._ready()
        try:
            async with asyncio.timeout(self._patience_s):
                await self.acts.turn(urgency)
        except TimeoutError as error:
            raise Transient(
                f"{self.account}: no turn in {self._patience_s:.0f} s", kind="rate_limited"
            ) from error
        if (event := last_look()) is not None:
            raise Unsent(event)
        try:
            return await client.ask(method, request)
        except VenueAnswer as answer:
            raise await self._judged(client, answer, self.acts) from answer
        except NoAnswer as error:
            said = f"{self.account}: {error}"
            raise (Uncertain(said) if error.was_sent else Transient(said)) from error

    async def read(self, method: str, request: Any = None) -> Any:
        """Read, and read again after 1, 5 and 15 seconds. Raises `Declined` for what is refused, `Transient`
        when there was no answer in all that time."""
        client = await self._ready()
        return await self._patiently(client, lambda: client.ask(method, {} if request is None else request))

    async def catalogue(self) -> Catalogue:
        """The venue's markets, listed once. Raises `Transient`, `Rejected`."""
        await self._ready()
        assert self._catalogue is not None
        return self._catalogue

    async def client(self) -> Asking:
        """What signs, for the private stream. Raises `Transient`, `Rejected`."""
        return await self._ready()

    async def close(self) -> None:
        """Release connections. May be called twice."""
        await self.acts.close()
        await self._reads.close()
        if self._client is not None:
            await self._client.close()

    async def _ready(self) -> Asking:
        if self._client is None or self._catalogue is None:
            async with self._opening:
                if self._client is None:
                    self._client = await self._open_client()
                if self._catalogue is None:
                    self._catalogue = await self._patiently(self._client, self._client.catalogue)
        return self._client

    async def _patiently(self, client: Asking, ask: Callable[[], Awaitable[Read]]) -> Read:
        for pause_s in self._pauses_s:
            try:
                return await self._once(client, ask)
            except Transient as error:
                log.info("venue_read_again", account=self.account, in_s=pause_s, why=str(error))
                await self._sleep(max(pause_s, error.retry_after_s or 0.0))
        return await self._once(client, ask)

    async def _once(self, client: Asking, ask: Callable[[], Awaitable[Read]]) -> Read:
        """A read has no effect, so what is unclear may be asked again."""
        await self._reads.turn(Urgency.CHANGE)
        try:
            return await ask()
        except NoAnswer as error:
            raise Transient(f"{self.account}: {error}") from error
        except VenueAnswer as answer:
            judged = await self._judged(client, answer, self._reads)
            raise (Transient(str(judged)) if isinstance(judged, Uncertain) else judged) from answer

    async def _judged(self, client: Asking, answer: VenueAnswer, quota: Governor) -> DeskError:
        meaning = self._meaning_of(answer)
        said = f"{self.account}: {answer}"
        if is_refusal(meaning):
            return Declined(meaning, said)
        if meaning is Meaning.BUSY:
            pause_s = min(_BUSY_S if answer.retry_after_s is None else answer.retry_after_s, _LONGEST_S)
            quota.pause(pause_s)
            return Transient(said, kind="rate_limited", retry_after_s=pause_s)
        if meaning is Meaning.SKEWED:
            await self._set_time(client)
            return Transient(said, kind="refused")
        return Uncertain(said)

    async def _set_time(self, client: Asking) -> None:
        """Sign with the venue's time from now on."""
        try:
            off_ms = await client.set_time()
        except (VenueAnswer, NoAnswer) as error:
            log.warning("venue_time_unknown", account=self.account, why=str(error))
        else:
            log.warning("venue_time_differs", account=self.account, off_ms=off_ms)
