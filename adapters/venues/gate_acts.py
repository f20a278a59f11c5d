"""What is done with a unified Gate v4 account."""

from decimal import Decimal

from adapters.venues import gate_requests
from adapters.venues.account import told_id
from adapters.venues.acting import PositionMode, to_the_end
from adapters.venues.answer import Declined, Meaning
from adapters.venues.calls import Calls
from adapters.venues.catalogue import Market
from adapters.venues.gate_reads import GateReads
from adapters.venues.gate_requests import SETTLE, SLEEPS, Request
from adapters.venues.governor import Urgency
from adapters.venues.terms import closes, plain
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.bracket import Sleep
from engines.orders.order import Order, Terms
from ports.errors import Rejected
from ports.trading import LastLook


class GateActs:
    """What changes a Gate account."""

    def __init__(self, calls: Calls, reads: GateReads) -> None:
        self._calls = calls
        self._reads = reads
        self._mode = PositionMode(calls.account)

    @property
    def sleep(self) -> Sleep:
        """For a month; Gate changes no order that sleeps."""
        return Sleep(can_change=False, lasts=SLEEPS)

    async def submit(self, order: Order, direction: Direction, last_look: LastLook) -> str | None:
        market = await self._reads.market(order.intent.instrument)
        is_hedged = await self._mode.is_hedged(self._reads.terms)
        if market.instrument.kind is MarketKind.SPOT:
            method, request = await self._spot(order, market)
        else:
            method, request = _futures(order, market, direction, is_hedged=is_hedged)
        urgency = Urgency.REDUCE if closes(order, direction) else Urgency.ENTER
        with self._mode.doubted():
            answer = await self._calls.act(method, request, urgency, last_look=last_look)
        return told_id(answer, "id")

    async def cancel(self, order: Order) -> None:
        market = await self._reads.market(order.intent.instrument)
        is_spot = market.instrument.kind is MarketKind.SPOT
        if not gate_requests.is_asleep(order):
            name = gate_requests.order_name(order, market)
            method = "private_spot_delete_orders_order_id" if is_spot else _CANCEL_FUTURES
            await self._calls.act(method, name, Urgency.REDUCE)
            return
        venue_id = order.venue_id or await self._reads.sleeping_id(order.id, market)
        request = {"order_id": venue_id} if is_spot else {"settle": SETTLE, "order_id": venue_id}
        method = "private_spot_delete_price_orders_order_id" if is_spot else _CANCEL_SLEEPING_FUTURES
        await self._calls.act(method, request, Urgency.REDUCE)

    async def amend(self, order: Order, terms: Terms) -> None:
        if gate_requests.is_asleep(order):
            raise Declined(Meaning.OTHER, f"{self._calls.account} cannot change an order that sleeps")
        market = await self._reads.market(order.intent.instrument)
        request = gate_requests.amend_request(order, terms, market)
        is_spot = market.instrument.kind is MarketKind.SPOT
        method = (
            "private_spot_patch_orders_order_id" if is_spot else "private_futures_put_settle_orders_order_id"
        )
        await self._calls.act(method, request, Urgency.CHANGE)

    async def cancel_all(self, instrument: Instrument | None) -> None:
        if instrument is None:
            await to_the_end((self._cancel_spot({}), self._cancel_all_futures()))
            return
        market = await self._reads.market(instrument)
        if instrument.kind is MarketKind.SPOT:
            await self._cancel_spot({"currency_pair": market.id})
        else:
            await self._cancel_futures({"contract": market.id})

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        market = await self._reads.market(instrument)
        is_dual = await self._mode.is_hedged(self._reads.terms)
        method = _DUAL_LEVERAGE if is_dual else _LEVERAGE
        limit = {"leverage": "0", "cross_leverage_limit": plain(leverage)}
        await self._calls.act(method, {"settle": SETTLE, "contract": market.id} | limit, Urgency.CHANGE)

    async def set_hedged(self, is_hedged: bool) -> None:
        request = {"settle": SETTLE, "dual_mode": "true" if is_hedged else "false"}
        self._mode.forget()
        await self._calls.act("private_futures_post_settle_dual_mode", request, Urgency.CHANGE)

    async def transfer(self, transfer_id: str, asset: str, amount: Decimal, source: str, target: str) -> None:
        """Never: a unified account has one wallet, and Gate takes no id that would make a transfer happen
        once."""
        raise Rejected(f"{self._calls.account}: a unified account has one wallet")

    async def _spot(self, order: Order, market: Market) -> tuple[str, Request]:
        if gate_requests.is_asleep(order):
            return "private_spot_post_price_orders", gate_requests.spot_trigger_request(order, market)
        price = (
            await self._reads.touch(market, order.intent.side) if gate_requests.needs_a_price(order) else None
        )
        return "private_spot_post_orders", gate_requests.spot_request(order, market, price)

    async def _cancel_spot(self, scope: Request) -> None:
        resting = scope | {"account": "unified"}
        asleep = {"market" if name == "currency_pair" else name: value for name, value in resting.items()}
        await to_the_end(
            (
                self._calls.act("private_spot_delete_orders", resting, Urgency.REDUCE),
                self._calls.act("private_spot_delete_price_orders", asleep, Urgency.REDUCE),
            )
        )

    async def _cancel_futures(self, scope: Request) -> None:
        request = {"settle": SETTLE, **scope}
        await to_the_end(
            (
                self._calls.act("private_futures_delete_settle_orders", request, Urgency.REDUCE),
                self._calls.act("private_futures_delete_settle_price_orders", request, Urgency.REDUCE),
            )
        )

    async def _cancel_all_futures(self) -> None:
        """At once; market by market where Gate wants them named."""
        try:
            await self._cancel_futures({})
        except Declined as declined:
            if declined.meaning is not Meaning.OTHER:
                raise
            resting = {order.instrument.key: order.instrument for order in await self._reads.open_orders()}
            perps = [one for one in resting.values() if one.kind is MarketKind.PERP]
            await to_the_end(self.cancel_all(perp) for perp in perps)


_CANCEL_FUTURES = "private_futures_delete_settle_orders_order_id"
_CANCEL_SLEEPING_FUTURES = "private_futures_delete_settle_price_orders_order_id"
_LEVERAGE = "private_futures_post_settle_positions_contract_leverage"
_DUAL_LEVERAGE = "private_futures_post_settle_dual_comp_positions_contract_leverage"


def _futures(order: Order, market: Market, direction: Direction, *, is_hedged: bool) -> tuple[str, Request]:
    if gate_requests.is_asleep(order):
        request = gate_requests.futures_trigger_request(order, market, direction, is_hedged=is_hedged)
        return "private_futures_post_settle_price_orders", request
    request = gate_requests.futures_request(order, market, direction, is_hedged=is_hedged)
    return "private_futures_post_settle_orders", request
