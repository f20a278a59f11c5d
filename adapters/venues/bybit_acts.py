"""What is done with a Bybit V5 unified account."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from adapters.venues import bybit_requests, bybit_rows
from adapters.venues.account import told_id
from adapters.venues.acting import PositionMode, to_the_end
from adapters.venues.answer import Declined, Meaning
from adapters.venues.bybit_reads import BybitReads
from adapters.venues.bybit_requests import CATEGORIES, Request
from adapters.venues.calls import Calls
from adapters.venues.governor import Urgency
from adapters.venues.terms import closes, plain
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.bracket import SOUND, Sleep
from engines.orders.order import Order, Terms
from ports.errors import Rejected
from ports.trading import LastLook

_SETTLE = "USDT"
_ONE_WAY, _HEDGE = 0, 3
_TRANSFERS: Final = uuid.UUID("6f0c6c0e-9a0b-4a51-9d5c-5f2f6f4c9f11")
"""The namespace of our transfers: the same name of ours is the same id at the venue, which does it once."""


class BybitActs:
    """What changes a Bybit account."""

    def __init__(self, calls: Calls, reads: BybitReads) -> None:
        self._calls = calls
        self._reads = reads
        self._mode = PositionMode(calls.account)

    @property
    def sleep(self) -> Sleep:
        """Until it wakes; it can be changed."""
        return SOUND

    async def submit(self, order: Order, direction: Direction, last_look: LastLook) -> str | None:
        market = await self._reads.market(order.intent.instrument)
        is_hedged = market.instrument.kind is MarketKind.PERP and await self._mode.is_hedged(
            lambda: self._reads.terms_in(market)
        )
        request = bybit_requests.order_request(order, market, direction, is_hedged=is_hedged)
        urgency = Urgency.REDUCE if closes(order, direction) else Urgency.ENTER
        with self._mode.doubted():
            answer = await self._calls.act(
                "private_post_v5_order_create", request, urgency, last_look=last_look
            )
        return told_id(answer.get("result"), "orderId")

    async def cancel(self, order: Order) -> None:
        market = await self._reads.market(order.intent.instrument)
        request = bybit_requests.cancel_request(order, market)
        await self._calls.act("private_post_v5_order_cancel", request, Urgency.REDUCE)

    async def amend(self, order: Order, terms: Terms) -> None:
        market = await self._reads.market(order.intent.instrument)
        request = bybit_requests.amend_request(order, terms, market)
        await self._calls.act("private_post_v5_order_amend", request, Urgency.CHANGE)

    async def cancel_all(self, instrument: Instrument | None) -> None:
        await to_the_end(self._cancel(request) for request in await self._scopes(instrument))

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        market = await self._reads.market(instrument)
        times = plain(leverage)
        request = {
            "category": "linear",
            "symbol": market.id,
            "buyLeverage": times,
            "sellLeverage": times,
        }
        await self._calls.act("private_post_v5_position_set_leverage", request, Urgency.CHANGE)

    async def set_hedged(self, is_hedged: bool) -> None:
        mode = _HEDGE if is_hedged else _ONE_WAY
        request = {"category": "linear", "coin": _SETTLE, "mode": mode}
        self._mode.forget()
        await self._calls.act("private_post_v5_position_switch_mode", request, Urgency.CHANGE)

    async def transfer(self, transfer_id: str, asset: str, amount: Decimal, source: str, target: str) -> None:
        try:
            wallets = [bybit_rows.wallet_name(name) for name in (source, target)]
        except KeyError as error:
            raise Rejected(
                f"{self._calls.account}: no wallet {error}; there are unified and funding"
            ) from error
        request = {
            "transferId": str(uuid.uuid5(_TRANSFERS, transfer_id)),
            "coin": asset,
            "amount": plain(amount),
            "fromAccountType": wallets[0],
            "toAccountType": wallets[1],
        }
        try:
            await self._calls.act("private_post_v5_asset_transfer_inter_transfer", request, Urgency.CHANGE)
        except Declined as declined:
            if declined.meaning is not Meaning.DUPLICATE_ID:  # else it was done before
                raise

    async def _scopes(self, instrument: Instrument | None) -> Sequence[Request]:
        """What to cancel: on spot, orders that sleep are cancelled by themselves."""
        if instrument is not None:
            market = await self._reads.market(instrument)
            scope: Request = {"category": CATEGORIES[instrument.kind], "symbol": market.id}
            is_spot = instrument.kind is MarketKind.SPOT
            return [scope, scope | {"orderFilter": "StopOrder"}] if is_spot else [scope]
        return [
            {"category": "linear", "settleCoin": _SETTLE},
            {"category": "spot"},
            {"category": "spot", "orderFilter": "StopOrder"},
        ]

    async def _cancel(self, request: Request) -> None:
        await self._calls.act("private_post_v5_order_cancel_all", request, Urgency.REDUCE)
