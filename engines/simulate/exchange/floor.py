"""The trading floor: orders meet the book, rest, are served, and end; positions are guarded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.core.side import Direction
from engines.orders.order import Liquidity, OrderKind
from engines.simulate.exchange.account import NOTHING, Account
from engines.simulate.exchange.checks import check_price, check_trigger
from engines.simulate.exchange.clearing import Clearing
from engines.simulate.exchange.crossing import Crossing
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.order import (
    Dealing,
    ExchangeOrder,
    Protects,
    State,
    TimeInForce,
    Touch,
    Wish,
)
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Quotes
from engines.simulate.matching import Taken


class Floor:
    """What happens to orders that were let in."""

    def __init__(
        self,
        quotes: Quotes,
        crossing: Crossing,
        clearing: Clearing,
        journal: Journal,
        new_id: Callable[[], str],
    ) -> None:
        self._quotes = quotes
        self._crossing = crossing
        self._clearing = clearing
        self._journal = journal
        self._new_id = new_id

    def born(self, account: Account, wish: Wish, last: Decimal, at: datetime) -> ExchangeOrder:
        """A new order, not kept yet."""
        return ExchangeOrder(
            id=self._new_id(),
            number=self._journal.next_number(),
            account=account.setup.name,
            wish=wish,
            state=State.OPEN if wish.trigger_price is None else State.SLEEPING,
            quantity=wish.quantity or NOTHING,
            limit_price=wish.limit_price,
            trigger_price=wish.trigger_price,
            last_on_created=last,
            created_at=at,
            updated_at=at,
        )

    def accept(self, account: Account, wish: Wish, last: Decimal, at: datetime) -> ExchangeOrder:
        """Let a new order sleep, or meet the book."""
        order = self.born(account, wish, last, at)
        if order.state is State.SLEEPING:
            return self.keep(account, order, at)
        if wish.cost is not None:
            order = replace(order, quantity=self._crossing.bought_for(wish, wish.cost, at))
        return self.meet(account, order, at)

    def meet(self, account: Account, order: ExchangeOrder, at: datetime) -> ExchangeOrder:
        """Take what the book gives; what is left rests or ends."""
        order = replace(order, queue_ahead=NOTHING)
        takes = self._crossing.takes(order.wish, order.limit_price, at)
        if takes and order.wish.tif is TimeInForce.POST_ONLY:
            return self.end(account, order, Why.POST_ONLY_WOULD_TAKE, at)
        wanted = self.reducible(account, order, order.left, at)
        if takes and not self._is_missed(order, wanted, at):
            for part in self._crossing.take(order, wanted, at):
                order = self._clearing.deal(account, order, part, Liquidity.TAKER, at)
        if order.state is State.OPEN:
            self._rest(account, order, at)
        else:
            self.keep(account, order, at)
        if order.filled:
            self.tidy(account, order, at)
        return account.orders[order.id]

    def serve(self, account: Account, order: ExchangeOrder, quantity: Decimal, at: datetime) -> None:
        """Fill a part of a resting order at its limit."""
        quantity = self.reducible(account, order, quantity, at)
        if quantity == 0:
            self.end(account, order, Why.REDUCE_ONLY, at)
            return
        assert order.limit_price is not None
        self.fill(account, order, Taken(price=order.limit_price, quantity=quantity), at)

    def fill(self, account: Account, order: ExchangeOrder, part: Taken, at: datetime) -> None:
        """Execute a part of an order that rests."""
        after = self._clearing.deal(account, order, part, Liquidity.MAKER, at)
        self.keep(account, after, at)
        self.tidy(account, after, at)

    def take_over(self, account: Account, position: Position, at: datetime) -> None:
        """Close a position at the market; what the book does not take goes at the last price."""
        direction, one = position.direction, position.instrument
        assert direction is not None
        size, last = abs(position.size), self._quotes.last(position.instrument, at)
        wish = _closing(position, direction)
        order = self.born(account, wish, last, at)
        parts = list(self._crossing.take(order, size, at))
        missing = size - sum((part.quantity for part in parts), NOTHING)
        if missing:
            parts.append(Taken(price=one.price(last), quantity=missing))
        for part in parts:
            order = self._clearing.deal(account, order, part, Liquidity.TAKER, at, Dealing.LIQUIDATION)
        self.keep(account, replace(order, why=Why.LIQUIDATED), at)

    def keep(self, account: Account, order: ExchangeOrder, at: datetime) -> ExchangeOrder:
        """Put an order where it belongs and tell of it."""
        account.keep(order)
        self._journal.tell(account.setup.name, order, at)
        return order

    def end(
        self,
        account: Account,
        order: ExchangeOrder,
        why: Why,
        at: datetime,
        state: State = State.CANCELED,
    ) -> ExchangeOrder:
        """Take an order out for good."""
        ended = replace(order, state=state, why=why, updated_at=max(order.updated_at, at))
        return self.keep(account, ended, at)

    def reducible(self, account: Account, order: ExchangeOrder, quantity: Decimal, at: datetime) -> Decimal:
        """As much of an order that only reduces as there is to reduce."""
        if not order.wish.is_reducing:
            return quantity
        position = account.position(order.instrument, order.wish.direction, at)
        return min(quantity, position.reducible(order.side))

    def tidy(self, account: Account, order: ExchangeOrder, at: datetime) -> None:
        """After a fill of a perpetual: what guards the position follows its size, and ends with it."""
        if not order.wish.is_perp:
            return
        position = account.position(order.instrument, order.wish.direction, at)
        for one in account.live_in(order.instrument):
            if not one.wish.is_reducing or one.wish.direction is not order.wish.direction:
                continue
            closes = position.reducible(one.side)
            if closes == 0 and (one.state is State.OPEN or one.wish.protects is not None):
                self.end(account, one, Why.REDUCE_ONLY, at)
            elif one.wish.protects is not None and one.quantity != closes:
                self.keep(account, replace(one, quantity=closes, updated_at=at), at)
        if position.reducible(order.side.opposite):
            self._attach(account, position, order.wish, at)

    def guard(
        self, account: Account, position: Position, protects: Protects, price: Decimal, at: datetime
    ) -> None:
        """Let a stop or target close all of a position at `price`; zero takes it away. Raises `Declined`."""
        direction = position.direction
        if position.size == 0 or direction is None:
            raise Declined(Why.NO_POSITION)
        last, touch = self._quotes.last(position.instrument, at), _touch_of(direction, protects)
        if price:
            check_price(position.instrument, price, is_needed=True)
            check_trigger(price, touch, last)
        for one in account.live_in(position.instrument):
            if one.wish.protects is protects and one.wish.direction is position.slot:
                if one.trigger_price == price:
                    return
                self.end(account, one, Why.CANCELED_BY_USER, at)
        if price:
            wish = replace(_closing(position, direction), trigger_price=price, touch=touch, protects=protects)
            self.keep(account, self.born(account, wish, last, at), at)

    def _attach(self, account: Account, position: Position, wish: Wish, at: datetime) -> None:
        """The stop and target that an order brought; one that the market has passed meanwhile is left out."""
        for protects, price in ((Protects.STOP, wish.stop_loss), (Protects.TARGET, wish.take_profit)):
            if price is None:
                continue
            try:
                self.guard(account, position, protects, price, at)
            except Declined:
                continue

    def _rest(self, account: Account, order: ExchangeOrder, at: datetime) -> None:
        if order.wish.is_reducing and self.reducible(account, order, order.left, at) == 0:
            self.end(account, order, Why.REDUCE_ONLY, at)
        elif not order.wish.may_rest or order.limit_price is None:
            self.end(account, order, Why.NO_DEPTH, at)
        else:
            ahead = self._crossing.queue(order, order.limit_price, at)
            self.keep(account, replace(order, queue_ahead=ahead), at)

    def _is_missed(self, order: ExchangeOrder, wanted: Decimal, at: datetime) -> bool:
        """Whether an order that is to be filled whole or not at all cannot be."""
        if order.wish.tif is not TimeInForce.FOK:
            return False
        parts = self._crossing.takeable(order.wish, order.limit_price, at)
        return sum((part.quantity for part in parts), NOTHING) < wanted


def _closing(position: Position, direction: Direction) -> Wish:
    """The order that closes all of a position at the market."""
    return Wish(
        instrument=position.instrument,
        side=direction.exit,
        kind=OrderKind.MARKET,
        quantity=abs(position.size),
        is_reduce_only=True,
        direction=position.slot,
    )


def _touch_of(direction: Direction, protects: Protects) -> Touch:
    """Which way the price goes to a stop or target of a position."""
    rises = (direction is Direction.LONG) is (protects is Protects.TARGET)
    return Touch.RISING if rises else Touch.FALLING
