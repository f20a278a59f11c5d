"""What a kill asks of the road of orders: cancels at once, closes without tickets, both like everything else
written down before they are sent."""

from collections.abc import Awaitable, Callable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Final, Protocol

from engines.orders.bracket import is_guard
from engines.orders.lifecycle import is_final
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, OrderState, Purpose
from engines.orders.subaccount import engine_of, is_person
from engines.orders.trade import Trade
from engines.risk.kill import Closing, Leg
from ports.books import Conflict
from ports.clock import Clock
from ports.errors import DeskError, Refused, Transient
from ports.venue_books import VenueOrder, VenuePosition
from services.ordering.judging import Quotes
from services.ordering.positions import account_of
from services.ordering.sending import is_late
from services.orders import Orders
from services.trading.intents import intent_of
from services.trading.register import Held, Register

GUARDED_TRIES: Final = 2
"""So often a close is guarded against slippage; then it goes at any price."""
MOST_SLIPPAGE: Final = Decimal("0.02")
REASON: Final = "kill"
GOOD_FOR: Final = timedelta(seconds=15)
"""Market time for which the road sends a close again that the venue did not take; then another is made."""

_RESTING: Final = frozenset({OrderState.ACKNOWLEDGED, OrderState.OPEN, OrderState.PARTIALLY_FILLED})
_UNSETTLED: Final = frozenset({OrderState.SENT, OrderState.UNKNOWN, OrderState.CANCEL_PENDING})


class Witness(Protocol):
    """What a venue itself shows of an account; `ports.venue_books` has it."""

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Everything that rests or sleeps there. Raises `Transient`, `Rejected`."""
        ...

    async def positions(self) -> Sequence[VenuePosition]:
        """Perpetuals held. Raises `Transient`, `Rejected`."""
        ...


class Road(Protocol):
    """Everything that a kill does goes through here."""

    def legs(self, *, has_paper: bool) -> Sequence[Leg]:
        """What the desk holds by its books; people's paper too where `has_paper`."""
        ...

    def accounts(self) -> Set[str]:
        """Where the desk holds something or has an order, by its books: also what is not connected now."""
        ...

    def working(self, account: str, *, has_paper: bool) -> int:
        """How many orders of ours are not over there, by our books."""
        ...

    def unsettled(self, account: str) -> int:
        """How many of them nobody is certain of: sent, being canceled, unknown."""
        ...

    def protects(self, order: VenueOrder) -> bool:
        """Whether what a venue shows is a stop or a target of a position."""
        ...

    async def cancel_all(self, account: str) -> None:
        """Take everything out of the book of a venue account. Raises `Transient`, `Uncertain`, `Rejected`."""
        ...

    async def cancel_paper(self, *, has_paper: bool) -> None:
        """Take out what rests at our own venue, all that can be, whatever becomes of each. Raises the first
        failure then: `Transient`, `Conflict`."""
        ...

    async def close(self, closing: Closing, *, tries: int) -> None:
        """Close so much of a position at the market, unless a close of it is on its way. Raises as the road
        does."""
        ...

    async def slippage(self, closing: Closing) -> tuple[Decimal, Decimal | None] | None:
        """What closing it is expected to cost against the mid, and the NAV where it is known; `None` without
        a price."""
        ...


