"""`/reconcile`: the books of the desk next to those of its venues, and what to do about what differs."""

from datetime import timedelta
from typing import Final

from engines.orders.reconcile import Difference, DifferenceKind
from handlers.ui.engine_words import ACCOUNTS, account_name, near_name
from handlers.ui.keyboards import button, fits, rows
from handlers.ui.reconcile_view import amount, difference_name, reconcile_view, signed
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Role
from services.reconciling.comparison import Comparison
from services.reconciling.mending import may_close

DEED: Final = "reconcile"
GOOD_FOR: Final = timedelta(minutes=5)
MOST_BUTTONS: Final = 8
ADOPT, CLOSE, IGNORE = "adopt", "close", "ignore"


async def reconcile(request: Request) -> Screen:
    """Every open account, or the one that is named: `/reconcile gate`, the button `ra:gate`."""
    service, name = request.services.reconciliation, request.args.strip().casefold()
    if name and name not in ACCOUNTS:
        raise _unknown(name)
    accounts = [name] if name else service.accounts()
    seen = [await service.compare(one) for one in accounts]
    return _card(request, seen)


def _unknown(name: str) -> Refused:
    """No venue of that name; the nearest is a button."""
    near = near_name(name)
    forms = [(f"/reconcile {near}", f"reconcile {near}")] if near in ACCOUNTS else []
    return Refused("unknown_venue", text=name[:24], forms=forms)


async def show(request: Request) -> Screen:
    """One difference, and what can be done about it: `rd:bybit:balance:USDT`."""
    seen, difference = _found(request, request.args)
    say = request.say
    html = say.render("reconcile_difference.html", **_values(request, seen, difference))
    deeds = [
        button(_label(request, deed, difference), "rq", deed, seen.account, difference.key)
        for deed in _deeds(difference)
    ]
    back = button(say("Back"), "ra", seen.account)
    return Screen(html=html, keyboard=(tuple(deeds), (back,)))


async def ask(request: Request) -> Screen:
    """The one confirmation of a deed: `rq:adopt:bybit:balance:USDT`."""
    deed, _, rest = request.args.partition(":")
    seen, difference = _found(request, rest)
    if deed not in _deeds(difference):
        raise Refused("unknown_choice")
    say = request.say
    token = await request.services.actions.offer(
        DEED,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"deed": deed, "account": seen.account, "key": difference.key, "state": difference.state},
        lasts=GOOD_FOR,
    )
    html = say.render("reconcile_confirm.html", deed=deed, **_values(request, seen, difference))
    go = button(_label(request, deed, difference), "rx", token, style=Style.DANGER)
    return Screen(html=html, keyboard=((go, button(say("Back"), "rd", seen.account, difference.key)),))


async def act(request: Request) -> Screen:
    """The confirmed deed, once: `rx:token`; how the account stands then."""
    person, services = request.person, request.services
    action = await services.actions.take(
        DEED,
        request.args,
        person_id=person.id,
        chat_id=request.chat_id,
        role=person.role,
        needed=Role.ADMIN,
    )
    params = {name: str(value) for name, value in action.params.items()}
    deed = params.pop("deed")
    service = services.reconciliation
    deeds = {ADOPT: service.adopt, CLOSE: service.close, IGNORE: service.ignore}
    request.about.update({"mend": deed, **params})
    return _card(request, [await deeds[deed](**params)])


def _card(request: Request, seen: list[Comparison]) -> Screen:
    say, latches = request.say, request.services.latches
    html = say.render("reconcile.html", books=[reconcile_view(one, say) for one in seen])
    differing = [
        button(f"{difference_name(one, each, say)[:28]}", "rd", one.account, each.key)
        for one in seen
        if not one.is_monitored
        for each in one.differences
        if fits("rq", ADOPT, one.account, each.key)
    ]
    cleared = [
        button(say("Clear {name}…", name=account_name(one.account, say)), "kr", f"mismatch:{one.account}")
        for one in seen
        if one.is_sure and not one.mismatches and latches.get(f"mismatch:{one.account}") is not None
    ]
    again = button(say("Refresh"), "ra", seen[0].account if len(seen) == 1 else "")
    return Screen(html=html, keyboard=_keyboard(differing, cleared, again))


def _keyboard(differing: list[Button], cleared: list[Button], again: Button) -> Keyboard:
    return (*rows(differing[:MOST_BUTTONS], width=2), *rows(cleared, width=2), (again,))


def _found(request: Request, named: str) -> tuple[Comparison, Difference]:
    """The difference that a button names, as it was found last. Raises `Refused("difference_changed")`."""
    account, _, key = named.partition(":")
    seen = request.services.reconciliation.latest(account)
    difference = None if seen is None else seen.get(key)
    if seen is None or difference is None:
        raise Refused("difference_changed")
    return seen, difference


def _deeds(difference: Difference) -> list[str]:
    """What makes sense for it."""
    if difference.kind is DifferenceKind.ORDER:
        return [CLOSE, IGNORE]
    is_closable = difference.kind is DifferenceKind.POSITION and may_close(difference)
    return [ADOPT, *([CLOSE] if is_closable else []), IGNORE]


def _label(request: Request, deed: str, difference: Difference) -> str:
    say = request.say
    if deed == CLOSE and difference.kind is DifferenceKind.ORDER:
        return say("Cancel it")
    return {ADOPT: say("Adopt"), CLOSE: say("Close it"), IGNORE: say("Ignore")}[deed]


def _values(request: Request, seen: Comparison, difference: Difference) -> dict[str, object]:
    say = request.say
    return {
        "kind": difference.kind.value,
        "where": account_name(seen.account, say),
        "what": difference_name(seen, difference, say),
        "ours": amount(difference.ours, say),
        "theirs": amount(difference.theirs, say),
        "gap": signed(difference.gap, say),
    }


COMMANDS = (
    Command(
        name="reconcile",
        handler=reconcile,
        topic=Topic.DESK,
        summary="Compare the books with the venues",
        example="/reconcile",
        words=("сверка", "сверь", "compare"),
        role=Role.ADMIN,
        action="typing",
    ),
)
BUTTONS = (
    ButtonRoute(prefix="ra", handler=reconcile, role=Role.ADMIN),
    ButtonRoute(prefix="rd", handler=show, role=Role.ADMIN),
    ButtonRoute(prefix="rq", handler=ask, role=Role.ADMIN),
    ButtonRoute(prefix="rx", handler=act, role=Role.ADMIN, is_read_only=False),
)
