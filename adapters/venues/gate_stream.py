"""Gate v4's private streams: one line for spot, one for futures, a signed subscription a channel."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from adapters.exchange.address import moved
from adapters.exchange.dialect import Row
from adapters.venues import gate_rows
from adapters.venues.calls import Asking, Calls
from adapters.venues.catalogue import Catalogue
from adapters.venues.gate_reads import GateReads
from adapters.venues.private_stream import Heard, Line, Message
from ports.errors import Rejected, Transient
from ports.venue_books import VenueBalance, VenueReport

_SPOT_URL: Final = "wss://api.gateio.ws/ws/v4/"
_FUTURES_URL: Final = "wss://fx-ws.gateio.ws/v4/ws/usdt"
_SPOT_CHANNELS: Final = {"spot.orders": ["!all"], "spot.usertrades": ["!all"], "spot.balances": None}
_FUTURES_CHANNELS: Final = ("futures.orders", "futures.usertrades", "futures.positions")
_KEY_REFUSED: Final = ("INVALID_KEY", "INVALID_SIGN", "authentication", "Unauthorized", "auth")

Payloads = dict[str, list[str] | None]


async def gate_lines(calls: Calls, reads: GateReads, base_url: str | None) -> Sequence[Line]:
    """Both lines; the futures one is asked by the number of the account."""
    client, catalogue, user_id = await calls.client(), await calls.catalogue(), await reads.user_id()
    futures: Payloads = {channel: [user_id, "!all"] for channel in _FUTURES_CHANNELS}
    urls = [url if base_url is None else moved(url, base_url) for url in (_SPOT_URL, _FUTURES_URL)]
    return [
        Line(urls[0], GateDialogue("spot", _SPOT_CHANNELS, client, catalogue, calls.account)),
        Line(urls[1], GateDialogue("futures", futures, client, catalogue, calls.account)),
    ]


class GateDialogue:
    """Gate's words on one private line. `payloads` has what each channel is asked with."""

    def __init__(
        self, market: str, payloads: Payloads, client: Asking, catalogue: Catalogue, account: str
    ) -> None:
        self._market = market
        self._payloads = payloads
        self._client = client
        self._catalogue = catalogue
        self._account = account
        self._missing = set(payloads)

    def greeting(self) -> Sequence[Message]:
        """A signed subscription to each channel."""
        return [self._subscription(channel, payload) for channel, payload in self._payloads.items()]

    def ping(self) -> Message:
        """Answered with a pong."""
        return {"time": self._client.now_ms() // 1000, "channel": f"{self._market}.ping"}

    def hear(self, message: Message) -> Heard:
        """Answers to subscriptions, or rows of a channel."""
        channel, event = message.get("channel", ""), message.get("event")
        if event == "subscribe":
            self._check(message)
            self._missing.discard(channel)
            return Heard(is_ready=not self._missing)
        if event != "update":
            return Heard()
        read = self._readers().get(channel)
        if read is None:
            return Heard()
        rows = message["result"] if isinstance(message["result"], list) else [message["result"]]
        return Heard(reports=[one for row in rows if (one := read(row)) is not None])

    def _check(self, message: Message) -> None:
        error: Any = message.get("error")
        if not error:
            return
        said = str(error.get("message") if isinstance(error, dict) else error)
        if any(word in said for word in _KEY_REFUSED):
            raise Rejected(f"{self._account}: the private stream refused the key: {said}")
        raise Transient(f"{self._account}: {message.get('channel')}: {said}", kind="refused")

    def _subscription(self, channel: str, payload: list[str] | None) -> Message:
        now_s, event = self._client.now_ms() // 1000, "subscribe"
        signature = self._client.signed(f"channel={channel}&event={event}&time={now_s}")
        auth = {"method": "api_key", "KEY": self._client.key, "SIGN": signature}
        message = {"time": now_s, "channel": channel, "event": event, "auth": auth}
        return message if payload is None else message | {"payload": payload}

    def _readers(self) -> dict[str, Callable[[Row], VenueReport | None]]:
        catalogue = self._catalogue
        return {
            "spot.orders": lambda row: gate_rows.spot_order_of(row, catalogue),
            "spot.usertrades": lambda row: gate_rows.spot_fill_of(row, catalogue),
            "spot.balances": _balance_of,
            "futures.orders": lambda row: gate_rows.futures_order_of(row, catalogue),
            "futures.usertrades": lambda row: gate_rows.futures_fill_of(row, catalogue),
            "futures.positions": lambda row: gate_rows.position_of(row, catalogue),
        }


def _balance_of(row: Row) -> VenueBalance:
    total, free = Decimal(str(row["total"])), Decimal(str(row["available"]))
    return VenueBalance(asset=row["currency"], total=total, free=free)