@dataclass(slots=True, repr=False)
class OrderRoad:
    """`Road` over the one road of orders."""

    orders: Orders
    register: Register
    quotes: Quotes
    clock: Clock

    def legs(self, *, has_paper: bool) -> Sequence[Leg]:
        """Positions that are open, by trade."""
        return [
            _leg(held)
            for held in self.register.live()
            if held.trade.quantity > 0 and (has_paper or not is_person(held.trade.owner))
        ]

    def accounts(self) -> Set[str]:
        """Of the desk's live trades; people's are at our own venue."""
        return {
            account_of(held)
            for held in self.register.live()
            if not is_person(held.trade.owner) and (held.trade.quantity > 0 or held.is_pending)
        }

    def working(self, account: str, *, has_paper: bool) -> int:
        """Orders sent that have not ended."""
        return sum(
            1
            for held in self._of(account, has_paper=has_paper)
            for order in held.pending
            if order.state is not OrderState.AWAITING_APPROVAL
        )

    def unsettled(self, account: str) -> int:
        """Orders whose last request has no answer yet."""
        return sum(
            1
            for held in self._of(account, has_paper=False)
            for order in held.pending
            if order.state in _UNSETTLED
        )

    def protects(self, order: VenueOrder) -> bool:
        """By our books; coins have no reduce-only orders. Of others, what sleeps and can only reduce."""
        ours = self.register.find(order.client_id)
        if ours is not None:
            return is_guard(ours)
        return order.is_reduce_only and order.trigger_price is not None

    async def cancel_all(self, account: str) -> None:
        """One request for all: what became of each is reported, or looked up."""
        await self.orders.cancel_all(account)

    async def cancel_paper(self, *, has_paper: bool) -> None:
        """Order by order: people's paper shares the account with the desk's."""
        failures: list[DeskError] = []
        for held in self._of("paper", has_paper=has_paper):
            for take_out in self._ways_out(held):
                try:
                    with suppress(Refused):  # it is over by now
                        await take_out()
                except (Transient, Conflict) as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    def _ways_out(self, held: Held) -> Sequence[Callable[[], Awaitable[None]]]:
        if is_person(held.trade.owner):
            return [partial(self._withdraw, held.trade)]
        return [partial(self.orders.cancel, one.id) for one in held.pending if one.state in _RESTING]

    async def _withdraw(self, trade: Trade) -> None:
        async with self.register.lock(trade.owner):
            await self.orders.withdraw(trade.id)

    async def close(self, closing: Closing, *, tries: int) -> None:
        """A reduce-only market order. It is guarded where there is a price to guard it by, at first; a kill
        that waits for a price is none."""
        held = self.register.get(closing.leg.trade_id)
        if held is None or self._is_closing(held):
            return
        quote = await self.quotes(closing.leg.account, closing.leg.instrument)
        seen = None if quote is None else quote.other(held.trade.direction.exit)
        intent = self._intent(held, min(closing.quantity, held.trade.quantity), seen, tries)
        if is_person(held.trade.owner):
            async with self.register.lock(held.trade.owner):
                await self.orders.place(held.trade, [intent])
        else:
            await self.orders.place(held.trade, [intent])

    async def slippage(self, closing: Closing) -> tuple[Decimal, Decimal | None] | None:
        """From the book and the gate's reckoning."""
        held, leg = self.register.get(closing.leg.trade_id), closing.leg
        quote = await self.quotes(leg.account, leg.instrument)
        if held is None or quote is None:
            return None
        price = quote.other(held.trade.direction.exit)
        effect = self.orders.effect(self._intent(held, closing.quantity, price, 0), held.trade, price)
        spread = (quote.ask - quote.bid) / 2 * closing.quantity
        nav = effect.notional / effect.nav_share if effect.nav_share else None
        return effect.slippage + spread, nav

    def _intent(self, held: Held, quantity: Decimal, seen: Decimal | None, tries: int) -> Intent:
        trade, number = held.trade, held.next_number
        engine, now = engine_of(trade.owner), self.clock.now()
        cause = f"{REASON}:{trade.id}:{number}"
        is_guarded = seen is not None and engine is not None and tries < GUARDED_TRIES
        usual = intent_of(
            trade,
            f"{trade.id}-{number}" if engine is None else intent_name(engine, cause),
            Purpose.CLOSE,
            quantity,
            now,
            account=account_of(held),
            reason=REASON,
            expires_at=now + GOOD_FOR,
        )
        return replace(
            usual,
            style=ExecutionStyle.GUARDED_MARKET if is_guarded else ExecutionStyle.SINGLE,
            decision_price=seen,
            max_slippage=MOST_SLIPPAGE if is_guarded else None,
        )

    def _is_closing(self, held: Held) -> bool:
        """Whether a close is on its way, or sent again by the road itself: another would sell twice."""
        sent = [one for one in held.orders if one.state is not OrderState.AWAITING_APPROVAL]
        closes = [one for one in sent if one.intent.purpose is Purpose.CLOSE]
        last = {one.intent.id: one for one in closes}.values()
        return any(not is_final(one.state) for one in closes) or any(
            one.state is OrderState.ABSENT and not is_late(one.intent, self.clock.now()) for one in last
        )

    def _of(self, account: str, *, has_paper: bool) -> Sequence[Held]:
        return [
            held
            for held in self.register.live()
            if account_of(held) == account and (has_paper or not is_person(held.trade.owner))
        ]


def _leg(held: Held) -> Leg:
    trade = held.trade
    return Leg(
        trade_id=trade.id,
        owner=trade.owner,
        account=account_of(held),
        instrument=trade.instrument,
        direction=trade.direction,
        quantity=trade.quantity,
    )
