"""A venue in memory with scripted trouble: both of its ports over one small book."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from engines.core.instrument import Instrument
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.bracket import SOUND, Sleep
from engines.orders.execution import Quote
from engines.orders.order import (
    Acknowledged,
    Amended,
    Liquidity,
    Order,
    OrderEvent,
    OrderKind,
    Terms,
    VenueRejected,
)
from ports.errors import Rejected, Transient, Uncertain
from ports.trading import LastLook, still_wanted
from ports.venue_books import (
    AccountTerms,
    KeyRights,
    MovementKind,
    VenueBalance,
    VenueFill,
    VenueFunding,
    VenueMark,
    VenueMovement,
    VenueOrder,
    VenueOrderState,
    VenuePosition,
    VenueReport,
)
from tests.build.clock import HandClock
from tests.build.orders import PERP, SPOT

S = VenueOrderState


class Trouble(StrEnum):
    """What goes wrong with one request."""

    LOST_BEFORE = "lost_before"
    """The venue never gets it; nobody knows."""
    LOST_AFTER = "lost_after"
    """The venue acts on it, and its answer is lost."""
    BUSY = "busy"
    """Refused for the rate: proven not to be there."""
    REFUSED = "refused"
    """Refused for good."""


@dataclass(slots=True, eq=False)
class FakeVenue:
    """`Venue` and `VenueBooks` of one account. Market orders are filled at once at `quote`, limits rest until
    `fill`. What the stream would tell waits in `stream`, for the test to hand over as it likes."""

    clock: HandClock
    account: str = "bybit"
    quote: Quote = field(init=False)
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    executed: list[VenueFill] = field(default_factory=list)
    money: dict[str, Decimal] = field(default_factory=dict)
    held: list[VenuePosition] = field(default_factory=list)
    moves: list[VenueMovement] = field(default_factory=list)
    stream: list[VenueReport] = field(default_factory=list)
    submits: list[str] = field(default_factory=list)
    is_hedged: bool = False
    leverages: dict[str, Decimal] = field(default_factory=dict)
    grids: list[Instrument] = field(default_factory=lambda: [PERP, SPOT])
    is_fixed: bool = False
    """Its settings cannot be changed."""
    sleep: Sleep = SOUND
    fee: tuple[Decimal, str] = (Decimal("0.01"), "USDT")
    """What every fill costs."""
    on_submit: deque[Trouble] = field(default_factory=deque)
    on_cancel: deque[Trouble] = field(default_factory=deque)
    on_read: deque[Trouble] = field(default_factory=deque)
    partial: deque[Decimal] = field(default_factory=deque)
    """Shares of the next market orders that find depth; all of it where nothing is said."""
    queued: int = 0
    queue: asyncio.Event | None = None
    """New orders wait here for their turn, before they leave."""
    slow: asyncio.Event | None = None
    """Requests wait for it where there is one."""
    tell: Callable[[VenueReport], None] | None = None

    def __post_init__(self) -> None:
        self.set("100")

    @property
    def name(self) -> str:
        return self.account

    def set(self, price: str, spread: str = "0.2") -> None:
        """The book stands around a price."""
        half = Decimal(spread) / 2
        self.quote = Quote(bid=Decimal(price) - half, ask=Decimal(price) + half, at=self.clock.now())

    async def quotes(self, account: str, instrument: Instrument) -> Quote | None:
        """The best prices, for the road."""
        return self.quote

    async def submit(
        self, order: Order, direction: Direction, last_look: LastLook = still_wanted
    ) -> Sequence[OrderEvent]:
        if self.queue is not None:
            await self.queue.wait()
        if (event := last_look()) is not None:
            return [event]
        self.submits.append(order.id)
        trouble = self.on_submit.popleft() if self.on_submit else None
        if self.slow is not None:
            await self.slow.wait()
        if trouble is Trouble.BUSY:
            raise Transient("too many", kind="rate_limited")
        if trouble is Trouble.LOST_BEFORE:
            raise Uncertain("no answer")
        now = self.clock.now()
        if trouble is Trouble.REFUSED:
            return [VenueRejected(at=now, reason="insufficient_funds")]
        if self._would_take(order):
            return [VenueRejected(at=now, reason="post_only_would_take")]
        told = self._accept(order)
        if trouble is Trouble.LOST_AFTER:
            raise Uncertain("no answer")
        return [Acknowledged(at=now, venue_id=told.venue_id)]

    async def cancel(self, order: Order) -> Sequence[OrderEvent]:
        trouble = self.on_cancel.popleft() if self.on_cancel else None
        if trouble is Trouble.LOST_BEFORE:
            raise Uncertain("no answer")
        if trouble is Trouble.BUSY:
            raise Transient("too many", kind="rate_limited")
        self.end(order.id)
        if trouble is Trouble.LOST_AFTER:
            raise Uncertain("no answer")
        return []

    async def amend(self, order: Order, terms: Terms) -> Sequence[OrderEvent]:
        told = self.orders.get(order.id)
        if told is None or told.state is not S.OPEN or terms.quantity <= told.filled:
            return []
        self._change(
            order.id,
            limit_price=terms.limit_price,
            quantity=terms.quantity,
            trigger_price=terms.trigger_price,
        )
        return [Amended(at=self.clock.now(), terms=terms)]

    async def cancel_all(self, instrument: Instrument | None = None) -> None:
        for client_id in list(self.orders):
            self.end(client_id)

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        if self.is_fixed:
            raise Rejected("not now")
        self.leverages[instrument.symbol] = leverage

    async def set_hedged(self, is_hedged: bool) -> None:
        if self.is_fixed:
            raise Rejected("not now")
        self.is_hedged = is_hedged

    async def transfer(
        self, transfer_id: str, asset: str, amount: Decimal, *, source: str, target: str
    ) -> None:
        """Taken."""

    def moved(self, move: Move, resting: Sequence[Order]) -> Mapping[str, Sequence[OrderEvent]]:
        return {}

    async def instruments(self) -> Sequence[Instrument]:
        traded = {order.instrument.key: order.instrument for order in self.orders.values()}
        return list((traded | {one.key: one for one in self.grids}).values())

    async def server_time(self) -> datetime:
        return self.clock.wire_now()

    async def key(self) -> KeyRights:
        return KeyRights(can_trade=True, can_withdraw=False, is_bound_to_ip=True)

    async def terms(self) -> AccountTerms:
        return AccountTerms(is_unified=True, is_hedged=self.is_hedged)

    async def open_orders(self) -> Sequence[VenueOrder]:
        self._read()
        return [told for told in self.orders.values() if told.state is S.OPEN]

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        self._read()
        return self.orders.get(client_id)

    async def fills(self, since: datetime, instrument: Instrument | None = None) -> Sequence[VenueFill]:
        self._read()
        return [
            one
            for one in self.executed
            if one.at >= since and (instrument is None or one.instrument == instrument)
        ]

    async def balances(self) -> Sequence[VenueBalance]:
        return [VenueBalance(asset=asset, total=total, free=total) for asset, total in self.money.items()]

    async def positions(self) -> Sequence[VenuePosition]:
        return list(self.held)

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]:
        return []

    async def movements(self, since: datetime) -> Sequence[VenueMovement]:
        return [one for one in self.moves if one.at >= since]

    def pay_in(self, amount: str, *, earlier: timedelta = timedelta(0)) -> None:
        """Dollars come from outside; when, may be told as earlier than it was."""
        self.money["USDT"] = self.money.get("USDT", Decimal(0)) + Decimal(amount)
        self.moves.append(
            VenueMovement(
                id=str(len(self.moves)),
                kind=MovementKind.DEPOSIT,
                asset="USDT",
                amount=Decimal(amount),
                is_done=True,
                at=self.clock.now() - earlier,
            )
        )

    async def mark(self, instrument: Instrument) -> VenueMark:
        price = (self.quote.bid + self.quote.ask) / 2
        return VenueMark(
            instrument=instrument,
            mark=price,
            index=price,
            funding_rate=None,
            next_funding_at=None,
            at=self.clock.now(),
        )

    async def leverage(self, instrument: Instrument) -> Decimal:
        return self.leverages.get(instrument.symbol, Decimal(1))

    async def watch(self, tell: Callable[[VenueReport], None]) -> None:
        self.tell = tell
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""

    def fill(self, client_id: str, quantity: str | Decimal | None = None) -> None:
        """Somebody meets a resting order."""
        told = self.orders[client_id]
        if told.state is not S.OPEN:
            return
        price = told.limit_price or told.trigger_price
        assert price is not None
        left = told.quantity - told.filled
        self._execute(client_id, price, min(Decimal(quantity) if quantity else left, left), Liquidity.MAKER)

    def end(self, client_id: str, state: VenueOrderState = S.CANCELED, reason: str = "") -> None:
        """An order leaves the book."""
        told = self.orders.get(client_id)
        if told is not None and told.state is S.OPEN:
            self._change(client_id, state=state, reason=reason)

    def foreign(self, client_id: str, instrument: Instrument, order: VenueOrder) -> None:
        """An order that somebody else put there."""
        self.orders[client_id or order.venue_id] = replace(order, client_id=client_id, instrument=instrument)

    def _would_take(self, order: Order) -> bool:
        limit, side = order.terms.limit_price, order.intent.side
        return order.terms.is_post_only and (limit or 0) * side.sign >= self.quote.other(side) * side.sign

    def _accept(self, order: Order) -> VenueOrder:
        if order.id in self.orders:
            raise AssertionError(f"order {order.id} was sent twice")
        intent, terms, now = order.intent, order.terms, self.clock.now()
        self.orders[order.id] = VenueOrder(
            client_id=order.id,
            venue_id=f"v{len(self.orders) + 1}",
            instrument=intent.instrument,
            side=intent.side,
            kind=terms.kind,
            quantity=terms.quantity,
            filled=Decimal(0),
            limit_price=terms.limit_price,
            trigger_price=terms.trigger_price,
            is_reduce_only=intent.reduce_only,
            state=S.OPEN,
            created_at=now,
            updated_at=now,
        )
        self.stream.append(self.orders[order.id])
        if terms.kind is OrderKind.MARKET and terms.trigger_price is None:
            self._take(order)
        return self.orders[order.id]

    def _take(self, order: Order) -> None:
        share = self.partial.popleft() if self.partial else Decimal(1)
        price = self.quote.other(order.intent.side)
        worst, sign = order.terms.worst_price, order.intent.side.sign
        quantity = order.intent.instrument.quantity(order.terms.quantity * share)
        if quantity > 0 and (worst is None or price * sign <= worst * sign):
            self._execute(order.id, price, quantity, Liquidity.TAKER)
        self.end(order.id, reason="no_depth")

    def _execute(self, client_id: str, price: Decimal, quantity: Decimal, liquidity: Liquidity) -> None:
        told = self.orders[client_id]
        fill = VenueFill(
            id=f"x{len(self.executed) + 1}",
            client_id=client_id,
            venue_order_id=told.venue_id,
            instrument=told.instrument,
            side=told.side,
            price=price,
            quantity=quantity,
            fee=self.fee[0],
            fee_asset=self.fee[1],
            liquidity=liquidity,
            at=self.clock.now(),
        )
        self.executed.append(fill)
        self.stream.append(fill)
        filled = told.filled + quantity
        self._change(client_id, filled=filled, state=S.FILLED if filled == told.quantity else told.state)

    def _change(self, client_id: str, **changes: object) -> None:
        told = replace(self.orders[client_id], updated_at=self.clock.now(), **changes)  # type: ignore[arg-type]  # fields of an order, typed at their use
        self.orders[client_id] = told
        self.stream.append(told)

    def _read(self) -> None:
        if self.on_read and self.on_read.popleft():
            raise Transient("no answer")
