"""Gate's private spot endpoints."""

from collections.abc import Callable, Iterable
from typing import Any

from engines.core.instrument import Instrument, MarketKind
from engines.simulate.exchange import refusal
from engines.simulate.exchange.order import ExchangeOrder, State
from sandbox.cancels import Cancels
from sandbox.exchange import VenueExchange
from sandbox.gate import accounts, spot_orders
from sandbox.gate.call import Call, Endpoint, week, within
from sandbox.gate.labels import declined
from sandbox.gate.markets import GateMarkets, spot_grid
from sandbox.gate.recall import Recall
from sandbox.gate.wire import BAD_VALUE, Declined, page_of, required
from sandbox.gate.woken import fill_id

_KIND = MarketKind.SPOT
_MOST_BATCHED = 10


class SpotTrading:
    """Orders, price-triggered orders, fills and balances of spot."""

    def __init__(self, venue: VenueExchange, markets: GateMarkets, recall: Recall, cancels: Cancels) -> None:
        self._venue = venue
        self._markets = markets
        self._recall = recall
        self._cancels = cancels

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """What is answered, by method and path."""
        return {
            ("POST", "spot/orders"): self.create,
            ("POST", "spot/batch_orders"): self.create_some,
            ("GET", "spot/orders"): self.orders,
            ("DELETE", "spot/orders"): self.cancel_all,
            ("GET", "spot/open_orders"): self.open_orders,
            ("GET", "spot/orders/{order_id}"): self.order,
            ("PATCH", "spot/orders/{order_id}"): self.amend,
            ("DELETE", "spot/orders/{order_id}"): self.cancel,
            ("POST", "spot/cancel_batch_orders"): self.cancel_some,
            ("GET", "spot/my_trades"): self.fills,
            ("GET", "spot/accounts"): self.accounts,
            ("GET", "spot/account_book"): self.book,
            ("POST", "spot/price_orders"): self.create_sleeping,
            ("GET", "spot/price_orders"): self.sleeping,
            ("DELETE", "spot/price_orders"): self.cancel_all_sleeping,
            ("GET", "spot/price_orders/{order_id}"): self.sleeping_order,
            ("DELETE", "spot/price_orders/{order_id}"): self.cancel_sleeping,
        }

    def create(self, call: Call) -> dict[str, Any]:
        """Place an order; it is answered as it stands after meeting the book."""
        return self._row(call, self._place(call, call.object))

    def create_some(self, call: Call) -> list[dict[str, Any]]:
        """Place up to ten orders, each for itself."""
        return [self._tried(call, body) for body in call.rows(_MOST_BATCHED)]

    def order(self, call: Call) -> dict[str, Any]:
        """One order, by its id or by its text."""
        return self._row(call, self._found(call))

    def orders(self, call: Call) -> list[dict[str, Any]]:
        """Open orders of a pair, or finished ones; the newest first."""
        status = required(call.query, "status")
        if status not in ("open", "finished"):
            raise Declined(BAD_VALUE, "invalid argument: status")
        if status == "open":
            required(call.query, "currency_pair")
        chosen = [one for one in self._mine(call) if one.is_live is (status == "open")]
        if status == "finished":
            chosen = [one for one in chosen if within(call.query, one.updated_at)]
        first, stop = page_of(call.query)
        return [self._row(call, one) for one in chosen[::-1][first:stop]]

    def open_orders(self, call: Call) -> list[dict[str, Any]]:
        """Open orders of all pairs, grouped by pair."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for one in reversed(call.account.live_in()):
            if one.instrument.kind is _KIND and one.state is State.OPEN:
                row = self._row(call, one)
                groups.setdefault(row["currency_pair"], []).append(row)
        first, stop = page_of(call.query)
        return [
            {"currency_pair": pair, "total": len(rows), "orders": rows[first:stop]}
            for pair, rows in sorted(groups.items())
        ]

    def amend(self, call: Call) -> dict[str, Any]:
        """Change price or amount."""
        order = self._found(call)
        changes = spot_orders.changes_of({**call.query, **call.object})
        return self._row(call, self._venue.exchange.amend(call.account, order, call.at, **changes))

    def cancel(self, call: Call) -> dict[str, Any]:
        """Take an order out."""
        return self._row(call, self._cancelled(call, self._found(call)))

    def cancel_some(self, call: Call) -> list[dict[str, Any]]:
        """Take some orders out, each for itself."""
        return [self._try_to_cancel(call, body) for body in call.rows(20)]

    def cancel_all(self, call: Call) -> list[dict[str, Any]]:
        """Take all orders out, of one pair where it is named."""
        chosen = self._chooser(call, State.OPEN, "currency_pair")
        ended = self._cancels.all(call.account, call.at, chosen)
        return [{**self._row(call, one), "succeeded": True} for one in ended]

    def fills(self, call: Call) -> list[dict[str, Any]]:
        """Executions of a week, or of the time asked for; the newest first."""
        span = week(call.query, call.at)
        pair, order_id = call.query.get("currency_pair"), call.query.get("order_id")
        symbol = None if not pair else self._grid(pair, call).symbol
        chosen = [
            done
            for done in accounts.fills_of(call.account, _KIND)
            if symbol in (None, done.instrument.symbol)
            and order_id in (None, "", fill_id(done))
            and within(span, done.at)
        ]
        first, stop = page_of(call.query)
        return [spot_orders.fill(done) for done in chosen[first:stop]]

    def accounts(self, call: Call) -> list[dict[str, Any]]:
        """Balances, of one coin where it is named."""
        name = call.query.get("currency")
        return [row for row in accounts.spot_accounts(call.account) if name in (None, "", row["currency"])]

    def book(self, call: Call) -> list[dict[str, Any]]:
        """What changed balances, the newest first."""
        name, kind = call.query.get("currency"), call.query.get("type")
        rows = [
            row
            for row in accounts.spot_book(call.account)
            if name in (None, "", row["currency"]) and kind in (None, "", row["type"])
        ]
        first, stop = page_of(call.query)
        return rows[first:stop]

    def create_sleeping(self, call: Call) -> dict[str, Any]:
        """Place an order that waits for a price."""
        instrument = self._grid(required(call.object, "market"), call)
        wish = spot_orders.sleeping_wish_of(call.object, instrument)
        return {"id": int(self._venue.exchange.place(call.account, wish, call.at).id)}

    def sleeping(self, call: Call) -> list[dict[str, Any]]:
        """Price-triggered orders, open or finished; the newest first."""
        is_open = required(call.query, "status") == "open"
        market = call.query.get("market")
        symbol = None if not market else self._grid(market, call).symbol
        chosen = [
            one
            for one in self._all_sleeping(call)
            if (one.state is State.SLEEPING) is is_open and symbol in (None, one.instrument.symbol)
        ]
        first, stop = page_of(call.query)
        return [self._sleeping_row(call, one) for one in chosen[::-1][first:stop]]

    def sleeping_order(self, call: Call) -> dict[str, Any]:
        """One price-triggered order."""
        return self._sleeping_row(call, self._found_sleeping(call))

    def cancel_sleeping(self, call: Call) -> dict[str, Any]:
        """Take a price-triggered order out."""
        order = self._found_sleeping(call)
        return self._sleeping_row(call, self._cancels.one(call.account, order, call.at))

    def cancel_all_sleeping(self, call: Call) -> list[dict[str, Any]]:
        """Take all price-triggered orders out, of one market where it is named."""
        chosen = self._chooser(call, State.SLEEPING, "market")
        ended = self._cancels.all(call.account, call.at, chosen)
        return [self._sleeping_row(call, one) for one in ended]

    def _place(self, call: Call, body: dict[str, Any]) -> ExchangeOrder:
        instrument = self._grid(required(body, "currency_pair"), call)
        if body.get("account") == "unified" and not call.account.setup.is_unified:
            raise Declined(BAD_VALUE, "invalid argument: account is not unified")
        return self._venue.exchange.place(call.account, spot_orders.wish_of(body, instrument), call.at)

    def _tried(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return {**self._row(call, self._place(call, body)), "succeeded": True}
        except refusal.Declined as refused:
            said = declined(refused, _KIND)
        except Declined as refused:
            said = refused
        return {"text": body.get("text", ""), "succeeded": False, **said.body}

    def _try_to_cancel(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        name = str(body.get("id", ""))
        head = {"currency_pair": body.get("currency_pair", ""), "id": name, "text": name}
        try:
            self._cancelled(call, self._recall.find(call.account, _KIND, name))
        except refusal.Declined as refused:
            return {**head, "succeeded": False, **declined(refused, _KIND).body}
        except Declined as refused:
            return {**head, "succeeded": False, **refused.body}
        return {**head, "succeeded": True, "label": None, "message": None}

    def _cancelled(self, call: Call, order: ExchangeOrder) -> ExchangeOrder:
        if order.state is State.CANCELED:
            raise Declined("ORDER_CANCELLED", "Order is cancelled already")
        return self._cancels.one(call.account, order, call.at)

    def _found(self, call: Call) -> ExchangeOrder:
        order = self._recall.find(call.account, _KIND, call.query["order_id"])
        pair = call.query.get("currency_pair")
        if pair and self._grid(pair, call).symbol != order.instrument.symbol:
            raise refusal.Declined(refusal.Why.ORDER_NOT_FOUND)
        return order

    def _found_sleeping(self, call: Call) -> ExchangeOrder:
        for one in self._all_sleeping(call):
            if one.id == call.query["order_id"]:
                return one
        raise refusal.Declined(refusal.Why.ORDER_NOT_FOUND)

    def _mine(self, call: Call) -> list[ExchangeOrder]:
        """Orders that are or were in the book, of one pair where it is named."""
        pair = call.query.get("currency_pair")
        symbol = None if not pair else self._grid(pair, call).symbol
        return [
            one
            for one in call.account.orders.values()
            if self._recall.is_known(one, _KIND) and symbol in (None, one.instrument.symbol)
        ]

    def _all_sleeping(self, call: Call) -> Iterable[ExchangeOrder]:
        return [
            one
            for one in call.account.orders.values()
            if one.instrument.kind is _KIND and one.trigger_price is not None
        ]

    def _chooser(self, call: Call, state: State, field: str) -> Callable[[ExchangeOrder], bool]:
        name = call.query.get(field)
        symbol = None if not name else self._grid(name, call).symbol

        def is_chosen(one: ExchangeOrder) -> bool:
            is_mine = one.instrument.kind is _KIND and one.state is state
            return is_mine and symbol in (None, one.instrument.symbol)

        return is_chosen

    def _grid(self, pair: str, call: Call) -> Instrument:
        return spot_grid(self._markets.pair(pair, call.now_ms))

    def _row(self, call: Call, order: ExchangeOrder) -> dict[str, Any]:
        return spot_orders.row(order, call.account_name)

    def _sleeping_row(self, call: Call, order: ExchangeOrder) -> dict[str, Any]:
        return spot_orders.sleeping_row(order, call.account_name, call.user)
