"""ccxt clients of accounts: signing and transport are theirs, the judgement of answers is ours.

Importing this imports ccxt: it is done when an account is first used.
"""

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from adapters.exchange.address import redirect
from adapters.exchange.library import ccxt
from adapters.exchange.nonsense import NONSENSE
from adapters.venues.answer import NoAnswer, VenueAnswer
from adapters.venues.catalogue import Catalogue, catalogue_of
from adapters.venues.keys import Keys

_EXPIRY_HEADER = "X-Gate-Exptime"
_OK_FROM, _OK_BELOW = 200, 300
_EXIT_PAUSE_MS = 250


class RawBybit(ccxt.async_support.bybit):  # type: ignore[misc]  # ccxt has no types
    """Bybit V5 whose refusals are raised as they came."""

    def handle_errors(
        self, code: int, reason: str, url: str, method: str, headers: Any, body: str, response: Any, *_: Any
    ) -> None:
        """Raise `VenueAnswer` for everything but success."""
        answer = response if isinstance(response, Mapping) else {}
        ret_code = str(answer.get("retCode", ""))
        if not _OK_FROM <= code < _OK_BELOW or ret_code != "0":
            raise VenueAnswer(
                status=code,
                code=ret_code,
                text=str(answer.get("retMsg", body)).replace(self.apiKey, "…"),  # it quotes what was signed
                retry_after_s=_bybit_pause_s(headers),
            )


class RawGate(ccxt.async_support.gate):  # type: ignore[misc]  # ccxt has no types
    """Gate v4 whose refusals are raised as they came, and whose acts expire as Bybit's do."""

    def handle_errors(
        self, code: int, reason: str, url: str, method: str, headers: Any, body: str, response: Any, *_: Any
    ) -> None:
        """Raise `VenueAnswer` for everything but success."""
        answer = response if isinstance(response, Mapping) else {}
        label = str(answer.get("label") or "")
        is_ok = _OK_FROM <= code < _OK_BELOW and (response is not None or not body)
        if not is_ok or label:
            raise VenueAnswer(
                status=code,
                code=label,
                text=str(answer.get("message") or answer.get("detail") or body),
                retry_after_s=_gate_pause_s(headers),
            )

    def sign(self, path: str, api: Any = "public", method: str = "GET", params: Any = None, *_: Any) -> Any:
        """As ccxt does, with the moment after which the venue must not carry an order out any more."""
        signed = super().sign(path, api, method, {} if params is None else params)
        if method == "POST" and api[0] == "private":
            signed["headers"][_EXPIRY_HEADER] = str(self.nonce() + self.options["recvWindow"])
        return signed


_TROUBLE = (ccxt.BaseError, OSError, *NONSENSE)


class Client:
    """What `adapters.venues.calls` asks of a venue: answers, `VenueAnswer` or `NoAnswer`."""

    def __init__(self, raw: Any, digest: str) -> None:
        self._raw = raw
        self._digest = digest

    async def ask(self, method: str, request: Any) -> Any:
        """One request. `method` is ccxt's name of the endpoint."""
        with _plain():
            return await getattr(self._raw, method)(request)

    async def catalogue(self) -> Catalogue:
        """All markets; the venue's time is learnt on the way."""
        with _plain():
            return catalogue_of(await self._raw.load_markets(True))

    async def set_time(self) -> int:
        """Sign with the venue's time from now on; by how many milliseconds ours is ahead."""
        with _plain():
            off_ms: int = await self._raw.load_time_difference()
        return off_ms

    def now_ms(self) -> int:
        """The venue's time, as far as it is known."""
        now_ms: int = self._raw.nonce()
        return now_ms

    @property
    def key(self) -> str:
        """The public half of the keys."""
        key: str = self._raw.apiKey
        return key

    def signed(self, text: str) -> str:
        """The signature of `text` on a private stream."""
        return hmac.new(self._raw.secret.encode(), text.encode(), self._digest).hexdigest()

    async def close(self) -> None:
        """Release connections. May be called twice."""
        await self._raw.close()


def open_client(
    venue: str, keys: Keys, *, base_url: str | None, timeout_ms: int, recv_window_ms: int
) -> Client:
    """A client of `venue` (`"bybit"`, `"gate"`). Raises `KeyError` for another."""
    raw_type, types, digest = _VENUES[venue]
    raw = raw_type(
        {
            "apiKey": keys.key,
            "secret": keys.secret,
            "number": str,
            "timeout": timeout_ms,
            "enableRateLimit": False,
            "timeout_on_exit": _EXIT_PAUSE_MS if base_url is None else 0,
            "options": {
                "recvWindow": recv_window_ms,
                "adjustForTimeDifference": True,
                "fetchMarkets": {"types": types},
                "swap": {"fetchMarkets": {"settlementCurrencies": ["usdt"]}},
                "unifiedAccount": True,
                "brokerId": "",
            },
        }
    )
    raw.has["fetchCurrencies"] = False  # wants the wallet's networks, which we do not read
    if base_url is not None:
        redirect(raw, base_url)
    return Client(raw, digest)


_VENUES: Final[dict[str, tuple[Any, list[str], str]]] = {
    "bybit": (RawBybit, ["spot", "linear"], "sha256"),
    "gate": (RawGate, ["spot", "swap"], "sha512"),
}


@contextmanager
def _plain() -> Iterator[None]:
    """Turn what ccxt raises for a broken wire or an answer of another shape into `NoAnswer`."""
    try:
        yield
    except _TROUBLE as error:
        said = f"{type(error).__name__} {error}"
        raise NoAnswer(said, was_sent=_was_sent(error)) from error


def _was_sent(error: Exception) -> bool:
    """Whether the venue may have the request: not one that was never signed or found no connection."""
    if isinstance(error, ccxt.AuthenticationError):
        return False
    return not isinstance(error.__cause__, aiohttp.ClientConnectorError)


def _bybit_pause_s(headers: Mapping[str, str]) -> float | None:
    """Bybit names the moment at which its quota is whole again."""
    reset_ms, sent_ms = headers.get("X-Bapi-Limit-Reset-Timestamp"), headers.get("Timenow")
    if not reset_ms or not sent_ms:
        return None
    return max(int(reset_ms) - int(sent_ms), 0) / 1000


def _gate_pause_s(headers: Mapping[str, str]) -> float | None:
    """Gate names the second at which its quota is whole again, by its own clock."""
    if retry_after := headers.get("Retry-After"):
        return float(retry_after)
    reset_s, sent = headers.get("X-Gate-RateLimit-Reset-Timestamp"), headers.get("Date")
    if not reset_s or not sent:
        return None
    return max(float(reset_s) - parsedate_to_datetime(sent).timestamp(), 0.0)
