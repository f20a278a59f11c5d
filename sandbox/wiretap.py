"""Every private request and every private message, counted: a test may act on the n-th of them.

That is how a desk is killed between any two things that happen on the wire.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from sandbox.accounts import VENUES
from sandbox.faults import dropped, service_of

_KEY_HEADERS = ("X-BAPI-API-KEY", "KEY")


class Phase(StrEnum):
    """Before the twin acts on a request or says a message, or right after it (a request's answer is not yet
    said then)."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireEvent:
    """The `number`-th event of a venue since the world began; `what` is `"POST /bybit/v5/order/create"`, or
    `"stream order"` for a message of that topic."""

    service: str
    number: int
    what: str
    phase: Phase


Tap = Callable[[WireEvent], bool]
"""Called with each event, in both phases; true cuts the connection there and then: what was to come of the
event (the deed, the answer, the message) does not come."""


class Wiretap:
    """Who listens to the wire, and where it is to be cut."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._taps: list[Tap] = []

    def listen(self, tap: Tap) -> Callable[[], None]:
        """Call `tap` with every event from now on; the answer ends that."""
        self._taps.append(tap)
        return lambda: self._taps.remove(tap)

    def cut(self, service: str, number: int, phase: Phase) -> None:
        """Cut the connection at the `number`-th event of a venue from now on, once."""
        target = self._counts[service] + number

        def tap(event: WireEvent) -> bool:
            if (event.service, event.number, event.phase) != (service, target, phase):
                return False
            end()
            return True

        end = self.listen(tap)

    def counted(self, service: str) -> int:
        """One event more; its number."""
        self._counts[service] += 1
        return self._counts[service]

    def is_cut(self, service: str, number: int, what: str, phase: Phase) -> bool:
        """Tell the taps; whether one of them cuts the connection."""
        event = WireEvent(service=service, number=number, what=what, phase=phase)
        answers = [tap(event) for tap in tuple(self._taps)]  # each is to hear of it
        return any(answers)

    def view(self) -> dict[str, Any]:
        """How many events there were, by venue."""
        return {service: self._counts[service] for service in VENUES}


def wiretap_middleware(wiretap: Wiretap) -> Middleware:
    """The middleware that counts private requests."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        service = service_of(request.path)
        if service not in VENUES or not _is_private(request):
            return await handler(request)
        number, what = wiretap.counted(service), f"{request.method} {request.path}"
        if wiretap.is_cut(service, number, what, Phase.BEFORE):
            return dropped(request)
        response = await handler(request)
        if wiretap.is_cut(service, number, what, Phase.AFTER):
            return dropped(request)
        return response

    return middleware


def _is_private(request: web.Request) -> bool:
    headers = request.headers
    return hdrs.UPGRADE not in headers and any(name in headers for name in _KEY_HEADERS)
