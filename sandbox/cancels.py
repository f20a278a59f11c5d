"""Taking orders out, or what a fault makes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import ExchangeOrder, State
from engines.simulate.exchange.refusal import Why
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults


class Cancels:
    """The cancel desk of a venue."""

    def __init__(self, venue: VenueExchange, faults: Faults) -> None:
        self._venue = venue
        self._faults = faults

    def one(self, account: Account, order: ExchangeOrder, at: datetime) -> ExchangeOrder:
        """Take an order out; as the client is told. Raises `Declined` for one that is over.

        A lost cancel is agreed to and not carried out; of a late fill, half of what was cancelled turns out
        to have been filled before.
        """
        fault = self._faults.of(self._venue.name)
        if fault.lost_cancel and order.is_live:
            return replace(order, state=State.CANCELED, why=Why.CANCELED_BY_USER)
        ended = self._venue.exchange.cancel(account, order, at)
        if fault.late_fill_s is not None:
            self._venue.later(fault.late_fill_s, lambda: self._fill(account, ended))
        return ended

    def all(
        self, account: Account, at: datetime, chosen: Callable[[ExchangeOrder], bool]
    ) -> list[ExchangeOrder]:
        """Take out all live orders that are chosen."""
        orders = [order for order in account.live_in() if chosen(order)]
        return [self.one(account, order, at) for order in orders if order.id in account.live]

    def _fill(self, account: Account, ended: ExchangeOrder) -> None:
        at = self._venue.now()
        half = ended.instrument.quantity(ended.left / 2) or ended.left
        price = ended.limit_price or self._venue.quotes.last(ended.instrument, at)
        self._venue.exchange.fill(account, ended, half, price, at)
