"""What Gate still knows of orders that ended.

An order is found by its text while it is open and for a while after its end, and by its id for good; but an
order of a perpetual that was cancelled without a fill is forgotten. A client that looks for an order must
therefore look in the lists and in the fills, too.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from engines.core.instrument import MarketKind
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.event import Event
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.order import ExchangeOrder, State
from engines.simulate.exchange.refusal import Declined, Why
from sandbox.gate.woken import book_id, slept_id

TEXT_KNOWN_MS: Final = {MarketKind.SPOT: 3_600_000, MarketKind.PERP: 60_000}
"""For how long after its end an order is found by its text (wire time)."""
ZERO_FILL_KNOWN_MS: Final = 600_000
"""For how long an order of a perpetual that ended without a fill is known (wire time)."""


class Recall:
    """Finds orders as long as the venue would."""

    def __init__(self, journal: Journal, wire_ms: Callable[[], int]) -> None:
        self._wire_ms = wire_ms
        self._ended_ms: OrderedDict[str, int] = OrderedDict()
        journal.subscribe(self._hear)

    def find(self, account: Account, kind: MarketKind, name: str) -> ExchangeOrder:
        """An order that is or was in the book, by its id or text. Raises `Declined`."""
        if name.startswith("t-"):
            order = account.order(client_id=name)
            is_young = order.is_live or self._age_ms(order) <= TEXT_KNOWN_MS[kind]
            is_known = is_young and not order.is_triggered
        else:
            order = account.orders.get(name) or account.order(id=slept_id(name))
            is_known = name == book_id(order)
        if not is_known or not self.is_known(order, kind):
            raise Declined(Why.ORDER_NOT_FOUND, name)
        return order

    def is_known(self, order: ExchangeOrder, kind: MarketKind) -> bool:
        """Whether an order of that kind of market is shown: it is or was in the book, and not forgotten."""
        if order.instrument.kind is not kind or (order.trigger_price is not None and not order.is_triggered):
            return False
        is_empty = order.state is State.CANCELED and not order.filled
        return kind is MarketKind.SPOT or not is_empty or self._age_ms(order) <= ZERO_FILL_KNOWN_MS

    def _age_ms(self, order: ExchangeOrder) -> int:
        """Since it ended; of one that ended in an earlier run, very long."""
        return self._wire_ms() - self._ended_ms.get(order.id, 0)

    def _hear(self, event: Event) -> None:
        if not isinstance(event.what, ExchangeOrder) or event.what.is_live:
            return
        now_ms = self._wire_ms()
        self._ended_ms[event.what.id] = now_ms
        while next(iter(self._ended_ms.values())) < now_ms - max(TEXT_KNOWN_MS.values()):
            self._ended_ms.popitem(last=False)
