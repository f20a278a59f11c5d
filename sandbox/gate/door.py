"""The entrance to Gate's private side: who asks is checked, and what is refused is worded."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from engines.core.instrument import MarketKind
from engines.simulate.exchange import refusal
from sandbox.accounts import ApiKey
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.call import Call, Endpoint
from sandbox.gate.keys import GATE_KEYS, account_name, user_of
from sandbox.gate.labels import declined
from sandbox.gate.quota import Quota
from sandbox.gate.signing import FARTHEST_MS, is_request_signed
from sandbox.gate.wire import SERVICE, Declined, answer

EXPIRY_HEADER = "X-Gate-Exptime"
_DAY_S = 86_400
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_PLACING = ("POST", "PATCH", "PUT")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Door:
    """Lets signed requests in. `wire_ms` is the venue's clock; `home` stands before the paths that clients
    sign."""

    def __init__(self, venue: VenueExchange, faults: Faults, wire_ms: Callable[[], int], home: str) -> None:
        self._venue = venue
        self._faults = faults
        self._wire_ms = wire_ms
        self._quota = Quota(wire_ms)
        self._home = home
        self._born_s = wire_ms() // 1000

    def routes(self, prefix: str, endpoints: Mapping[tuple[str, str], Endpoint]) -> list[web.RouteDef]:
        """Routes under `prefix` for some endpoints."""
        return [
            web.route(method, f"{prefix}/{path}", self._opening(endpoint))
            for (method, path), endpoint in endpoints.items()
        ]

    def _opening(self, endpoint: Endpoint) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            raw = await request.read()
            try:
                call = self._call(request, raw)
                self._count(request, call)
                return answer(request, endpoint(call))
            except refusal.Declined as refused:
                is_futures = "/futures/" in request.path
                said = declined(refused, MarketKind.PERP if is_futures else MarketKind.SPOT)
            except Declined as refused:
                said = refused
            return answer(request, said.body, said.status, said.headers)

        return handle

    def _count(self, request: web.Request, call: Call) -> None:
        """Orders that are placed or changed have a quota."""
        parts = request.path.removeprefix(f"{self._home}/api/v4/").split("/")
        if request.method in _PLACING and "orders" in parts and self._faults.of(SERVICE).real_limits:
            self._quota.take(call.account.setup.name, parts[0])

    def _call(self, request: web.Request, raw: bytes) -> Call:
        key = self._checked(request, raw)
        name = account_name(key)
        return Call(
            account=self._venue.exchange.account(name),
            user=user_of(name),
            key=key,
            key_since_s=self._born_s - key.age_days * _DAY_S,
            wire_ms=self._wire_ms(),
            query={**request.query, **request.match_info},
            body=_parsed(raw),
            at=self._venue.now(),
        )

    def _checked(self, request: web.Request, raw: bytes) -> ApiKey:
        """The key that signed the request."""
        headers = request.headers
        for name in ("KEY", "SIGN", "Timestamp"):
            if not headers.get(name):
                raise Declined("MISSING_REQUIRED_HEADER", f"Missing required header: {name}", _UNAUTHORIZED)
        key = GATE_KEYS.get(headers["KEY"])
        if key is None or self._has_ended(key):
            raise Declined("INVALID_KEY", "Invalid key provided", _UNAUTHORIZED)
        self._check_time(headers)
        path = request.rel_url.raw_path.removeprefix(self._home)
        query = request.rel_url.raw_query_string
        if not is_request_signed(key.secret, request.method, path, query, raw, headers):
            raise Declined("INVALID_SIGNATURE", "Signature mismatch", _UNAUTHORIZED)
        if request.method != "GET" and not key.can_trade:
            raise Declined("READ_ONLY", "Read only API key", _FORBIDDEN)
        return key

    def _check_time(self, headers: Mapping[str, str]) -> None:
        wire_ms = self._wire_ms()
        stamp, expiry = headers["Timestamp"], headers.get(EXPIRY_HEADER)
        if not stamp.isdigit() or abs(int(stamp) * 1000 - wire_ms) > FARTHEST_MS:
            raise Declined(
                "REQUEST_EXPIRED", "gap between request Timestamp and server time exceeds 60", _FORBIDDEN
            )
        if expiry is not None and (not expiry.isdigit() or int(expiry) < wire_ms):
            raise Declined("REQUEST_EXPIRED", "request expired", _FORBIDDEN)

    def _has_ended(self, key: ApiKey) -> bool:
        if key.ends_days is None:
            return False
        return self._wire_ms() // 1000 > self._born_s + key.ends_days * _DAY_S


def _parsed(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Declined("INVALID_REQUEST_BODY", "the body is not JSON") from None
