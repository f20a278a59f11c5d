"""`/order`, `/orders` and `/desk`: the desk's own hand, what rests, and what is held."""

from dataclasses import dataclass, replace

from engines.orders.order import Order
from engines.orders.subaccount import engine_of, is_live, is_person
from engines.orders.trade import Trade
from handlers.ui.engine_words import engine_name
from handlers.ui.keyboards import button, rows
from handlers.ui.latch_view import latch_line
from handlers.ui.order_offer import (
    doubt,
    is_by_itself,
    offer_screen,
    proposal_of,
    recall,
    resized,
)
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Screen, Style
from ports.people import Role
from services.proposals import BY_HAND
from services.ticketing.order_sentence import OrderAsked, near_keyword, read_order, written_order
from services.ticketing.progress import is_cancelable
from services.trading.wish import Standing

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOrder:
    """An order of the desk that is not over, in words."""

    order: Order
    engine: str
    is_paper: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPosition:
    """Something the desk holds, in words."""

    standing: Standing
    engine: str
    is_paper: bool


async def order(request: Request) -> Screen | None:
    """What was typed, understood in any order: asked with a ticket, or shown first where it would go by
    itself."""
    asked = read_order(request.args)
    if not asked.asked.names:
        return Screen(html=request.say.render("order_teach.html"))
    if len(asked.asked.names) > 1:
        raise _unclear(request, asked.asked.names[1])
    return await _propose(request, asked, key=request.services.actions.new_token())


async def edit(request: Request) -> Screen | None:
    """Smaller and Bigger of an offer: `oe:<token>:less`."""
    token, _, change = request.args.partition(":")
    offer = await recall(request, token)
    return await _propose(request, resized(offer.order, change), key=token + change)


async def place(request: Request) -> Screen | None:
    """The Place button: shown anew when the offer is old or the price has moved, else sent, once. The message
    becomes the order's."""
    offer = await recall(request, request.args)
    proposal = await proposal_of(request, offer.order, offer.token)
    proposals = request.services.proposals
    draft = await proposals.draft(proposal)
    if note := doubt(request, offer, draft):
        return await offer_screen(request, offer.order, draft, note=note)
    await proposals.submit(proposal, {request.chat_id: request.message_id})
    return None


async def dismiss(request: Request) -> Screen:
    """The Cancel button of an offer."""
    await recall(request, request.args)
    return Screen(html=request.say.render("order_dismissed.html"))


async def orders(request: Request) -> Screen:
    """Orders of the desk that are not over, each with a button that takes it out of the book."""
    say = request.say
    listed = [
        DeskOrder(order=one, engine=_engine(request, held.trade), is_paper=not is_live(held.trade.owner))
        for held in request.services.trades.register.live()
        if not is_person(held.trade.owner)
        for one in held.pending
    ]
    html = latch_line(request.services, say) + say.render(
        "orders.html", orders=listed[:SHOWN], hidden=max(len(listed) - SHOWN, 0)
    )
    return Screen(
        html=html,
        keyboard=rows(
            (
                _cancel(request, number, one.order)
                for number, one in enumerate(listed[:SHOWN], start=1)
                if is_cancelable(one.order) and one.order.intent.purpose in BY_HAND
            )
        ),
    )


async def cancel(request: Request) -> Screen:
    """Take one order out of the book: `od:<order id>`."""
    await request.services.proposals.take_back(request.args, request.person)
    return await orders(request)


async def desk(request: Request) -> Screen:
    """What the desk's own accounts hold."""
    say, trades = request.say, request.services.trades
    held = [one.trade for one in trades.register.live() if not is_person(one.trade.owner)]
    await trades.prices.refresh({trade.instrument for trade in held})
    positions = [
        DeskPosition(
            standing=trades.standing(trade),
            engine=_engine(request, trade),
            is_paper=not is_live(trade.owner),
        )
        for trade in held
        if trade.quantity
    ]
    html = latch_line(request.services, say) + say.render("desk.html", positions=positions)
    buttons = [button(say("Orders"), "do", "orders"), button(say("Tickets"), "do", "tickets")]
    return Screen(html=html, keyboard=rows(buttons))


async def _propose(request: Request, asked: OrderAsked, *, key: str) -> Screen | None:
    try:
        proposal = await proposal_of(request, asked, key)
        draft = await request.services.proposals.draft(proposal)
    except Refused as error:
        raise _with_mends(request, error, asked) from error
    if is_by_itself(draft):
        return await offer_screen(request, asked, draft)
    await request.services.proposals.submit(proposal, {request.chat_id: request.message_id})
    return None


def _with_mends(request: Request, error: Refused, asked: OrderAsked) -> Refused:
    """The same refusal with sentences that would do, as buttons."""
    said, say = written_order(asked), request.say
    forms = {
        "which_side": [(say("Buy"), f"order {said} buy"), (say("Sell"), f"order {said} sell")],
        "order_needs_size": [(f"{size} USDT", f"order {said} {size}") for size in (100, 500, 1000)],
        "desk_holds_opposite": [
            (say("Only reduce"), f"order {written_order(replace(asked, is_reducing=True))}")
        ],
    }.get(error.code)
    return error if forms is None else Refused(error.code, **{**error.params, "forms": forms})


def _unclear(request: Request, word: str) -> Refused:
    """A word too many; what it may have been is a button."""
    near = near_keyword(word)
    meant = " ".join(near if one.casefold() == word else one for one in request.args.split() if near)
    forms = [(f"/order {meant}"[:30], f"order {meant}")] if meant else []
    return Refused("unclear_word", text=word[:24], forms=forms)


def _cancel(request: Request, number: int, one: Order) -> Button:
    return button(request.say("Cancel {n}", n=number), "od", one.id, style=Style.DANGER)


def _engine(request: Request, trade: Trade) -> str:
    engine = engine_of(trade.owner)
    return "" if engine is None else engine_name(engine, request.say)


COMMANDS = (
    Command(
        name="order",
        handler=order,
        topic=Topic.DESK,
        summary="An order of the desk's own hand: coin, side, USDT, limit, stop",
        example="/order btc buy 500 limit 86000 stop 85000",
        words=("заявка", "ордер"),
        role=Role.TRADER,
        is_read_only=False,
    ),
    Command(
        name="orders",
        handler=orders,
        topic=Topic.DESK,
        summary="Open orders of the desk",
        example="/orders",
        words=("заявки", "ордера"),
        role=Role.TRADER,
    ),
    Command(
        name="desk",
        handler=desk,
        topic=Topic.DESK,
        summary="What the desk's accounts hold",
        example="/desk",
        words=("деск", "стол"),
        role=Role.TRADER,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="oo", handler=place, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="oe", handler=edit, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="ox", handler=dismiss, role=Role.TRADER),
    ButtonRoute(prefix="od", handler=cancel, role=Role.TRADER, is_read_only=False),
)
