"""One market while it is replayed: how far its bars were played, what is held and what is under way there."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, MarketKind, Toward
from engines.core.side import Direction, Side
from engines.orders.order import ExecutionStyle, Order
from engines.orders.position import liquidation_price
from engines.orders.proposal import Proposal
from engines.orders.trade import Trade, TradeState
from engines.simulate.replay.tape import Tape
from engines.simulate.replay.touch import next_touch

FURTHEST: Final = 4096
"""How many bars are looked ahead at most before somebody asks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A proposal with the price at which it was decided."""

    proposal: Proposal
    price: Decimal
    at_ms: int


@dataclass(slots=True)
class Lane:
    """`row` is the next bar that was not played, `since` the first that the position met as a whole. `fresh`
    are orders that meet the market at the open of bar `meeting`, `resting` those in its book, `behind`
    entries that wait until the opposite position is closed, `outbox` wishes that wait until the venue can be
    reached."""

    tape: Tape
    row: int
    trade: Trade | None = None
    round: int = 0
    fresh: list[Order] = field(default_factory=list)
    resting: list[Order] = field(default_factory=list)
    behind: list[Wish] = field(default_factory=list)
    outbox: list[Wish] = field(default_factory=list)
    is_over: bool = False
    since: int = 0
    meeting: int = 0
    _touch: tuple[int, bool] | None = None

    @property
    def instrument(self) -> Instrument:
        """What is traded."""
        return self.tape.market.instrument

    @property
    def held(self) -> Trade | None:
        """The position, if there is one."""
        trade = self.trade
        return trade if trade is not None and trade.state is TradeState.OPEN else None

    @property
    def is_busy(self) -> bool:
        """Whether a bar could change anything here."""
        return self.trade is not None or bool(self.fresh or self.resting)

    @property
    def is_waiting(self) -> bool:
        """Whether an entry is under way."""
        orders = any(not order.intent.reduce_only for order in self.orders())
        return orders or bool(self.behind) or any(not one.proposal.reduce_only for one in self.outbox)

    def orders(self) -> Iterator[Order]:
        """All that are under way."""
        yield from self.fresh
        yield from self.resting

    def leaving(self) -> Decimal:
        """How much of the position is about to be closed by orders under way."""
        return sum((order.left for order in self.orders() if order.intent.reduce_only), Decimal(0))

    def price_at(self, time_ms: int) -> Decimal | None:
        """The close of the last bar that had ended by then."""
        rows = self.tape.rows_by(time_ms)
        return self.tape.price(int(self.tape.close[rows - 1])) if rows else None

    def send(self, order: Order, at_ms: int) -> None:
        """An order is on its way: it meets the first bar that opens now or later."""
        self.fresh.append(order)
        self.meeting = int(self.tape.opens_ms.searchsorted(at_ms))
        self.changed()

    def changed(self) -> None:
        """Something here is not as it was: look anew for the next bar that matters."""
        self._touch = None

    def next_open_ms(self) -> int | None:
        """When the orders that wait for it meet the market."""
        if (self.fresh or self.behind) and self.meeting < self.tape.stop:
            return int(self.tape.opens_ms[self.meeting])
        return None

    def touch(self, *, is_skipping: bool) -> tuple[int, bool] | None:
        """The next row to look at, and whether it touches anything; `None` when nothing is there to touch or
        the bars are over."""
        if not (self.held is not None or self.resting) or self.row >= self.tape.stop:
            return None
        if not is_skipping or any(is_post_only(one) for one in self.resting):
            return self.row, True
        if self._touch is None or self._touch[0] < self.row:
            self._touch = self._look()
        return self._touch

    def pass_to(self, row: int) -> None:
        """Bars before `row` touched nothing: they moved the trailing stop at most."""
        trade = self.held
        if trade is not None and trade.trail_distance is not None and row > self.row:
            _, best, stop = self._scan(trade, row)
            self.trade = self._trailed(trade, best, stop)
        self.row = row

    def best_seen(self, trade: Trade) -> Trade:
        """The trade with the best price since it is held; it is not carried along where nothing follows
        it."""
        columns = self.tape.high if trade.direction is Direction.LONG else self.tape.low
        seen = columns[self.since : self.row]
        if trade.best_price is None or not len(seen):
            return trade
        sign = trade.direction.sign
        best = self.tape.price(int((seen * sign).max()) * sign)
        return replace(trade, best_price=max(trade.best_price, best, key=lambda price: price * sign))

    def _look(self) -> tuple[int, bool]:
        end = min(self.row + FURTHEST, self.tape.stop)
        row, _, _ = self._scan(self.held, end)
        return (row, True) if row < end else (end - 1, False)

    def _scan(self, trade: Trade | None, end: int) -> tuple[int, int, int]:
        tape, limits = self.tape, self._limits()
        sign, stop, trail, best, target, liquidation = _levels(trade)
        return next_touch(
            tape.open,
            tape.high,
            tape.low,
            tape.close,
            tape.mark_high,
            tape.mark_low,
            self.row,
            end,
            sign,
            stop,
            trail,
            best,
            target,
            liquidation,
            *limits,
        )

    def _limits(self) -> tuple[int, int]:
        """The highest limit that buys and the lowest that sells, in ticks."""
        buys, sells = 0, 0
        for order in self.resting:
            limit = order.terms.limit_price
            assert limit is not None
            if order.intent.side is Side.BUY:
                buys = max(buys, self.instrument.ticks(limit, Toward.UP))
            else:
                ticks = self.instrument.ticks(limit, Toward.DOWN)
                sells = min(sells or ticks, ticks)
        return buys, sells

    def _trailed(self, trade: Trade, best: int, stop: int) -> Trade:
        _, before, *_ = _levels(trade)
        if stop == before:
            return replace(trade, best_price=self.tape.price(best))
        return replace(trade, best_price=self.tape.price(best), stop=self.tape.price(stop))


def _levels(trade: Trade | None) -> tuple[int, int, int, int, int, int]:
    """Sign, stop, trailing distance, best price, nearest target and liquidation price in ticks; 0 is none. A
    level off the grid is touched where the first price on the grid reaches it."""
    if trade is None:
        return 0, 0, 0, 0, 0, 0
    instrument, is_long = trade.instrument, trade.direction is Direction.LONG
    worse, better = (Toward.DOWN, Toward.UP) if is_long else (Toward.UP, Toward.DOWN)
    stop = 0 if trade.stop is None else instrument.ticks(trade.stop, worse)
    trail = 0 if trade.trail_distance is None else instrument.ticks(trade.trail_distance, Toward.UP)
    best = 0 if trade.best_price is None else instrument.ticks(trade.best_price, worse)
    waiting = [instrument.ticks(one.price, better) for one in trade.targets if one.hit_at is None]
    target = (min(waiting) if is_long else max(waiting)) if waiting else 0
    price = liquidation_price(trade)
    liquidation = 0 if price is None else instrument.ticks(price, worse)
    return trade.direction.sign, stop, trail, best, target, liquidation


def new_trade(
    number: int, owner: int, instrument: Instrument, direction: Direction, leverage: Decimal, at: datetime
) -> Trade:
    """A trade in which nothing was filled yet."""
    return Trade(
        id=number,
        owner=owner,
        instrument=instrument,
        direction=direction,
        leverage=leverage if instrument.kind is MarketKind.PERP else Decimal(1),
        state=TradeState.WAITING,
        wanted=Decimal(0),
        created_at=at,
        seen_at=at,
    )


def is_post_only(order: Order) -> bool:
    """Whether it follows the price and never takes."""
    return order.intent.style is ExecutionStyle.POST_ONLY
