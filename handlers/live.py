"""`/live`: which engines trade real money, and the way to switch it on and off."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engines.market.number import number
from engines.orders.subaccount import EngineName
from handlers.ui.admins import admin_chats, check_admin_chat
from handlers.ui.engine_words import account_name, engine_name, near_name, read_engine
from handlers.ui.keyboards import button, rows
from handlers.ui.latch_view import latch_line, moment
from handlers.ui.request import Request, Services
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.ticket_view import countdown
from ports.desk_state import Approval, Policy
from ports.errors import Refused
from ports.messages import Button, Keyboard, OutboundMessage, Priority, Screen, Style
from ports.people import Role
from services.moving import EngineFunds
from services.policies import check_limits
from services.speech import Speech

AUTO: Final = "auto"
"""The kind of the action behind the button that sets limits."""
_ON: Final = frozenset({"on", "live", "вкл", "включить", "включи"})
_OFF: Final = frozenset({"off", "paper", "выкл", "выключить", "выключи", "бумага", "stop", "стоп"})
_ASK: Final = frozenset({"ask", "спрашивать", "спрашивай", "тикет", "тикеты"})
_AUTO: Final = frozenset({"auto", "авто", "автомат"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """A policy in words. `problem` is the code of why its account is not open."""

    policy: Policy
    engine: str
    account: str
    cools: str
    since: str
    by: str
    spent: Decimal
    is_unwritten: bool
    funds: EngineFunds | None
    is_open: bool
    is_monitored: bool
    problem: str

    @property
    def is_cooling(self) -> bool:
        """Whether real money has not begun yet."""
        return bool(self.cools)


async def live(request: Request) -> Screen:
    """All engines; one of them; or a change of one: `manual on`, `manual off`, `manual auto 200 1000`."""
    words = request.args.split()
    if not words:
        return _overview(request)
    if (engine := _typed(words)) is not None:
        return await _confirm(request, engine)
    engine = read_engine(words[0])
    if engine is None:
        raise _unknown(words)
    return await _change(request, engine, [word.casefold() for word in words[1:]])


async def show(request: Request) -> Screen:
    """One engine, or all of them: `ql:manual`, `ql:`."""
    engine = read_engine(request.args)
    return _overview(request) if engine is None else _one(request, engine)


async def switch(request: Request) -> Screen:
    """A button of an engine's screen: `qs:manual:on`."""
    name, _, what = request.args.partition(":")
    engine = read_engine(name)
    if engine is None:
        raise Refused("not_an_engine", text=name[:24])
    return await _change(request, engine, [what])


async def set_limits(request: Request) -> Screen:
    """The button that lets orders below limits go by themselves; once."""
    check_admin_chat(request)
    person = request.person
    action = await request.services.actions.take(
        AUTO,
        request.args,
        person_id=person.id,
        chat_id=request.chat_id,
        role=person.role,
        needed=Role.ADMIN,
    )
    engine = EngineName(action.params["engine"])
    await request.services.policies.automate(
        engine,
        most_order=Decimal(action.params["order"]),
        most_day=Decimal(action.params["day"]),
        by=person.id,
    )
    return _one(request, engine)


async def _change(request: Request, engine: EngineName, words: list[str]) -> Screen:
    policies, by = request.services.policies, request.person.id
    if not words:
        return _one(request, engine)
    if len(words) > 1 and words[0] not in _AUTO:
        raise Refused("unclear_word", text=words[1][:24])
    if words[0] in _OFF:
        if not request.may(Role.ADMIN):
            raise Refused("not_allowed")
        await policies.go_paper(engine, by=by)
        return _one(request, engine)
    check_admin_chat(request)
    if words[0] in _ON:
        return await _arm(request, engine)
    if words[0] in _ASK:
        await policies.ask(engine, by=by)
        return _one(request, engine)
    if words[0] in _AUTO:
        return await _offer_limits(request, engine, words[1:])
    raise Refused("unclear_word", text=words[0][:24])


def _unknown(words: list[str]) -> Refused:
    """No engine of that name; the nearest is a button, save for a confirmation, which is typed."""
    near = near_name(words[0])
    meant = " ".join(["live", near, *words[1:]]) if near in set(EngineName) else ""
    forms = [(f"/{meant}"[:30], meant)] if meant else []
    return Refused("not_an_engine", text=" ".join(words)[:24], forms=forms)


async def _arm(request: Request, engine: EngineName) -> Screen:
    """The question whose answer has to be typed."""
    policy = await request.services.policies.arm(engine, by=request.person.id, chat_id=request.chat_id)
    say = request.say
    rights = request.services.policies.accounts.rights(policy.account)
    html = say.render(
        "live_confirm.html",
        engine=engine_name(engine, say),
        phrase=_phrase(engine),
        account=account_name(policy.account, say),
        wait=_cooling(request),
        is_bound=rights is None or rights.is_bound_to_ip,
    )
    return Screen(html=html, keyboard=((button(say("Back"), "ql", engine.value),),))


async def _confirm(request: Request, engine: EngineName) -> Screen:
    """The typed confirmation."""
    check_admin_chat(request)
    await request.services.policies.go_live(engine, by=request.person.id, chat_id=request.chat_id)
    return _one(request, engine)


