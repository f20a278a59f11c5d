"""An exchange: takes orders, serves them as the market moves, and keeps the books of its accounts.

It is told the time of everything. Its prices come from `Quotes`, its fills from `engines.simulate.matching`:
the rules by which paper orders are filled.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.move import Move
from engines.simulate.exchange.account import Account, Setup
from engines.simulate.exchange.admission import Admission
from engines.simulate.exchange.clearing import Clearing
from engines.simulate.exchange.crossing import Crossing
from engines.simulate.exchange.event import Cause
from engines.simulate.exchange.floor import Floor
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.margin import Standing, standing
from engines.simulate.exchange.order import ExchangeOrder, Protects, State, Wish
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.quiet import Ranges, is_quiet, is_reached
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Quotes, Rules
from engines.simulate.exchange.treasury import Treasury
from engines.simulate.matching import Taken, serve_queue


class Exchange:
    """All accounts of one venue. What it does comes out of `journal`; refusals are raised as `Declined`."""

    def __init__(self, rules: Rules, quotes: Quotes, new_id: Callable[[], str]) -> None:
        self.rules = rules
        self.quotes = quotes
        self.journal = Journal()
        crossing = Crossing(quotes)
        self._clearing = Clearing(rules, self.journal, new_id)
        self._admission = Admission(rules, quotes, crossing)
        self._floor = Floor(quotes, crossing, self._clearing, self.journal, new_id)
        self.treasury = Treasury(rules, quotes, self.journal, self._clearing, new_id)
        self._new_id = new_id
        self._accounts: dict[str, Account] = {}

    @property
    def accounts(self) -> Iterable[Account]:
        """All of them."""
        return self._accounts.values()

    def open_account(self, setup: Setup) -> Account:
        """A new account with nothing in it."""
        account = self._accounts[setup.name] = Account(setup)
        return account

    def account(self, name: str) -> Account:
        """By its name. Raises `KeyError`."""
        return self._accounts[name]

    def standing(self, account: Account, at: datetime) -> Standing:
        """How an account stands."""
        return standing(account, self.rules, self.quotes, at)

    # orders

    def place(self, account: Account, wish: Wish, at: datetime) -> ExchangeOrder:
        """Take an order and let it meet the book; as it stands then. Raises `Declined`."""
        wish, last = self._admission.admit(account, wish, at)
        return self._floor.accept(account, wish, last, at)

    def amend(
        self,
        account: Account,
        order: ExchangeOrder,
        at: datetime,
        *,
        quantity: Decimal | None = None,
        limit_price: Decimal | None = None,
        trigger_price: Decimal | None = None,
    ) -> ExchangeOrder:
        """Change a live order; all but a smaller size puts it at the end of the queue. Raises `Declined`."""
        changed = replace(
            order,
            quantity=order.quantity if quantity is None else quantity,
            limit_price=order.limit_price if limit_price is None else limit_price,
            trigger_price=order.trigger_price if trigger_price is None else trigger_price,
            updated_at=at,
        )
        self._admission.admit_amended(account, order, changed, at)
        if order.state is State.SLEEPING:
            return self._floor.keep(account, changed, at)
        if changed.limit_price == order.limit_price and changed.quantity <= order.quantity:
            return self._floor.keep(account, _whole(changed), at)
        return self._floor.meet(account, changed, at)

    def cancel(self, account: Account, order: ExchangeOrder, at: datetime) -> ExchangeOrder:
        """Take an order out. Raises `Declined` for one that is over."""
        if not order.is_live:
            raise Declined(Why.ORDER_FINISHED, order.id)
        return self._floor.end(account, order, Why.CANCELED_BY_USER, at)

    def cancel_all(
        self, account: Account, at: datetime, chosen: Callable[[ExchangeOrder], bool] = lambda order: True
    ) -> list[ExchangeOrder]:
        """Take out all that are `chosen`."""
        return [self.cancel(account, order, at) for order in account.live_in() if chosen(order)]

    def fill(
        self, account: Account, order: ExchangeOrder, quantity: Decimal, price: Decimal, at: datetime
    ) -> ExchangeOrder:
        """Execute a part of an order whatever the market says, also of one that was cancelled: a fill that is
        told late. Raises `Declined` when that is more than was left."""
        if not 0 < quantity <= order.left:
            raise Declined(Why.BAD_QUANTITY, str(quantity))
        self._floor.fill(account, order, Taken(price=price, quantity=quantity), at)
        return account.orders[order.id]

    # positions

    def protect(
        self,
        account: Account,
        position: Position,
        at: datetime,
        *,
        stop_loss: Decimal | None = None,
        take_profit: Decimal | None = None,
    ) -> None:
        """Let stop and target guard a whole position; zero takes one away, `None` leaves it. Raises
        `Declined`."""
        for protects, price in ((Protects.STOP, stop_loss), (Protects.TARGET, take_profit)):
            if price is not None:
                self._floor.guard(account, position, protects, price, at)

    def set_leverage(self, account: Account, instrument: Instrument, leverage: Decimal, at: datetime) -> None:
        """Leverage of a market. Raises `Declined` when it is out of range, the same as before, or leaves too
        little margin."""
        if not 1 <= leverage <= self.rules.largest_leverage:
            raise Declined(Why.BAD_LEVERAGE, str(leverage))
        before = account.leverage(instrument.symbol)
        if leverage == before:
            raise Declined(Why.NOT_MODIFIED)
        account.leverages[instrument.symbol] = leverage
        if leverage < before and self.standing(account, at).available < 0:
            account.leverages[instrument.symbol] = before
            raise Declined(Why.INSUFFICIENT_MARGIN)
        self.journal.tell(account.setup.name, account.settings, at)

    def set_hedged(self, account: Account, is_hedged: bool, at: datetime) -> None:
        """Whether long and short are kept apart. Raises `Declined` while there are positions or orders, or
        when it is so already."""
        if account.is_hedged is is_hedged:
            raise Declined(Why.NOT_MODIFIED)
        if account.held() or any(order.wish.is_perp for order in account.live.values()):
            raise Declined(Why.HAS_POSITIONS)
        account.is_hedged = is_hedged
        account.positions.clear()
        account.waiting.clear()
        self.journal.tell(account.setup.name, account.settings, at)

    def suspend_withdrawals(self, account: Account, is_suspended: bool, at: datetime) -> None:
        """Whether withdrawals stay under way from now on."""
        account.are_withdrawals_suspended = is_suspended
        self.journal.tell(account.setup.name, account.settings, at)

    def settle(self, instrument: Instrument, rate: Decimal, mark: Decimal, at: datetime) -> None:
        """Pay the funding of a perpetual at a settlement."""
        for account in self._accounts.values():
            for position in account.held():
                if position.instrument.key == instrument.key:
                    self._clearing.fund(account, position, mark, rate, at)
            self._watch_margin(account, at)

    # the market

    def expire(self, at: datetime) -> None:
        """Take out what has slept for too long."""
        for account in self._accounts.values():
            for order in account.pop_overdue(at):
                self._floor.end(account, order, Why.EXPIRED, at)

    def followed(self) -> dict[tuple[MarketKind, str], Instrument]:
        """The markets in which something may happen: with live orders or positions."""
        live = [instrument for account in self._accounts.values() for instrument in account.live_markets()]
        held = [position.instrument for account in self._accounts.values() for position in account.held()]
        return {instrument.key: instrument for instrument in (*live, *held)}

    def is_quiet(self, ranges: Ranges) -> bool:
        """Whether prices within those ranges change nothing."""
        return all(is_quiet(account, self.rules, ranges) for account in self._accounts.values())

    def moved(self, move: Move) -> None:
        """Serve what rests, wake what is touched, and liquidate what does not stand."""
        touched = self._touched(move)
        if touched and not self.quotes.is_halted(touched[0].instrument):
            self._serve([order for order in touched if order.state is State.OPEN], move)
            self._wake([order for order in touched if order.state is State.SLEEPING], move)
        for account in self._accounts.values():
            self._watch_margin(account, move.at)

    def _touched(self, move: Move) -> list[ExchangeOrder]:
        """The live orders that a move reaches, the oldest first."""
        key, span = (move.kind, move.symbol), (move.low, move.high)
        orders = (order for account in self._accounts.values() for order in account.live_at(key))
        return sorted((one for one in orders if is_reached(one, span)), key=lambda one: one.number)

    def _serve(self, resting: list[ExchangeOrder], move: Move) -> None:
        by_id = {order.id: order for order in resting}
        for order_id, served in serve_queue(resting, move).items():
            order = by_id[order_id]
            account = self._accounts[order.account]
            if account.live.get(order_id) is not order:
                continue  # it ended with the position that one before it closed
            if served.quantity == 0:
                account.keep(replace(order, queue_ahead=served.queue_ahead))
            else:
                self._floor.serve(account, order, served.quantity, move.at)

    def _wake(self, sleeping: list[ExchangeOrder], move: Move) -> None:
        for slept in sleeping:
            account = self._accounts[slept.account]
            order = account.live.get(slept.id)
            if order is None or order.is_overdue(move.at):
                continue
            try:
                self._admission.admit_woken(account, order, move.at)
            except Declined as declined:
                self._floor.end(account, order, declined.why, move.at, State.REJECTED)
                continue
            woken = replace(order, state=State.OPEN, is_triggered=True, updated_at=move.at)
            self._floor.meet(account, woken, move.at)

    def _watch_margin(self, account: Account, at: datetime) -> None:
        """Take over the positions of an account that does not stand for them any more."""
        if not account.held() or not self.standing(account, at).is_liquidated:
            return
        for order in account.live_in():
            if order.wish.is_perp:
                self._floor.end(account, order, Why.LIQUIDATED, at)
        for position in account.held():
            self._floor.take_over(account, position, at)
        owed = -self.standing(account, at).equity
        if owed > 0:
            wallet, currency = account.setup.perp_wallet, self.rules.currency
            self._clearing.move(account, wallet, currency, owed, Cause.INSURANCE, self._new_id(), at)


def _whole(order: ExchangeOrder) -> ExchangeOrder:
    """An order that was made as small as what is filled is filled."""
    return replace(order, state=State.FILLED) if order.left == 0 else order
