"""Faults on request: services that are down, slow, refusing, garbled or silent."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from sandbox.accounts import VENUES
from sandbox.refusals import MALFORMED, coded, refusal

SERVICES = ("telegram", "bybit", "gate", "binance", "clock")
LONGEST_DELAY_S = 3600.0


class BadFault(ValueError):
    """A fault that cannot be: an unknown service or field, a wrong type or range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one service.

    `down` drops connections without an answer; `delay_s` makes every answer late; `status` answers with
    that HTTP status in the service's own shape, with `retry_after` seconds where the service says so;
    `malformed` answers broken JSON; `silent` keeps WebSockets open without a word. Of Bybit and Gate,
    `repeat` streams every candle twice, `shuffle` streams those that are due together the newest first,
    and `halted` symbols do not trade: their prices stand and they are listed as closed. The fault ends by
    itself after `count` requests, and touches only `methods` when some are named (Telegram methods, or
    pieces of a path).

    Of venues with accounts: `code` answers with the venue's own code or label; `after` lets the request be
    carried out first, so that its answer is lost, late or wrong; `skew_ms` is how far the venue's clock is
    ahead; `thin` the part of every level of its books that is really there. A `lost_cancel` is acknowledged
    and not carried out; with `late_fill_s` a cancelled order turns out so much later to have been filled by
    half before. `repeat` and `shuffle` disturb private streams, too; `replay` tells so many of the latest
    messages again to who subscribes, `cut_after` ends the private stream after so many messages.
    `real_limits` are the venue's own quotas of requests.
    """

    down: bool = False
    delay_s: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    malformed: bool = False
    silent: bool = False
    repeat: bool = False
    shuffle: bool = False
    halted: tuple[str, ...] = ()
    code: str | None = None
    after: bool = False
    skew_ms: int = 0
    thin: float = 1.0
    lost_cancel: bool = False
    late_fill_s: float | None = None
    replay: int = 0
    cut_after: int | None = None
    real_limits: bool = False
    count: int | None = None
    methods: tuple[str, ...] = ()

    def touches(self, service: str, path: str) -> bool:
        """Whether a request to `path` is affected."""
        if not self.methods:
            return True
        if service == "telegram":
            return path.rpartition("/")[2].lower() in (method.lower() for method in self.methods)
        return any(method in path for method in self.methods)

    def view(self) -> dict[str, Any]:
        """The fields that say something."""
        return {name: value for name, value in asdict(self).items() if value != getattr(_HEALTHY, name)}


_HEALTHY = Fault()
_KINDS: dict[str, type | tuple[type, ...]] = {
    "down": bool,
    "delay_s": (int, float),
    "status": int,
    "retry_after": int,
    "malformed": bool,
    "silent": bool,
    "repeat": bool,
    "shuffle": bool,
    "halted": list,
    "code": str,
    "after": bool,
    "skew_ms": int,
    "thin": (int, float),
    "lost_cancel": bool,
    "late_fill_s": (int, float),
    "replay": int,
    "cut_after": int,
    "real_limits": bool,
    "count": int,
    "methods": list,
}
_PRIVATE = frozenset(
    ("code", "skew_ms", "thin", "lost_cancel", "late_fill_s", "replay", "cut_after", "real_limits")
)
"""Only venues with accounts have these."""
_OPTIONAL = ("status", "retry_after", "code", "late_fill_s", "cut_after", "count")


class Faults:
    """The faults in force, by service, and Telegram's real limits as a switch beside them."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._sockets: dict[str, dict[asyncio.Transport, str]] = {service: {} for service in SERVICES}
        self._listeners: list[Callable[[], None]] = []
        self.has_real_limits = False

    def get(self, service: str) -> Fault | None:
        """The fault of a service; `None` when it is healthy."""
        return self._faults.get(service)

    def of(self, service: str) -> Fault:
        """The fault of a service, or one in which nothing is wrong."""
        return self._faults.get(service, _HEALTHY)

    def is_silent(self, service: str, path: str = "") -> bool:
        """Whether the WebSockets of a service, or the one at `path`, say nothing now."""
        fault = self._faults.get(service)
        return fault is not None and fault.silent and fault.touches(service, path)

    def view(self) -> dict[str, dict[str, Any]]:
        """Faults as the control API shows them; healthy services are left out."""
        shown = {service: fault.view() for service, fault in self._faults.items()}
        if self.has_real_limits:
            shown.setdefault("telegram", {})["real_limits"] = True
        return shown

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after every change."""
        self._listeners.append(callback)

    def merge(self, changes: Mapping[str, Any]) -> None:
        """Change some fields of some services. Raises `BadFault`, changing nothing."""
        faults, has_real_limits = dict(self._faults), self.has_real_limits
        for service, change in changes.items():
            if service not in SERVICES:
                raise BadFault(f"no service {service!r}; there are {', '.join(SERVICES)}")
            if not isinstance(change, Mapping):
                raise BadFault(f"{service}: an object of fault fields is wanted")
            values = dict(change)
            if service == "telegram" and "real_limits" in values:
                has_real_limits = values.pop("real_limits")
                if not isinstance(has_real_limits, bool):
                    raise BadFault(f"telegram.real_limits: {has_real_limits!r} is of the wrong type")
            faults[service] = replace(faults.get(service, _HEALTHY), **_checked(service, values))
        self._faults = {service: fault for service, fault in faults.items() if fault != _HEALTHY}
        self.has_real_limits = has_real_limits
        self._announce()

    def clear(self) -> None:
        """Everything is well again."""
        self._faults = {}
        self.has_real_limits = False
        self._announce()

    def take(self, service: str, path: str) -> Fault | None:
        """The fault for one request, counted against its `count`."""
        fault = self._faults.get(service)
        if fault is None or not fault.touches(service, path):
            return None
        if fault.count is not None:
            if fault.count <= 1:
                del self._faults[service]
            else:
                self._faults[service] = replace(fault, count=fault.count - 1)
            self._announce()
        return fault

    def opened(self, service: str, socket: asyncio.Transport, path: str = "") -> None:
        """A WebSocket was opened: it is cut when the service goes down."""
        self._sockets[service][socket] = path

    def closed(self, service: str, socket: asyncio.Transport) -> None:
        """A WebSocket ended."""
        self._sockets[service].pop(socket, None)

    def _announce(self) -> None:
        for service, fault in self._faults.items():
            if fault.down:
                for socket, path in self._sockets[service].items():
                    if fault.touches(service, path):
                        socket.abort()
        for callback in self._listeners:
            callback()


def _checked(service: str, values: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Fault)}
    for name, value in values.items():
        if name not in known or (name in _PRIVATE and service not in VENUES):
            raise BadFault(f"{service}: no fault {name!r}; there are {', '.join(sorted(known))}")
        if value is None and name in _OPTIONAL:
            continue
        is_number_as_flag = isinstance(value, bool) and _KINDS[name] is not bool
        if not isinstance(value, _KINDS[name]) or is_number_as_flag:
            raise BadFault(f"{service}.{name}: {value!r} is of the wrong type")
    _check_ranges(service, values)
    for name in ("methods", "halted"):
        if name in values:
            values[name] = tuple(str(one) for one in values[name])
    return values


def _check_ranges(service: str, values: dict[str, Any]) -> None:
    ranges = {
        "delay_s": (0, LONGEST_DELAY_S),
        "status": (400, 599),
        "retry_after": (1, 86_400),
        "count": (1, 10**9),
        "skew_ms": (-86_400_000, 86_400_000),
        "thin": (0, 1),
        "late_fill_s": (0, LONGEST_DELAY_S),
        "replay": (0, 10_000),
        "cut_after": (1, 10**9),
    }
    for name, (low, high) in ranges.items():
        value = values.get(name)
        if value is not None and not low <= value <= high:
            raise BadFault(f"{service}.{name}: {value} is not within {low} to {high}")


def service_of(path: str) -> str | None:
    """The service a path belongs to; `None` for the control API and the page."""
    if path.startswith(("/bot", "/file/bot")):
        return "telegram"
    head = path.split("/", 2)[1]
    return head if head in SERVICES else None


def faults_middleware(faults: Faults) -> Middleware:
    """The middleware that lets faults happen, before and after the service's own answer."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        service = service_of(request.path)
        if service is None:
            return await handler(request)
        fault = faults.take(service, request.path)
        if fault is not None and not fault.after:
            answer = await _happen(fault, service, request)
            if answer is not None:
                return answer
        if hdrs.UPGRADE in request.headers:
            return await _watched(faults, service, request, handler)
        response: web.StreamResponse = await handler(request)
        if fault is not None and fault.after:
            return await _happen(fault, service, request) or response
        late = faults.get(service)
        if late is not None and late is not fault and late.down and late.touches(service, request.path):
            return dropped(request)  # it went down while the request waited
        return response

    return middleware


async def _happen(fault: Fault, service: str, request: web.Request) -> web.Response | None:
    """The answer a fault gives in place of the service; `None` when the service answers itself."""
    if fault.down:
        return dropped(request)
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
        if request.transport is None or request.transport.is_closing():
            return dropped(request)
    if fault.code is not None:
        return coded(service, fault.code)
    if fault.status is not None:
        return refusal(service, fault.status, fault.retry_after)
    if fault.malformed and hdrs.UPGRADE not in request.headers:
        return web.Response(body=MALFORMED, content_type="application/json")
    return None


async def _watched(
    faults: Faults, service: str, request: web.Request, handler: Handler
) -> web.StreamResponse:
    socket = request.transport
    if socket is None:
        return await handler(request)
    faults.opened(service, socket, request.path)
    try:
        return await handler(request)
    finally:
        faults.closed(service, socket)


def dropped(request: web.Request) -> web.Response:
    """Cut the connection; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
