"""Bybit V5's private stream: orders, executions, positions and the wallet on one line."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from adapters.exchange.address import moved
from adapters.exchange.dialect import Row
from adapters.venues import bybit_rows
from adapters.venues.calls import Asking, Calls
from adapters.venues.catalogue import Catalogue
from adapters.venues.private_stream import Heard, Line, Message
from ports.errors import Rejected, Transient
from ports.venue_books import VenueReport

_URL: Final = "wss://stream.bybit.com/v5/private"
_TOPICS: Final = ("order", "execution", "position", "wallet")
_SIGNED_FOR_MS = 10_000


async def bybit_lines(calls: Calls, base_url: str | None) -> Sequence[Line]:
    """The one line there is."""
    client, catalogue = await calls.client(), await calls.catalogue()
    url = _URL if base_url is None else moved(_URL, base_url)
    return [Line(url, BybitDialogue(client, catalogue, calls.account))]


class BybitDialogue:
    """Bybit's words on the private line."""

    def __init__(self, client: Asking, catalogue: Catalogue, account: str) -> None:
        self._client = client
        self._catalogue = catalogue
        self._account = account

    def greeting(self) -> Sequence[Message]:
        """The key, signed for ten seconds."""
        until = self._client.now_ms() + _SIGNED_FOR_MS
        signature = self._client.signed(f"GET/realtime{until}")
        return [{"op": "auth", "args": [self._client.key, until, signature]}]

    def ping(self) -> Message:
        """Answered with a pong."""
        return {"op": "ping"}

    def hear(self, message: Message) -> Heard:
        """Answers to what we said, or rows of a topic."""
        if "topic" in message:
            return Heard(reports=list(self._reports(message["topic"].split(".")[0], message["data"])))
        if message.get("op") == "auth":
            if not message.get("success"):
                raise Rejected(
                    f"{self._account}: the private stream refused the key: {message.get('ret_msg')}"
                )
            return Heard(answers=[{"op": "subscribe", "args": list(_TOPICS)}])
        if message.get("op") == "subscribe":
            if not message.get("success"):
                raise Transient(f"{self._account}: {message.get('ret_msg')}", kind="refused")
            return Heard(is_ready=True)
        return Heard()

    def _reports(self, topic: str, rows: Sequence[Row]) -> Iterable[VenueReport]:
        if topic == "wallet":
            return (bybit_rows.balance_of(coin) for row in rows for coin in row["coin"])
        read = self._readers().get(topic)
        return () if read is None else (one for row in rows if (one := read(row)) is not None)

    def _readers(self) -> dict[str, Callable[[Row], VenueReport | None]]:
        return {
            "order": lambda row: bybit_rows.order_of(row, row["category"], self._catalogue),
            "execution": lambda row: bybit_rows.fill_of(row, row["category"], self._catalogue),
            "position": lambda row: bybit_rows.position_of(row, self._catalogue),
        }
