"""From a typed order to a proposal, and the confirm step of one that would go by itself."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.orders.order import ExecutionStyle
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from handlers.ui.effect_words import effect_words
from handlers.ui.engine_words import engine_name
from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Request
from handlers.ui.trade_offer import price_of
from ports.errors import Refused
from ports.messages import Keyboard, Screen, Style
from ports.people import Action, Role
from services.ticketing.order_sentence import OrderAsked, levels_of, read_order, size_of, written_order
from services.ticketing.proposal import Draft, Route
from services.trading.completion import with_size
from services.trading.sentence import Of

ORDER: Final = "order"
"""The kind of the action behind an offer."""
KEPT_FOR: Final = timedelta(days=1)
GOOD_FOR: Final = timedelta(seconds=120)
MAY_MOVE: Final = Decimal("0.005")
ENGINE: Final = EngineName.MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a token stands for: the sentence, and the price that was quoted for it at `at` (wire time)."""

    token: str
    order: OrderAsked
    price: Decimal
    at: datetime


async def proposal_of(request: Request, order: OrderAsked, key: str) -> Proposal:
    """The proposal that a sentence with one name means. Raises `Refused`: `unknown_symbol`, `which_side`,
    `order_needs_size`, `order_size_in_usdt`, `order_level_price`, `nothing_to_reduce`."""
    instrument = await _instrument(request, order)
    held = _held(request, instrument) if order.is_reducing else None
    if order.is_reducing and held is None:
        raise Refused("nothing_to_reduce", pair=instrument.pair)
    side = _side(order, held)
    notional, quantity = size_of(order, Decimal(0) if held is None else held.quantity)
    price = order.asked.price or await price_of(request, instrument)
    stop, targets = levels_of(order.asked, instrument, _direction(side), price)
    is_limit = order.asked.price is not None
    usual = ExecutionStyle.SINGLE if is_limit else ExecutionStyle.GUARDED_MARKET
    return Proposal(
        key=key,
        engine=ENGINE,
        instrument=instrument,
        side=side,
        quantity=None if quantity is None else instrument.quantity(quantity),
        notional=notional,
        limit_price=instrument.price(order.asked.price) if order.asked.price is not None else None,
        style=order.style or usual,
        stop=None if order.is_reducing else stop,
        targets=() if order.is_reducing else targets,
        leverage=order.asked.leverage or Decimal(1),
        reduce_only=order.is_reducing,
        asked_by=request.person.id,
    )


async def offer_screen(request: Request, order: OrderAsked, draft: Draft, *, note: str = "") -> Screen:
    """What would go by itself, and the button that lets it go."""
    token = await request.services.actions.offer(
        ORDER,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"text": written_order(order), "price": str(draft.quote.best)},
        lasts=KEPT_FOR,
    )
    say = request.say
    html = say.render(
        "order_offer.html",
        d=draft,
        note=note,
        engine=engine_name(ENGINE, say),
        effect=effect_words(draft.effect, say),
        latch_line=latch_line(request.services, say) if not draft.intent.reduce_only else "",
    )
    return Screen(html=html, keyboard=_keyboard(request, order, token))


async def recall(request: Request, token: str) -> Offer:
    """The offer behind a token. Raises `Refused`: `offer_gone`, `not_yours`."""
    try:
        action = await request.services.actions.look(
            ORDER,
            token,
            person_id=request.person.id,
            chat_id=request.chat_id,
            role=request.person.role,
            needed=Role.TRADER,
        )
    except Refused as error:
        raise (Refused("offer_gone") if error.code == "expired" else error) from error
    return _offer(action)


def doubt(request: Request, offer: Offer, draft: Draft) -> str:
    """Why the person should look again before this goes; empty when there is no reason."""
    if request.services.clock.wire_now() - offer.at > GOOD_FOR:
        return "old"
    is_market = draft.proposal.limit_price is None
    return "moved" if is_market and abs(draft.quote.best / offer.price - 1) > MAY_MOVE else ""


def resized(order: OrderAsked, change: str) -> OrderAsked:
    """The same, half or twice as large. Raises `Refused("unknown_choice")` where that means nothing."""
    size = order.asked.size
    if size is None or size.of is not Of.MONEY or change not in ("less", "more"):
        raise Refused("unknown_choice")
    factor = Decimal("0.5") if change == "less" else Decimal(2)
    return replace(order, asked=with_size(order.asked, size.value * factor))


def _offer(action: Action) -> Offer:
    params: dict[str, Any] = action.params
    return Offer(
        token=action.token,
        order=read_order(params["text"]),
        price=Decimal(params["price"]),
        at=action.created_at,
    )


async def _instrument(request: Request, order: OrderAsked) -> Instrument:
    spot = await request.services.markets.resolve(order.asked.names[0])
    if order.wants_spot:
        return spot
    return await request.services.perps.instrument(spot.symbol) or spot


def _held(request: Request, instrument: Instrument) -> Trade | None:
    """The position of the desk's own hand in that market, real money first."""
    found = [
        held.trade
        for account in request.services.proposals.sub_accounts(ENGINE)
        for held in request.services.trades.register.live(account.owner)
        if held.trade.quantity and held.trade.instrument.key == instrument.key
    ]
    return found[0] if found else None


def _side(order: OrderAsked, held: Trade | None) -> Side:
    if held is not None:
        return held.direction.exit
    if order.side is None:
        raise Refused("which_side")
    return order.side


def _direction(side: Side) -> Direction:
    return Direction.LONG if side is Side.BUY else Direction.SHORT


def _keyboard(request: Request, order: OrderAsked, token: str) -> Keyboard:
    say, size = request.say, order.asked.size
    sizes = [button(say("Smaller"), "oe", token, "less"), button(say("Bigger"), "oe", token, "more")]
    can_resize = size is not None and size.of is Of.MONEY
    return (
        (button(say("Place"), "oo", token, style=Style.SUCCESS),),
        (*(sizes if can_resize else ()), button(say("Cancel"), "ox", token)),
    )


def is_by_itself(draft: Draft) -> bool:
    """Whether nobody would be asked: then whoever typed it confirms it first."""
    return draft.route is not Route.TICKET
