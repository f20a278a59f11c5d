"""Gate's private endpoints of USDT-margined perpetuals."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.simulate.exchange import refusal
from engines.simulate.exchange.order import ExchangeOrder, State
from engines.simulate.exchange.position import Position
from sandbox.cancels import Cancels
from sandbox.exchange import VenueExchange
from sandbox.gate import accounts, futures_orders
from sandbox.gate.call import Call, Endpoint, within
from sandbox.gate.fields import flag, needed_decimal
from sandbox.gate.labels import declined
from sandbox.gate.markets import GateMarkets, contract_grid
from sandbox.gate.recall import Recall
from sandbox.gate.wire import BAD_VALUE, Declined, page_of, required
from sandbox.gate.woken import fill_id

_KIND = MarketKind.PERP
_MOST_BATCHED = 10
_HOME = "futures/usdt"
_MODES = {"single": False, "dual": True}


class FuturesTrading:
    """Orders, price-triggered orders and fills of perpetuals."""

    def __init__(self, venue: VenueExchange, markets: GateMarkets, recall: Recall, cancels: Cancels) -> None:
        self._venue = venue
        self._markets = markets
        self._recall = recall
        self._cancels = cancels

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """What is answered, by method and path."""
        return {
            ("POST", f"{_HOME}/orders"): self.create,
            ("POST", f"{_HOME}/batch_orders"): self.create_some,
            ("GET", f"{_HOME}/orders"): self.orders,
            ("GET", f"{_HOME}/orders_timerange"): self.orders_between,
            ("DELETE", f"{_HOME}/orders"): self.cancel_all,
            ("GET", f"{_HOME}/orders/{{order_id}}"): self.order,
            ("PUT", f"{_HOME}/orders/{{order_id}}"): self.amend,
            ("DELETE", f"{_HOME}/orders/{{order_id}}"): self.cancel,
            ("POST", f"{_HOME}/batch_cancel_orders"): self.cancel_some,
            ("GET", f"{_HOME}/my_trades"): self.fills,
            ("GET", f"{_HOME}/my_trades_timerange"): self.fills_between,
            ("POST", f"{_HOME}/price_orders"): self.create_sleeping,
            ("GET", f"{_HOME}/price_orders"): self.sleeping,
            ("DELETE", f"{_HOME}/price_orders"): self.cancel_all_sleeping,
            ("GET", f"{_HOME}/price_orders/{{order_id}}"): self.sleeping_order,
            ("DELETE", f"{_HOME}/price_orders/{{order_id}}"): self.cancel_sleeping,
        }

    def create(self, call: Call) -> dict[str, Any]:
        """Place an order; it is answered as it stands after meeting the book."""
        return futures_orders.row(self._place(call, call.object), call.user)

    def create_some(self, call: Call) -> list[dict[str, Any]]:
        """Place up to ten orders, each for itself."""
        return [self._tried(call, body) for body in call.rows(_MOST_BATCHED)]

    def order(self, call: Call) -> dict[str, Any]:
        """One order, by its id or by its text."""
        return futures_orders.row(self._found(call), call.user)

    def orders(self, call: Call) -> list[dict[str, Any]]:
        """Open or finished orders, the newest first."""
        status = required(call.query, "status")
        if status not in ("open", "finished"):
            raise Declined(BAD_VALUE, "invalid argument: status")
        chosen = [one for one in self._mine(call) if one.is_live is (status == "open")]
        return self._page(call, chosen)

    def orders_between(self, call: Call) -> list[dict[str, Any]]:
        """Orders that were made between two moments, the newest first."""
        return self._page(call, [one for one in self._mine(call) if within(call.query, one.created_at)])

    def amend(self, call: Call) -> dict[str, Any]:
        """Change price or size."""
        order = self._found(call)
        changes = futures_orders.changes_of(call.object, order)
        changed = self._venue.exchange.amend(call.account, order, call.at, **changes)
        return futures_orders.row(changed, call.user)

    def cancel(self, call: Call) -> dict[str, Any]:
        """Take an order out."""
        ended = self._cancels.one(call.account, self._found(call), call.at)
        return futures_orders.row(ended, call.user)

    def cancel_some(self, call: Call) -> list[dict[str, Any]]:
        """Take some orders out by their ids, each for itself."""
        if not isinstance(call.body, list):
            raise Declined("INVALID_REQUEST_BODY", "the body must be a list of ids")
        return [self._try_to_cancel(call, str(name)) for name in call.body]

    def cancel_all(self, call: Call) -> list[dict[str, Any]]:
        """Take all orders out, of one contract and side where they are named."""
        sides = {"bid": 1, "ask": -1}
        sign = sides.get(call.query.get("side", ""))
        in_market = self._chooser(call, State.OPEN)

        def is_chosen(one: ExchangeOrder) -> bool:
            return in_market(one) and sign in (None, one.side.sign)

        ended = self._cancels.all(call.account, call.at, is_chosen)
        return [futures_orders.row(one, call.user) for one in ended]

    def fills(self, call: Call) -> list[dict[str, Any]]:
        """Executions, the newest first."""
        symbol, order_id = self._symbol(call), call.query.get("order")
        chosen = [
            done
            for done in accounts.fills_of(call.account, _KIND)
            if symbol in (None, done.instrument.symbol) and order_id in (None, "", fill_id(done))
        ]
        first, stop = page_of(call.query)
        return [futures_orders.fill(done) for done in chosen[first:stop]]

    def fills_between(self, call: Call) -> list[dict[str, Any]]:
        """Executions between two moments, the newest first; their ids are called otherwise here."""
        symbol = self._symbol(call)
        chosen = [
            done
            for done in accounts.fills_of(call.account, _KIND)
            if symbol in (None, done.instrument.symbol) and within(call.query, done.at)
        ]
        first, stop = page_of(call.query)
        rows = [futures_orders.fill(done) for done in chosen[first:stop]]
        return [{**row, "trade_id": str(row["id"])} for row in rows]

    def create_sleeping(self, call: Call) -> dict[str, Any]:
        """Place an order that waits for a price."""
        initial = call.object.get("initial")
        name = required(initial if isinstance(initial, dict) else {}, "contract")
        instrument = self._grid(name, call)
        wish = futures_orders.sleeping_wish_of(
            call.object, instrument, self._held(call, instrument), is_hedged=call.account.is_hedged
        )
        return {"id": int(self._venue.exchange.place(call.account, wish, call.at).id)}

    def sleeping(self, call: Call) -> list[dict[str, Any]]:
        """Price-triggered orders, open or finished; the newest first."""
        is_open, symbol = required(call.query, "status") == "open", self._symbol(call)
        chosen = [
            one
            for one in self._all_sleeping(call)
            if (one.state is State.SLEEPING) is is_open and symbol in (None, one.instrument.symbol)
        ]
        first, stop = page_of(call.query)
        return [futures_orders.sleeping_row(one, call.user) for one in chosen[::-1][first:stop]]

    def sleeping_order(self, call: Call) -> dict[str, Any]:
        """One price-triggered order."""
        return futures_orders.sleeping_row(self._found_sleeping(call), call.user)

    def cancel_sleeping(self, call: Call) -> dict[str, Any]:
        """Take a price-triggered order out."""
        ended = self._cancels.one(call.account, self._found_sleeping(call), call.at)
        return futures_orders.sleeping_row(ended, call.user)

    def cancel_all_sleeping(self, call: Call) -> list[dict[str, Any]]:
        """Take all price-triggered orders out, of one contract where it is named."""
        ended = self._cancels.all(call.account, call.at, self._chooser(call, State.SLEEPING))
        return [futures_orders.sleeping_row(one, call.user) for one in ended]

    def _place(self, call: Call, body: dict[str, Any]) -> ExchangeOrder:
        instrument = self._grid(required(body, "contract"), call)
        held = self._held(call, instrument)
        wish = futures_orders.wish_of(body, instrument, held, is_hedged=call.account.is_hedged)
        return self._venue.exchange.place(call.account, wish, call.at)

    def _tried(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return {**futures_orders.row(self._place(call, body), call.user), "succeeded": True}
        except refusal.Declined as refused:
            said = declined(refused, _KIND)
        except Declined as refused:
            said = refused
        return {"succeeded": False, "label": said.label, "detail": said.message}

    def _try_to_cancel(self, call: Call, name: str) -> dict[str, Any]:
        head = {"user_id": call.user, "id": name}
        try:
            order = self._recall.find(call.account, _KIND, name)
            self._cancels.one(call.account, order, call.at)
        except refusal.Declined as refused:
            return {**head, "succeeded": False, "message": declined(refused, _KIND).label}
        return {**head, "succeeded": True, "message": ""}

    def _page(self, call: Call, chosen: list[ExchangeOrder]) -> list[dict[str, Any]]:
        first, stop = page_of(call.query)
        return [futures_orders.row(one, call.user) for one in chosen[::-1][first:stop]]

    def _found(self, call: Call) -> ExchangeOrder:
        return self._recall.find(call.account, _KIND, call.query["order_id"])

    def _found_sleeping(self, call: Call) -> ExchangeOrder:
        for one in self._all_sleeping(call):
            if one.id == call.query["order_id"]:
                return one
        raise refusal.Declined(refusal.Why.ORDER_NOT_FOUND)

    def _mine(self, call: Call) -> list[ExchangeOrder]:
        """Orders that are or were in the book, of one contract where it is named."""
        symbol = self._symbol(call)
        return [
            one
            for one in call.account.orders.values()
            if self._recall.is_known(one, _KIND) and symbol in (None, one.instrument.symbol)
        ]

    def _all_sleeping(self, call: Call) -> list[ExchangeOrder]:
        return [
            one
            for one in call.account.orders.values()
            if one.instrument.kind is _KIND and one.trigger_price is not None
        ]

    def _chooser(self, call: Call, state: State) -> Callable[[ExchangeOrder], bool]:
        symbol = self._symbol(call)

        def is_chosen(one: ExchangeOrder) -> bool:
            is_mine = one.instrument.kind is _KIND and one.state is state
            return is_mine and symbol in (None, one.instrument.symbol)

        return is_chosen

    def _symbol(self, call: Call) -> str | None:
        name = call.query.get("contract")
        return self._grid(name, call).symbol if name else None

    def _held(self, call: Call, instrument: Instrument) -> futures_orders.Held:
        def held(slot: Direction | None) -> Decimal:
            return call.account.position(instrument, slot, call.at).size

        return held

    def _grid(self, name: str, call: Call) -> Instrument:
        return contract_grid(self._markets.contract(name, call.now_ms))


class FuturesAccount:
    """Positions, leverage, position mode and money of perpetuals."""

    def __init__(self, venue: VenueExchange, markets: GateMarkets) -> None:
        self._venue = venue
        self._markets = markets

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """What is answered, by method and path."""
        return {
            ("GET", f"{_HOME}/accounts"): self.account,
            ("GET", f"{_HOME}/account_book"): self.book,
            ("GET", f"{_HOME}/fee"): self.fees,
            ("GET", f"{_HOME}/positions"): self.positions,
            ("GET", f"{_HOME}/positions/{{contract}}"): self.position,
            ("GET", f"{_HOME}/dual_comp/positions/{{contract}}"): self.both_positions,
            ("POST", f"{_HOME}/positions/{{contract}}/leverage"): self.set_leverage,
            ("POST", f"{_HOME}/dual_comp/positions/{{contract}}/leverage"): self.set_both_leverages,
            ("GET", f"{_HOME}/get_leverage/{{contract}}"): self.leverage,
            ("POST", f"{_HOME}/dual_mode"): self.set_dual_mode,
            ("POST", f"{_HOME}/set_position_mode"): self.set_mode,
        }

    def account(self, call: Call) -> dict[str, Any]:
        """The account behind the perpetuals."""
        now = self._venue.exchange.standing(call.account, call.at)
        return accounts.futures_account(call.account, now, call.user)

    def book(self, call: Call) -> list[dict[str, Any]]:
        """What changed its money, the newest first."""
        kind, contract = call.query.get("type"), call.query.get("contract")
        rows = [
            row
            for row in accounts.futures_book(call.account, call.query)
            if kind in (None, "", row["type"]) and contract in (None, "", row["contract"])
        ]
        first, stop = page_of(call.query)
        return rows[first:stop]

    def fees(self, call: Call) -> dict[str, Any]:
        """Fee rates by contract."""
        rates = self._venue.exchange.rules.fees
        row = {"taker_fee": f"{rates.taker:f}", "maker_fee": f"{rates.maker:f}"}
        names = [name for name in (call.query.get("contract"),) if name]
        books = [self._markets.contract(name, call.now_ms) for name in names]
        return {f"{one.instrument.base}_USDT": row for one in books or self._markets.contracts(call.now_ms)}

    def positions(self, call: Call) -> list[dict[str, Any]]:
        """All positions that ever were; only those that are held, where that is asked."""
        rows = [self._row(call, one) for one in self._known(call)]
        chosen = [row for row in rows if row["size"] or not flag(call.query, "holding")]
        first, stop = page_of(call.query)
        return chosen[first:stop]

    def position(self, call: Call) -> dict[str, Any]:
        """The position of a contract, perhaps of nothing."""
        if call.account.is_hedged:
            raise Declined("POSITION_DUAL_MODE", "operation not allowed in dual mode")
        return self._row(call, self._slot(call, None))

    def both_positions(self, call: Call) -> list[dict[str, Any]]:
        """The long and the short position of a contract."""
        if not call.account.is_hedged:
            raise Declined("POSITION_DUAL_MODE", "operation allowed in dual mode only")
        return [self._row(call, self._slot(call, slot)) for slot in Direction]

    def set_leverage(self, call: Call) -> dict[str, Any]:
        """Set the leverage of a contract; the same as before is agreed to."""
        if call.account.is_hedged:
            raise Declined("POSITION_DUAL_MODE", "operation not allowed in dual mode")
        self._set_leverage(call)
        return self.position(call)

    def set_both_leverages(self, call: Call) -> list[dict[str, Any]]:
        """Set the leverage of both positions of a contract."""
        self._set_leverage(call)
        return self.both_positions(call)

    def leverage(self, call: Call) -> dict[str, Any]:
        """The leverage of a contract."""
        leverage = call.account.leverage(self._grid(call).symbol)
        return {"lever": f"{leverage:f}", "leverage": "0", "cross_leverage_limit": f"{leverage:f}"}

    def set_dual_mode(self, call: Call) -> dict[str, Any]:
        """Keep long and short apart, or not."""
        required(call.query, "dual_mode")
        self._venue.exchange.set_hedged(call.account, flag(call.query, "dual_mode"), call.at)
        return self.account(call)

    def set_mode(self, call: Call) -> dict[str, Any]:
        """As `set_dual_mode`, by the name of the mode."""
        mode = _MODES.get(required(call.query, "position_mode"))
        if mode is None:
            raise Declined(BAD_VALUE, "invalid argument: position_mode")
        self._venue.exchange.set_hedged(call.account, mode, call.at)
        return self.account(call)

    def _set_leverage(self, call: Call) -> None:
        """`leverage` 0 means cross, limited by `cross_leverage_limit`; here all positions are cross."""
        leverage = needed_decimal(call.query, "leverage")
        if leverage == 0 and call.query.get("cross_leverage_limit"):
            leverage = needed_decimal(call.query, "cross_leverage_limit")
        if leverage < 1:
            raise Declined("LEVERAGE_TOO_LOW", "leverage is too low")
        try:
            self._venue.exchange.set_leverage(call.account, self._grid(call), leverage, call.at)
        except refusal.Declined as refused:
            if refused.why is not refusal.Why.NOT_MODIFIED:
                raise

    def _known(self, call: Call) -> list[Position]:
        """The positions of every contract that was ever traded, both where long and short are apart."""
        slots = tuple(Direction) if call.account.is_hedged else (None,)
        traded = {one.instrument.symbol: one.instrument for one in call.account.positions.values()}
        return [
            call.account.position(traded[symbol], slot, call.at)
            for symbol in sorted(traded)
            for slot in slots
        ]

    def _slot(self, call: Call, slot: Direction | None) -> Position:
        return call.account.position(self._grid(call), slot, call.at)

    def _row(self, call: Call, held: Position) -> dict[str, Any]:
        exchange = self._venue.exchange
        mark = exchange.quotes.last(held.instrument, call.at)
        now = exchange.standing(call.account, call.at)
        return accounts.position(call.account, held, mark, exchange.rules, now, call.user)

    def _grid(self, call: Call) -> Instrument:
        return contract_grid(self._markets.contract(call.query["contract"], call.now_ms))
