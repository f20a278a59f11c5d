"""Bybit's door: who asks, whether it is signed and in time, and how often; then the endpoint."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson
from aiohttp import web

from engines.simulate.exchange import refusal
from sandbox.accounts import KEYS, MAIN, ApiKey
from sandbox.bybit import codes
from sandbox.bybit.call import KINDS, Call, Endpoint
from sandbox.bybit.quota import Quota
from sandbox.bybit.wire import SERVICE, Declined, answer
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults

_DAY_MS = 86_400_000
_USUAL_WINDOW_MS = 5000
_EARLIEST_MS = 1000
_ORDERS = "/v5/order/"
_ASSETS = "/v5/asset/"


class Door:
    """Lets signed requests through to the endpoints. Raises nothing: what is wrong is answered."""

    def __init__(self, venue: VenueExchange, clock: SandboxClock, faults: Faults) -> None:
        self._venue = venue
        self._clock = clock
        self._faults = faults
        self._born_ms = clock.wire_ms()
        self._quota = Quota(clock.wire_ms)

    def routes(self, prefix: str, endpoints: Mapping[tuple[str, str], Endpoint]) -> list[web.RouteDef]:
        """The endpoints under `prefix`, by method and path."""
        return [
            web.route(method, prefix + path, self._guarded(method, path, endpoint))
            for (method, path), endpoint in endpoints.items()
        ]

    def wire_ms(self) -> int:
        """The venue's own clock, which a fault may put wrong."""
        return self._clock.wire_ms() + self._faults.of(SERVICE).skew_ms

    def key_of(self, name: str) -> ApiKey:
        """The key of that name. Raises `Declined`."""
        key = KEYS.get(name)
        if key is None:
            raise Declined("API key is invalid.", codes.BAD_KEY)
        ends_ms = None if key.ends_days is None else self._born_ms + key.ends_days * _DAY_MS
        if ends_ms is not None and self._clock.wire_ms() >= ends_ms:
            raise Declined("Your api key has expired.", codes.KEY_ENDED)
        return key

    def _guarded(self, method: str, path: str, endpoint: Endpoint) -> Any:
        is_order = method == "POST" and path.startswith(_ORDERS)

        async def handle(request: web.Request) -> web.Response:
            body = await request.read() if method == "POST" else b""
            headers: dict[str, str] = {}
            try:
                key = self._admitted(request, method, body)
                values = _values(request, body)
                if is_order and self._faults.of(SERVICE).real_limits:
                    headers = self._quota.take(key.key, str(values.get("category")))
                result, code, message = self._result(path, endpoint, key, values), 0, "OK"
            except Declined as declined:
                result, code, message = {}, declined.code, declined.message
                headers = declined.headers
            response = answer(result, self.wire_ms(), code=code, message=message)
            response.headers.update(headers)
            return response

        return handle

    def _result(
        self, path: str, endpoint: Endpoint, key: ApiKey, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        call = Call(
            account=self._venue.exchange.account(MAIN),
            key=key,
            made_ms=self._born_ms - key.age_days * _DAY_MS,
            values=values,
            quotes=self._venue.quotes,
            at=self._venue.now(),
            wire_ms=self._clock.wire_ms(),
        )
        try:
            return endpoint(call)
        except refusal.Declined as error:
            kind = None if path.startswith(_ASSETS) else KINDS.get(str(values.get("category")))
            raise codes.declined(error, kind) from error

    def _admitted(self, request: web.Request, method: str, body: bytes) -> ApiKey:
        """The key that the request is signed with. Raises `Declined`."""
        headers = request.headers
        key = self.key_of(headers.get("X-BAPI-API-KEY", ""))
        stamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", "")
        self._check_time(stamp, window)
        query = request.rel_url.raw_query_string
        texts = [body.decode()] if method == "POST" else [query, unquote(query)]
        given = headers.get("X-BAPI-SIGN", "")
        if not any(
            hmac.compare_digest(signature(key, stamp + key.key + window + text), given) for text in texts
        ):
            raise Declined("error sign! origin_string does not match", codes.BAD_SIGN)
        if method == "POST" and not key.can_trade:
            raise Declined("Permission denied, please check your API key permissions.", codes.NO_PERMISSION)
        return key

    def _check_time(self, stamp: str, window: str) -> None:
        """Not older than the window that the client allows, and at most a second ahead."""
        now_ms, window_ms = self.wire_ms(), int(window) if window.isdigit() else _USUAL_WINDOW_MS
        sent_ms = int(stamp) if stamp.isdigit() else 0
        if now_ms - window_ms <= sent_ms < now_ms + _EARLIEST_MS:
            return
        raise Declined(
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{stamp}],server_timestamp[{now_ms}],recv_window[{window_ms}]",
            codes.BAD_REQUEST_TIME,
        )


def signature(key: ApiKey, text: str) -> str:
    """What the key makes of a text."""
    return hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


_NOT_AN_OBJECT: Final = "params error: the body is not a JSON object"


def _values(request: web.Request, body: bytes) -> Mapping[str, Any]:
    if request.method != "POST":
        return request.query
    try:
        values = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Declined(_NOT_AN_OBJECT) from error
    if not isinstance(values, dict):
        raise Declined(_NOT_AN_OBJECT)
    return values
