"""The door of an exchange: every check of a new, amended or woken order. `Declined` leaves all as it was."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.orders.order import OrderKind
from engines.simulate.exchange.account import NOTHING, Account, slot_of
from engines.simulate.exchange.affording import check_affordable
from engines.simulate.exchange.checks import (
    check_band,
    check_id,
    check_price,
    check_reduces,
    check_size,
    check_trigger,
    check_wish,
)
from engines.simulate.exchange.crossing import Crossing
from engines.simulate.exchange.order import ExchangeOrder, State, TimeInForce, Touch, Wish
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Quotes, Rules


class Admission:
    """Who may come in."""

    def __init__(self, rules: Rules, quotes: Quotes, crossing: Crossing) -> None:
        self._rules = rules
        self._quotes = quotes
        self._crossing = crossing

    def admit(self, account: Account, wish: Wish, at: datetime) -> tuple[Wish, Decimal]:
        """A new order, with the side from which its trigger is touched found out; and the last price."""
        check_id(account, wish.client_id, self._rules)
        last = self._last(wish.instrument, at)
        slot_of(account, wish.instrument, wish.direction)
        wish = _aimed(wish, last)
        check_wish(wish, self._rules, last)
        check_reduces(account, wish, at)
        if wish.trigger_price is None or account.holds(wish):
            self._check_money(account, wish, wish.quantity or NOTHING, wish.limit_price, at)
        if wish.trigger_price is None:
            self._check_post_only(wish, wish.limit_price, at)
        return wish, last

    def admit_woken(self, account: Account, order: ExchangeOrder, at: datetime) -> None:
        """An order whose trigger was touched."""
        check_reduces(account, order.wish, at)
        self._check_amended_money(account, order, order, at)

    def admit_amended(
        self, account: Account, order: ExchangeOrder, changed: ExchangeOrder, at: datetime
    ) -> None:
        """A live order that is to become `changed`."""
        if not order.is_live:
            raise Declined(Why.ORDER_FINISHED, order.id)
        last, wish = self._last(order.instrument, at), order.wish
        if _terms(order) == _terms(changed):
            raise Declined(Why.NOT_MODIFIED)
        if changed.quantity < order.filled:
            raise Declined(Why.BAD_QUANTITY, "less than is filled")
        check_price(order.instrument, changed.limit_price, is_needed=wish.kind is OrderKind.LIMIT)
        price = changed.limit_price or last
        check_size(order.instrument, changed.quantity, price, is_reducing=wish.is_reducing)
        check_band(wish, changed.limit_price, self._rules, last)
        if order.state is State.SLEEPING:
            check_trigger(changed.trigger_price, wish.touch, last)
            return
        self._check_amended_money(account, order, changed, at)
        self._check_post_only(wish, changed.limit_price, at)

    def _last(self, instrument: Instrument, at: datetime) -> Decimal:
        """The last price of a market that trades."""
        if self._quotes.is_halted(instrument):
            raise Declined(Why.HALTED, instrument.symbol)
        return self._quotes.last(instrument, at)

    def _check_money(
        self, account: Account, wish: Wish, quantity: Decimal, limit_price: Decimal | None, at: datetime
    ) -> None:
        price = limit_price or self._crossing.average_price(wish, quantity, at)
        check_affordable(account, wish, quantity, price, self._rules, self._quotes, at)

    def _check_amended_money(
        self, account: Account, order: ExchangeOrder, changed: ExchangeOrder, at: datetime
    ) -> None:
        """As for a new order, with what the old one sets aside given back."""
        account.keep(replace(order, state=State.CANCELED))
        try:
            self._check_money(account, order.wish, changed.left, changed.limit_price, at)
        finally:
            account.keep(order)

    def _check_post_only(self, wish: Wish, limit_price: Decimal | None, at: datetime) -> None:
        is_strict = self._rules.refuses_post_only and wish.tif is TimeInForce.POST_ONLY
        if is_strict and self._crossing.takes(wish, limit_price, at):
            raise Declined(Why.POST_ONLY_WOULD_TAKE)


def _terms(order: ExchangeOrder) -> tuple[Decimal, Decimal | None, Decimal | None]:
    return order.quantity, order.limit_price, order.trigger_price


def _aimed(wish: Wish, last: Decimal) -> Wish:
    """A trigger that does not say from which side it is touched is touched from where the price is now."""
    if wish.trigger_price is None or wish.touch is not None:
        return wish
    return replace(wish, touch=Touch.RISING if wish.trigger_price > last else Touch.FALLING)