async def _offer_limits(request: Request, engine: EngineName, words: list[str]) -> Screen:
    amounts = [number(word) for word in words]
    if len(amounts) != 2 or any(one is None for one in amounts):
        raise Refused("auto_needs_limits", engine=engine.value)
    most_order, most_day = (one[0] for one in amounts if one is not None)
    check_limits(most_order, most_day)
    if request.services.policies.of(engine).approval is Approval.PAPER:
        raise Refused("not_live", engine=engine)
    say = request.say
    token = await request.services.actions.offer(
        AUTO,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"engine": engine.value, "order": str(most_order), "day": str(most_day)},
    )
    html = say.render(
        "live_auto.html", engine=engine_name(engine, say), most_order=most_order, most_day=most_day
    )
    keyboard = (
        (button(say("Let them go"), "qm", token, style=Style.DANGER),),
        (button(say("Back"), "ql", engine.value),),
    )
    return Screen(html=html, keyboard=keyboard)


def _typed(words: list[str]) -> EngineName | None:
    """The engine whose confirmation this is: `LIVE MANUAL`, or `MANUAL` behind the command itself. Letter by
    letter, in capitals: that is what makes it a confirmation."""
    phrase = words[1:] if words[0] == "LIVE" else words
    return next((one for one in EngineName if phrase == [one.value.upper()]), None)


def _phrase(engine: EngineName) -> str:
    return f"LIVE {engine.value.upper()}"


def _overview(request: Request) -> Screen:
    say, policies = request.say, request.services.policies
    views = [policy_view(policy, request.services, say) for policy in policies.all()]
    html = latch_line(request.services, say) + say.render("live.html", views=views)
    buttons: list[Button] = [button(one.engine, "ql", one.policy.engine.value) for one in views]
    return Screen(html=html, keyboard=rows(buttons))


def _one(request: Request, engine: EngineName) -> Screen:
    say = request.say
    view = policy_view(request.services.policies.of(engine), request.services, say)
    html = latch_line(request.services, say) + say.render(
        "live_engine.html", v=view, name=engine.value, wait=_cooling(request)
    )
    return Screen(html=html, keyboard=_keyboard(request, view))


def policy_view(policy: Policy, services: Services, say: Speech) -> PolicyView:
    """A policy for templates."""
    policies, person = services.policies, None
    if policy.changed_by is not None:
        person = services.people.get(policy.changed_by)
    cools_for = policies.cools_for(policy)
    return PolicyView(
        policy=policy,
        engine=engine_name(policy.engine, say),
        account=account_name(policy.account, say),
        cools=countdown(cools_for) if cools_for > 0 else "",
        since="" if policy.changed_at is None else moment(policy.changed_at, services, say),
        by="" if person is None else person.name,
        spent=services.proposals.spending.today(policy.engine),
        funds=services.moving.funds(policy.engine),
        is_unwritten=policies.is_unwritten(policy.engine),
        is_open=policies.accounts.is_open(policy.account),
        is_monitored=policies.accounts.is_monitored(policy.account),
        problem=policies.accounts.problem(policy.account),
    )


def _keyboard(request: Request, view: PolicyView) -> Keyboard:
    say, name = request.say, view.policy.engine.value
    back = button(say("Back"), "ql", "")
    if not request.may(Role.ADMIN):
        return ((back,),)
    if view.policy.approval is Approval.PAPER:
        return ((button(say("Real money…"), "qs", name, "on", style=Style.DANGER), back),)
    off = button(say("Back to paper"), "qs", name, "off", style=Style.PRIMARY)
    if view.is_cooling:
        return ((off, back),)
    ask = [button(say("Always ask"), "qs", name, "ask")] if view.policy.approval is Approval.AUTO else []
    return ((off, *ask, back),)


def _cooling(request: Request) -> str:
    """How long the cooling-off lasts."""
    return request.say.age(request.services.policies.cooling.total_seconds())


def news_of(services: Callable[[], Services]) -> Callable[[Policy], Awaitable[None]]:
    """What tells admins; services come late because policies are one of them."""

    async def tell(policy: Policy) -> None:
        await _tell(services(), policy)

    return tell


async def _tell(services: Services, policy: Policy) -> None:
    """One push to the admins: how an engine trades from now on."""
    now = services.clock.wire_now()
    state = "cools" if services.policies.cools_for(policy) > 0 else policy.approval.value
    event = f"{policy.engine}:{policy.changed_at}:{state}"
    if state == "cools" and services.admin_chat is not None:
        return  # it was switched on there, and the answer says so
    for chat_id, say in admin_chats(services):
        view = policy_view(policy, services, say)
        html = say.render("live_news.html", v=view)
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=html, keyboard=((button(view.engine, "ql", policy.engine.value),),)),
                priority=Priority.APPROVAL,
                dedupe=f"live:{event}:{chat_id}",
                created_at=now,
            )
        )


COMMANDS = (
    Command(
        name="live",
        handler=live,
        topic=Topic.DESK,
        summary="Which engines trade real money; switch it on and off",
        example="/live manual on",
        words=("real", "реал", "боевой"),
        role=Role.TRADER,
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="ql", handler=show, role=Role.TRADER),
    ButtonRoute(prefix="qs", handler=switch, role=Role.ADMIN, is_read_only=False),
    ButtonRoute(prefix="qm", handler=set_limits, role=Role.ADMIN, is_read_only=False),
)
