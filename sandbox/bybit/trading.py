"""Bybit's order endpoints: create, amend, cancel, and the lists of orders and executions."""

from collections.abc import Iterable
from typing import Any, Final

from engines.core.instrument import MarketKind
from engines.simulate.exchange import refusal
from engines.simulate.exchange.order import Dealing, ExchangeOrder, Execution, State
from engines.simulate.exchange.refusal import Why
from sandbox.bybit.call import Call, Endpoint
from sandbox.bybit.pages import page
from sandbox.bybit.rows import Row, execution_row, order_row
from sandbox.bybit.wire import Declined
from sandbox.bybit.wishes import link_id, wish_of
from sandbox.cancels import Cancels
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults

_ORDERS, _EXECUTIONS = (20, 50), (50, 100)
_ASLEEP: Final = ("StopOrder", "tpslOrder")


class BybitTrading:
    """Orders of an account. Raises the exchange's `Declined` and Bybit's own."""

    def __init__(self, venue: VenueExchange, faults: Faults) -> None:
        self._venue = venue
        self._cancels = Cancels(venue, faults)

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {
            ("POST", "/v5/order/create"): self.create,
            ("POST", "/v5/order/amend"): self.amend,
            ("POST", "/v5/order/cancel"): self.cancel,
            ("POST", "/v5/order/cancel-all"): self.cancel_all,
            ("GET", "/v5/order/realtime"): self.realtime,
            ("GET", "/v5/order/history"): self.history,
            ("GET", "/v5/execution/list"): self.executions,
        }

    def create(self, call: Call) -> Row:
        """Take an order; what the book made of it is told by the lists and the stream."""
        order = self._venue.exchange.place(call.account, wish_of(call), call.at)
        return _named(order)

    def amend(self, call: Call) -> Row:
        """Change size, price or trigger of a live order."""
        order = self._named_order(call)
        changed = self._venue.exchange.amend(
            call.account,
            order,
            call.at,
            quantity=call.number("qty"),
            limit_price=call.number("price"),
            trigger_price=call.number("triggerPrice"),
        )
        return _named(changed)

    def cancel(self, call: Call) -> Row:
        """Take an order out."""
        order = self._named_order(call)
        if not order.is_live:
            raise refusal.Declined(Why.ORDER_FINISHED, order.id)
        return _named(self._cancels.one(call.account, order, call.at))

    def cancel_all(self, call: Call) -> Row:
        """Take out all of a market or category: of spot what rests, or what sleeps when that is asked for."""
        kind, symbol = call.kind, call.text("symbol")
        if kind is MarketKind.PERP and not (symbol or call.text("settleCoin") or call.text("baseCoin")):
            raise Declined("params error: symbol, settleCoin or baseCoin is required")
        chosen = [
            order
            for order in call.account.live_in()
            if order.instrument.kind is kind and symbol in ("", order.instrument.symbol)
            if _is_meant(order, call.text("orderFilter"))
        ]
        ended = [
            _named(self._cancels.one(call.account, order, call.at))
            for order in chosen
            if order.id in call.account.live
        ]
        return {"list": ended, "success": "1"}

    def realtime(self, call: Call) -> Row:
        """Open orders; a named one also shortly after its end."""
        if call.text("orderId") or call.text("orderLinkId"):
            return {"list": self._named_rows(call), "nextPageCursor": "", "category": call.category}
        orders = [order for order in call.account.live_in() if _is_meant(order, call.text("orderFilter"))]
        return self._orders(call, orders, is_timed=False)

    def history(self, call: Call) -> Row:
        """Orders that are over."""
        if call.text("orderId") or call.text("orderLinkId"):
            rows = [row for row in self._named_rows(call) if row["orderStatus"] not in _LIVE]
            return {"list": rows, "nextPageCursor": "", "category": call.category}
        over = [order for order in call.account.orders.values() if not order.is_live]
        return self._orders(call, over, is_timed=True)

    def executions(self, call: Call) -> Row:
        """Fills and funding payments, newest first."""
        kind, symbol = call.kind, call.text("symbol")
        named = call.text("orderId"), call.text("orderLinkId"), call.text("execType")

        def is_meant(done: Execution) -> bool:
            if done.instrument.kind is not kind or symbol not in ("", done.instrument.symbol):
                return False
            told = done.order_id, done.client_id, _EXEC_TYPES[done.dealing]
            return all(asked in ("", one) for asked, one in zip(named, told, strict=True))

        rows, cursor = page(
            call,
            call.account.executions,
            is_meant,
            lambda done: (done.number, done.at),
            _EXECUTIONS,
        )
        shown = [execution_row(done) for done in rows]
        return {"nextPageCursor": cursor, "category": call.category, "list": shown}

    def _orders(self, call: Call, orders: Iterable[ExchangeOrder], *, is_timed: bool) -> Row:
        kind, symbol = call.kind, call.text("symbol")
        rows, cursor = page(
            call,
            list(orders),
            lambda one: one.instrument.kind is kind and symbol in ("", one.instrument.symbol),
            lambda one: (one.number, one.created_at),
            _ORDERS,
            is_timed=is_timed,
        )
        shown = [order_row(order) for order in rows]
        return {"list": shown, "nextPageCursor": cursor, "category": call.category}

    def _named_rows(self, call: Call) -> list[Row]:
        try:
            return [order_row(self._named_order(call))]
        except refusal.Declined:
            return []

    def _named_order(self, call: Call) -> ExchangeOrder:
        """The order that is named, if it is of the category."""
        order_id, client_id = call.text("orderId"), link_id(call)
        if not (order_id or client_id):
            raise Declined("params error: orderId or orderLinkId is required")
        order = call.account.order(id=order_id, client_id=client_id)
        if order.instrument.kind is not call.kind:
            raise refusal.Declined(Why.ORDER_NOT_FOUND, order.id)
        return order


_LIVE: Final = ("New", "PartiallyFilled", "Untriggered")
_EXEC_TYPES: Final = {Dealing.TRADE: "Trade", Dealing.FUNDING: "Funding", Dealing.LIQUIDATION: "BustTrade"}


def _named(order: ExchangeOrder) -> dict[str, Any]:
    return {"orderId": order.id, "orderLinkId": order.wish.client_id}


def _is_meant(order: ExchangeOrder, wanted: str) -> bool:
    """Whether an order is of the filter that was asked for: resting, asleep, or any."""
    if not wanted:
        return True
    return (order.state is State.SLEEPING) is (wanted in _ASLEEP)
