"""`/move`: money of one engine becomes another's, at the same venue account."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from engines.market.number import joined, number
from engines.orders.subaccount import EngineName
from handlers.ui.admins import check_admin_chat
from handlers.ui.engine_words import account_name, engine_name, near_name, read_engine
from handlers.ui.keyboards import button
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Screen, Style
from ports.people import Action, Role
from services.moving import EngineFunds, Move

DEED: Final = "move"
GOOD_FOR: Final = timedelta(minutes=5)

_FROM: Final = frozenset({"from", "out", "of", "из", "с", "со", "от", "у"})
_TO: Final = frozenset({"to", "into", "for", "в", "во", "на", "к", "для", "->", "→", "=>", ">", "»"})
_ALL: Final = frozenset({"all", "everything", "max", "всё", "все"})
_IDLE: Final = frozenset({"usdt", "usd", "$", "tether", "move", "engine", "движок", "движка", "долларов"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAsked:
    """What was typed; `amount` is `None` for all that is free."""

    amount: Decimal | None
    source: EngineName
    target: EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsView:
    """What an engine has, in words."""

    engine: str
    account: str
    funds: EngineFunds


async def move(request: Request) -> Screen:
    """What was typed, in any order, shown before it is done: `100 from manual to trend`."""
    if not request.args.strip():
        return _teach(request)
    check_admin_chat(request)
    asked = read_move(request.args)
    planned = await request.services.moving.plan(asked.source, asked.target, asked.amount)
    token = await request.services.actions.offer(
        DEED,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"source": asked.source, "target": asked.target, "amount": str(planned.amount)},
        lasts=GOOD_FOR,
    )
    say = request.say
    go = button(say("Move {amount} USDT", amount=say.money(planned.amount)), "mo", token, style=Style.DANGER)
    html = say.render("move_confirm.html", **_values(request, planned))
    return Screen(html=html, keyboard=((go, button(say("Back"), "ql", "")),))


async def act(request: Request) -> Screen:
    """The confirmed transfer: `mo:token`. The deed is named by its token and booked before the token is
    claimed, so that neither a second tap nor a desk that died in between moves it twice or loses it."""
    check_admin_chat(request)
    action = await _claim(request, request.services.actions.look)
    if action.done_at is None and action.expires_at <= request.services.clock.wire_now():
        raise Refused("expired")
    source, target = (EngineName(action.params[end]) for end in ("source", "target"))
    amount = Decimal(action.params["amount"])
    request.about.update({"source": source, "target": target, "amount": str(amount)})
    moved = await request.services.moving.move(source, target, amount, name=action.token)
    with suppress(Refused):  # by another tap
        await _claim(request, request.services.actions.take)
    back = button(request.say("Engines"), "ql", "")
    return Screen(html=request.say.render("move_done.html", **_values(request, moved)), keyboard=((back,),))


async def _claim(request: Request, ask: Callable[..., Awaitable[Action]]) -> Action:
    """The deed behind the button, looked at or taken."""
    person, needed = request.person, Role.ADMIN
    return await ask(
        DEED, request.args, person_id=person.id, chat_id=request.chat_id, role=person.role, needed=needed
    )


def read_move(text: str) -> MoveAsked:
    """What somebody means. Raises `Refused`: `unclear_word` and `not_an_engine` (`text`, `forms`),
    `move_needs` what is missing."""
    amounts: list[Decimal | None] = []
    places: dict[str, EngineName] = {}
    unplaced: list[EngineName] = []
    place = ""
    for word in joined(text.replace("->", " -> ").replace("→", " → ")).casefold().split():
        if word in _FROM or word in _TO:
            place = "source" if word in _FROM else "target"
        elif word in _ALL:
            amounts.append(None)
        elif (engine := read_engine(word)) is not None:
            if place and place not in places:
                places[place] = engine
            else:
                unplaced.append(engine)
            place = ""
        elif (amount := number(word)) is not None and amount[1] in ("", "usdt", "usd", "$"):
            amounts.append(amount[0])
        elif word not in _IDLE:
            raise _unclear(text, word)
    for end in ("source", "target"):
        if end not in places and unplaced:
            places[end] = unplaced.pop(0)
    if len(places) < 2 or unplaced or len(amounts) != 1:
        raise Refused("move_needs")
    return MoveAsked(amount=amounts[0], source=places["source"], target=places["target"])


def _unclear(text: str, word: str) -> Refused:
    near = near_name(word)
    if near is None or near not in set(EngineName):
        return Refused("unclear_word", text=word[:24])
    meant = text.casefold().replace(word, near, 1)
    return Refused("not_an_engine", text=word[:24], forms=[(f"/move {meant}"[:40], f"move {meant}")])


def _teach(request: Request) -> Screen:
    moving = request.services.moving
    found = [one for engine in EngineName if (one := moving.funds(engine)) is not None]
    return Screen(html=request.say.render("move_teach.html", funds=[_view(request, one) for one in found]))


def _values(request: Request, planned: Move) -> dict[str, object]:
    giving, getting = _view(request, planned.source), _view(request, planned.target)
    return {"amount": planned.amount, "giving": giving, "getting": getting}


def _view(request: Request, funds: EngineFunds) -> FundsView:
    say = request.say
    return FundsView(
        engine=engine_name(funds.engine, say), account=account_name(funds.account, say), funds=funds
    )


COMMANDS = (
    Command(
        name="move",
        handler=move,
        topic=Topic.DESK,
        summary="Give an engine real money of another one",
        example="/move",
        words=("transfer", "перенос", "перенеси", "перевод"),
        role=Role.ADMIN,
        is_read_only=False,
    ),
)
BUTTONS = (ButtonRoute(prefix="mo", handler=act, role=Role.ADMIN, is_read_only=False),)
