"""The control API of the venues' accounts: what others do there, outside the desk, and cuts of the wire."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from aiohttp import web

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import ExchangeOrder, Wish
from engines.simulate.exchange.refusal import Declined
from sandbox.accounts import MAIN
from sandbox.answers import BadControl, answering, flag_field, integer_field, read_object, text_field
from sandbox.exchange import VenueExchange
from sandbox.quotes import ms_of
from sandbox.wiretap import Phase, Wiretap

Body = dict[str, Any]
T = TypeVar("T")
Choice = TypeVar("Choice", MarketKind, Side, Direction)


class ExchangeControl:
    """Handlers under `/control/exchange` and `/control/wire`."""

    def __init__(self, venues: Mapping[str, VenueExchange], wiretap: Wiretap) -> None:
        self._venues = venues
        self._wiretap = wiretap

    def routes(self) -> list[web.RouteDef]:
        base = "/control/exchange/{venue}"
        return [
            web.get(base, answering(self.view)),
            web.post(f"{base}/orders", answering(self.place)),
            web.post(f"{base}/orders/{{id}}/fill", answering(self.fill)),
            web.post(f"{base}/orders/{{id}}/cancel", answering(self.cancel)),
            web.post(f"{base}/deposits", answering(self.deposit)),
            web.post(f"{base}/withdrawals", answering(self.withdraw)),
            web.post(f"{base}/suspension", answering(self.suspend)),
            web.get("/control/wire", answering(self.counts)),
            web.post("/control/wire", answering(self.cut)),
        ]

    async def view(self, request: web.Request) -> Body:
        """Balances, positions and live orders."""
        venue, account = self._of(request)
        at = venue.now()
        standing = venue.exchange.standing(account, at)
        return {
            "balances": [
                {"wallet": wallet, "asset": asset, "amount": str(amount)}
                for (wallet, asset), amount in sorted(account.balances.items())
            ],
            "positions": [
                {
                    "symbol": one.instrument.symbol,
                    "slot": one.slot,
                    "size": str(one.size),
                    "entry_price": str(one.entry_price),
                }
                for one in account.held()
            ],
            "orders": [order_view(order) for order in account.live_in()],
            "executions": len(account.executions),
            "equity": str(standing.equity),
            "available": str(standing.available),
            "are_withdrawals_suspended": account.are_withdrawals_suspended,
        }

    async def place(self, request: web.Request) -> Body:
        """An order that the desk did not send."""
        venue, account = self._of(request)
        body, at = await read_object(request), venue.now()
        wish = _wish(body, self._instrument(venue, body, ms_of(at)))
        return order_view(_tried(lambda: venue.exchange.place(account, wish, at)))

    async def fill(self, request: web.Request) -> Body:
        """Execute an order now, whatever the market says; also one that was cancelled."""
        venue, account = self._of(request)
        body, at = await read_object(request), venue.now()
        order = _tried(lambda: account.order(id=request.match_info["id"]))
        quantity = _number(body, "quantity") or order.left
        price = _number(body, "price") or order.limit_price or venue.quotes.last(order.instrument, at)
        return order_view(_tried(lambda: venue.exchange.fill(account, order, quantity, price, at)))

    async def cancel(self, request: web.Request) -> Body:
        """Take an order out, as if somebody had done it by hand."""
        venue, account = self._of(request)
        at = venue.now()
        order = _tried(lambda: account.order(id=request.match_info["id"]))
        return order_view(_tried(lambda: venue.exchange.cancel(account, order, at)))

    async def deposit(self, request: web.Request) -> Body:
        """Money from outside."""
        venue, account, body = *self._of(request), await read_object(request)
        at, wallet = venue.now(), _wallet(body, account)
        asset, amount = text_field(body, "asset"), _needed(body, "amount")
        moved = _tried(lambda: venue.exchange.treasury.deposit(account, wallet, asset, amount, at))
        return {"id": moved.id}

    async def withdraw(self, request: web.Request) -> Body:
        """Money to the outside."""
        venue, account, body = *self._of(request), await read_object(request)
        at, wallet = venue.now(), _wallet(body, account)
        asset, amount = text_field(body, "asset"), _needed(body, "amount")
        moved = _tried(lambda: venue.exchange.treasury.withdraw(account, wallet, asset, amount, at))
        return {"id": moved.id, "is_done": moved.is_done}

    async def suspend(self, request: web.Request) -> Body:
        """Let withdrawals stay under way, or go on: those that waited arrive."""
        venue, account = self._of(request)
        is_suspended, at = flag_field(await read_object(request), "suspended", default=True), venue.now()
        venue.exchange.suspend_withdrawals(account, is_suspended, at)
        waiting = [one.id for one in account.movements.values() if not one.is_done]
        if not is_suspended:
            for movement_id in waiting:
                venue.exchange.treasury.finish(account, movement_id, at)
        return {"suspended": is_suspended, "waiting": waiting if is_suspended else []}

    async def counts(self, request: web.Request) -> Body:
        """How many private requests and messages there were, by venue."""
        return self._wiretap.view()

    async def cut(self, request: web.Request) -> Body:
        """Cut the connection at the n-th event from now on."""
        body = await read_object(request)
        number, service = integer_field(body, "number"), text_field(body, "service")
        if number is None or number < 1:
            raise BadControl('"number" must be a whole number, 1 or more')
        if service not in self._venues:
            raise BadControl(f"no venue {service!r}; there are {', '.join(self._venues)}")
        try:
            phase = Phase(str(body.get("phase", Phase.BEFORE)))
        except ValueError as error:
            raise BadControl('"phase" must be "before" or "after"') from error
        self._wiretap.cut(service, number, phase)
        return self._wiretap.view()

    def _of(self, request: web.Request) -> tuple[VenueExchange, Account]:
        name = request.match_info["venue"]
        venue = self._venues.get(name)
        if venue is None:
            raise BadControl(f"there is no venue {name}", 404)
        return venue, venue.exchange.account(MAIN)

    def _instrument(self, venue: VenueExchange, body: Body, now_ms: int) -> Instrument:
        kind = _choice(MarketKind, body, "kind", MarketKind.PERP)
        instrument = venue.quotes.instrument((kind, text_field(body, "symbol").upper()), now_ms)
        if instrument is None:
            raise BadControl(f"there is no market {body['symbol']}", 404)
        return instrument


def order_view(order: ExchangeOrder) -> Body:
    """An order as the control API shows it."""
    return {
        "id": order.id,
        "client_id": order.wish.client_id,
        "symbol": order.instrument.symbol,
        "kind": order.instrument.kind,
        "side": order.side,
        "state": order.state,
        "quantity": str(order.quantity),
        "filled": str(order.filled),
        "price": None if order.limit_price is None else str(order.limit_price),
        "trigger_price": None if order.trigger_price is None else str(order.trigger_price),
        "why": order.why,
    }


def _wish(body: Body, instrument: Instrument) -> Wish:
    price = _number(body, "price")
    direction = body.get("direction")
    return Wish(
        instrument=instrument,
        side=_choice(Side, body, "side", None),
        kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
        quantity=_needed(body, "quantity"),
        limit_price=price,
        is_reduce_only=flag_field(body, "reduce_only", default=False),
        direction=None if direction is None else _choice(Direction, body, "direction", None),
        client_id=str(body.get("client_id", "")),
        trigger_price=_number(body, "trigger_price"),
    )


def _wallet(body: Body, account: Account) -> str:
    return str(body.get("wallet") or account.setup.spot_wallet)


def _needed(body: Body, name: str) -> Decimal:
    value = _number(body, name)
    if value is None:
        raise BadControl(f'"{name}" must be a number')
    return value


def _number(body: Body, name: str) -> Decimal | None:
    """A number, also as a text, which keeps every digit; `None` when absent."""
    value = body.get(name)
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise BadControl(f'"{name}" must be a number') from error
    if isinstance(value, bool) or not number.is_finite():
        raise BadControl(f'"{name}" must be a number')
    return number


def _choice(kind: type[Choice], body: Body, name: str, default: Choice | None) -> Choice:
    value = body.get(name, default)
    try:
        return kind(str(value))
    except ValueError as error:
        raise BadControl(f'"{name}" must be one of {", ".join(kind)}') from error


def _tried(act: Callable[[], T]) -> T:
    try:
        return act()
    except Declined as declined:
        raise BadControl(str(declined)) from declined
