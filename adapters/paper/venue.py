"""The paper venue: executes orders on live public data, by the rules of `engines.simulate.matching`."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.paper.book import BookReader, Eaten
from engines.core.depth import Depth
from engines.core.instrument import Instrument, Toward
from engines.core.move import Move
from engines.core.side import Direction, Side
from engines.orders.bracket import SOUND, Sleep
from engines.orders.order import (
    Acknowledged,
    Amended,
    Canceled,
    Expired,
    Fill,
    Filled,
    Intent,
    Liquidity,
    Opened,
    Order,
    OrderEvent,
    OrderKind,
    Purpose,
    QueueMoved,
    Terms,
    VenueRejected,
)
from engines.orders.trigger import touched_at
from engines.simulate.costs import Fees
from engines.simulate.matching import Taken, queue_ahead, serve_resting, take_depth
from ports.clock import Clock
from ports.errors import Rejected
from ports.markets import MarketSource
from ports.trading import LastLook, still_wanted

_AT_ITS_PRICE = (Purpose.MANUAL, Purpose.LIQUIDATION)
"""Executed at the price that the order names: agreed by the person, or the venue takes the position over."""


class PaperVenue:
    """`Venue` that pretends. What it was never handed it does not have: it keeps nothing of its own.

    Sizes that were taken stay taken for everybody (`Eaten`). Without a fresh book nothing is executed.
    """

    def __init__(
        self,
        source: MarketSource,
        clock: Clock,
        fees: Fees,
        *,
        latency_s: float,
        stale_after_s: float,
    ) -> None:
        self._books = BookReader(source, clock, stale_after_s)
        self._clock = clock
        self._fees = fees
        self._latency_s = latency_s
        self._eaten = Eaten()

    @property
    def name(self) -> str:
        """Always `"paper"`."""
        return "paper"

    @property
    def sleep(self) -> Sleep:
        """The desk keeps what sleeps, for as long as it likes."""
        return SOUND

    async def submit(
        self, order: Order, direction: Direction, last_look: LastLook = still_wanted
    ) -> Sequence[OrderEvent]:
        """Let the order meet the book after the latency, while it is wanted. Raises `Stale` or `Transient`:
        nothing happened."""
        intent = order.intent
        if intent.purpose in _AT_ITS_PRICE:
            return self._at_its_price(order)
        await asyncio.sleep(self._latency_s)
        is_asleep = order.terms.trigger_price is not None
        depth = None if is_asleep else await self._books.fresh(intent.instrument)
        if (event := last_look()) is not None:
            return [event]
        if depth is None:
            return self._fall_asleep(order)
        now = self._clock.now()
        if intent.expires_at is not None and now > intent.expires_at:
            return [Expired(at=now)]
        if order.terms.is_post_only and _would_take(order, depth):
            return [VenueRejected(at=now, reason="post_only_would_take")]
        return self._meet(order, depth, now)

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        """Always at once: what the market did before was told by `moved`."""
        return [Canceled(at=self._clock.now())]

    async def amend(self, order: Order, terms: Terms) -> Sequence[OrderEvent]:
        """All but a smaller size puts it at the end of the queue, and at another price it may be filled.
        Raises `Stale` or `Transient`: nothing happened."""
        is_smaller = terms.limit_price == order.terms.limit_price and terms.quantity <= order.terms.quantity
        if is_smaller or terms.limit_price is None:
            return [Amended(at=self._clock.now(), terms=terms, queue_ahead=order.queue_ahead)]
        depth, changed = await self._books.fresh(order.intent.instrument), replace(order, terms=terms)
        if terms.is_post_only and _would_take(changed, depth):
            return []
        now, intent = self._clock.now(), order.intent
        ahead = queue_ahead(intent.instrument, intent.side, terms.limit_price, depth)
        met = [event for event in self._meet(changed, depth, now) if isinstance(event, Filled | Canceled)]
        return [Amended(at=now, terms=terms, queue_ahead=ahead), *met]

    async def cancel_all(self, instrument: Instrument | None = None) -> None:
        """Nothing: what rests is kept by the desk, which cancels it order by order."""

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        """Nothing: every trade carries its own leverage."""

    async def set_hedged(self, is_hedged: bool) -> None:
        """Nothing: long and short are trades of their own."""

    async def transfer(
        self, transfer_id: str, asset: str, amount: Decimal, *, source: str, target: str
    ) -> None:
        """Never: there is one wallet."""
        raise Rejected("paper money lies in one wallet")

    def moved(self, move: Move, resting: Sequence[Order]) -> Mapping[str, Sequence[OrderEvent]]:
        """Fills at the limit, as maker, queues that became shorter, and sleepers that woke."""
        by_id = {order.id: order for order in resting}
        sleeping = [order for order in resting if order.terms.trigger_price is not None]
        outcome: dict[str, Sequence[OrderEvent]] = {}
        for order in sleeping:
            if (price := touched_at(order, move)) is not None:
                outcome[order.id] = self._wake(order, price, move)
        in_book = [order for order in resting if order.terms.trigger_price is None]
        for order_id, served in serve_resting(in_book, move).items():
            order = by_id[order_id]
            if served.quantity > 0:
                limit = order.terms.limit_price
                assert limit is not None
                part = Taken(price=limit, quantity=served.quantity)
                outcome[order_id] = [self._filled(order, part, Liquidity.MAKER, move.at, 0)]
            else:
                outcome[order_id] = [QueueMoved(at=move.at, queue_ahead=served.queue_ahead)]
        return outcome

    def _meet(self, order: Order, depth: Depth, now: datetime) -> list[OrderEvent]:
        """Take what the book gives; the rest of a limit stays in it, the rest of a market order is gone."""
        intent = order.intent
        at = self._moment(intent, now)
        parts = take_depth(
            intent.instrument,
            intent.side,
            order.left,
            depth,
            at=now,
            eaten=self._eaten.of(intent.instrument),
            worst_price=order.terms.limit_price or order.terms.worst_price,
            touch=intent.trigger_price,
        )
        affordable = _within(parts, intent)
        events: list[OrderEvent] = [Acknowledged(at=at)]
        events += [
            self._filled(order, part, Liquidity.TAKER, at, number) for number, part in enumerate(affordable)
        ]
        if (taken := _size(affordable)) < order.left:
            events.append(self._rest(order, depth, at, is_cut=taken < _size(parts)))
        return events

    def _rest(self, order: Order, depth: Depth, at: datetime, *, is_cut: bool) -> OrderEvent:
        intent, limit_price = order.intent, order.terms.limit_price
        if order.terms.kind is OrderKind.MARKET or is_cut:
            return Canceled(at=at, reason="too_dear" if is_cut else "no_depth")
        assert limit_price is not None
        ahead = queue_ahead(intent.instrument, intent.side, limit_price, depth)
        return Opened(at=at, queue_ahead=ahead)

    def _fall_asleep(self, order: Order) -> list[OrderEvent]:
        """What wakes is at the market: a limit would have to be remembered as awake."""
        now = self._clock.now()
        if order.terms.kind is OrderKind.LIMIT:
            return [VenueRejected(at=now, reason="trigger_needs_market")]
        return [Acknowledged(at=now), Opened(at=now)]

    def _wake(self, order: Order, price: Decimal, move: Move) -> list[OrderEvent]:
        """That moment has no book: what was traded, at the touched price, where that is good enough."""
        worst, side = order.terms.worst_price, order.intent.side
        if worst is not None and (price - worst) * side.sign > 0:
            return [Canceled(at=move.at, reason="no_depth")]
        quantity = order.left if move.volume is None else min(order.left, move.volume)
        quantity = order.intent.instrument.quantity(quantity)
        events: list[OrderEvent] = []
        if quantity > 0:
            part = Taken(price=price, quantity=quantity)
            events.append(self._filled(order, part, Liquidity.TAKER, move.at, 0))
        if quantity < order.left:
            events.append(Canceled(at=move.at, reason="no_depth"))
        return events

    def _at_its_price(self, order: Order) -> list[OrderEvent]:
        price = order.terms.limit_price
        assert price is not None
        at = self._moment(order.intent, self._clock.now())
        part = Taken(price=price, quantity=order.left)
        return [Acknowledged(at=at), self._filled(order, part, Liquidity.TAKER, at, 0)]

    def _moment(self, intent: Intent, now: datetime) -> datetime:
        """An exit that was due in the past is executed then, so that funding knows what was held when."""
        if intent.trigger_price is None:
            return now
        return min(now, intent.created_at + timedelta(seconds=self._latency_s))

    def _filled(self, order: Order, part: Taken, liquidity: Liquidity, at: datetime, number: int) -> Filled:
        kind = order.intent.instrument.kind
        fee = self._fees.fee(kind, liquidity, part.price * part.quantity)
        fill = Fill(
            id=str(len(order.fill_ids) + number + 1),
            order_id=order.id,
            price=part.price,
            quantity=part.quantity,
            fee=fee,
            liquidity=liquidity,
            at=at,
        )
        return Filled(at=at, fill=fill)


def _would_take(order: Order, depth: Depth) -> bool:
    limit_price, side = order.terms.limit_price, order.intent.side
    levels = depth.asks if side is Side.BUY else depth.bids
    return bool(levels) and limit_price is not None and (limit_price - levels[0][0]) * side.sign >= 0


def _size(parts: Sequence[Taken]) -> Decimal:
    return sum((part.quantity for part in parts), Decimal(0))


def _within(parts: Sequence[Taken], intent: Intent) -> Sequence[Taken]:
    """The parts that together cost no more than the intent may; the last is cut to the size grid."""
    if intent.most_cost is None:
        return parts
    left, kept = intent.most_cost, list[Taken]()
    for part in parts:
        quantity = min(part.quantity, intent.instrument.quantity(left / part.price, Toward.DOWN))
        if quantity > 0:
            kept.append(Taken(price=part.price, quantity=quantity))
        if quantity < part.quantity:
            break
        left -= part.price * quantity
    return kept
