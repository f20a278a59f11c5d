"""Room for an exit of coins: what would sell the same coins at the venue goes first.

On spot nothing is reduce-only. A venue may keep the coins for an order that sleeps there, and what does not
keep them could sell coins that are not this trade's. So a stop that rests is taken back before the desk sells
by itself, and put there again for what is left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from engines.orders.bracket import is_guard
from engines.orders.order import Order, OrderKind, OrderState, Purpose
from ports.books import Conflict
from ports.errors import Transient, Uncertain
from services.ordering.findings import Finding, Tell
from services.trading.register import Register

log = structlog.get_logger()

PATIENCE_S: Final = 5.0
"""Real seconds for which an exit waits for its coins; then it is not sent."""
AGAIN_S: Final = 0.5

_ALL_OUT: Final = (Purpose.STOP, Purpose.TRAIL, Purpose.LIQUIDATION)
_CALLABLE: Final = (OrderState.ACKNOWLEDGED, OrderState.OPEN, OrderState.PARTIALLY_FILLED)


@dataclass(slots=True, repr=False)
class Room:
    """Makes room for exits. `is_short` says whether others still claim what one would sell, `tend` brings the
    protection of a trade up to date, which counts the exit that is written down already, `cancel` takes an
    order out of the book."""

    register: Register
    is_short: Callable[[Order], bool]
    tend: Callable[[int], Awaitable[bool]]
    cancel: Callable[[Order], Awaitable[object]]
    tell: Tell
    patience_s: float = PATIENCE_S
    _waiting: dict[int, set[asyncio.Event]] = field(default_factory=dict)
    _told: set[int] = field(default_factory=set)

    def hear(self, orders: Iterable[Order]) -> None:
        """Orders have changed: one of them may have been in the way."""
        for trade_id in {order.intent.trade_id for order in orders}:
            for news in self._waiting.get(trade_id, ()):
                news.set()

    async def make(self, order: Order) -> None:
        """Take back what is in the way of an exit, and wait until that is certain; not for ever."""
        trade_id, news = order.intent.trade_id, asyncio.Event()
        self._waiting.setdefault(trade_id, set()).add(news)
        try:
            left = await self._until_free(order, news)
        finally:
            self._waiting[trade_id].discard(news)
            if not self._waiting[trade_id]:
                del self._waiting[trade_id]
        if left:
            await self._say(order, left[0])
        else:
            self._told.discard(trade_id)

    async def _until_free(self, order: Order, news: asyncio.Event) -> Sequence[Order]:
        """What is in the way still when its time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience_s
        while self.is_short(order) and (blocking := self._in_the_way(order)):
            if loop.time() >= until:
                return blocking
            news.clear()
            await self._call_back(order.intent.trade_id, blocking)
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await news.wait()
        return ()

    async def _call_back(self, trade_id: int, blocking: Sequence[Order]) -> None:
        if any(map(is_guard, blocking)):
            await self.tend(trade_id)
        for one in blocking:
            if not is_guard(one) and one.state in _CALLABLE:
                with suppress(Conflict, Transient, Uncertain):  # it is seen to, and asked again
                    await self.cancel(one)

    def _in_the_way(self, order: Order) -> Sequence[Order]:
        """Stops that rest; and where the market has called for all to go, exits that rest."""
        held = self.register.get(order.intent.trade_id)
        others = () if held is None or is_guard(order) else held.pending
        is_all_out = order.intent.purpose in _ALL_OUT
        return [
            one
            for one in others
            if one.id != order.id and (is_guard(one) or (is_all_out and _is_resting_exit(one)))
        ]

    async def _say(self, order: Order, blocking: Order) -> None:
        """Once, until there was room again."""
        intent = order.intent
        log.warning("exit_blocked", order=order.id, by=blocking.id, state=blocking.state)
        if intent.trade_id in self._told:
            return
        self._told.add(intent.trade_id)
        params = {"trade_id": intent.trade_id, "order_id": blocking.id}
        await self.tell(Finding(code="exit_blocked", account=intent.account, params=params))


def _is_resting_exit(order: Order) -> bool:
    is_there = order.state in _CALLABLE or order.state is OrderState.CANCEL_PENDING
    return order.intent.reduce_only and order.terms.kind is OrderKind.LIMIT and is_there
