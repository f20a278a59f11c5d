"""`/alerts`: the list with distances, what can be done to each, and the message when one fires."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from handlers.ui.alert_view import chart_frame, view
from handlers.ui.formula_words import figures_of
from handlers.ui.keyboards import again, button, rows
from handlers.ui.request import Request, Services
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Keyboard, Screen, Style
from ports.people import Person
from services.alerting.standing import Standing, Told

ON_A_PAGE = 9
_SHOW_AGE_AFTER_S = 10.0


async def alerts(request: Request) -> Screen:
    """All of the person's alerts; one by its number, or those of a coin."""
    asked = request.args.strip().lstrip("#")
    if asked.isdecimal():
        return await show(replace(request, args=asked))
    standings = request.services.alerts.list(request.person)
    if asked:
        symbol = (await request.services.markets.resolve(asked)).symbol
        standings = [one for one in standings if one.alert.symbol == symbol]
    return _list(request, standings, 0)


async def page(request: Request) -> Screen:
    """`al:<page>`."""
    standings = request.services.alerts.list(request.person)
    return _list(request, standings, int(request.args) if request.args.isdecimal() else 0)


def _list(request: Request, standings: Sequence[Standing], number: int) -> Screen:
    say = request.say
    pages = max(-(-len(standings) // ON_A_PAGE), 1)
    number = min(number, pages - 1)
    shown = standings[number * ON_A_PAGE : (number + 1) * ON_A_PAGE]
    html = say.render(
        "alerts.html",
        standings=shown,
        count=len(standings),
        page=number + 1,
        pages=pages,
        figures=figures_of(say),
    )
    return Screen(html=html, keyboard=_keyboard(request, standings, shown, number, pages))


def _keyboard(
    request: Request, standings: Sequence[Standing], shown: Sequence[Standing], number: int, pages: int
) -> Keyboard:
    say = request.say
    each = [button(f"#{one.alert.id} {one.alert.instrument.base}"[:20], "al1", one.alert.id) for one in shown]
    turns = [(say("◀ Back"), number - 1), (say("Next ▶"), number + 1)]
    paging = tuple(button(label, "al", to) for label, to in turns if 0 <= to < pages)
    last = [button(say("New"), "do", "alert", style=Style.PRIMARY)]
    if standings:
        newest = max(one.alert.id for one in standings)
        last.append(button(say("Delete all"), "alx", newest, style=Style.DANGER))
    return (*rows(each), *((paging,) if paging else ()), tuple(last))


async def show(request: Request) -> Screen:
    """One alert."""
    return view(request, await request.services.alerts.get(request.person, _number(request)))


async def mute(request: Request) -> Screen:
    """Silence one."""
    standing = await request.services.alerts.mute(request.person, _number(request))
    return view(request, standing, news="muted")


async def unmute(request: Request) -> Screen:
    """Let one speak again."""
    standing = await request.services.alerts.unmute(request.person, _number(request))
    return view(request, standing, news="unmuted")


async def delete(request: Request) -> Screen:
    """Delete one; the screen has the way back."""
    standing = await request.services.alerts.delete(request.person, _number(request))
    return view(request, standing, news="deleted")


async def restore(request: Request) -> Screen:
    """Bring a deleted or a fired one back."""
    standing = await request.services.alerts.restore(request.person, _number(request))
    return view(request, standing, news="restored")


async def ask_delete_all(request: Request) -> Screen:
    """Everything up to the newest one that was seen is to go: sure?"""
    upto, say = _number(request), request.say
    doomed = [one for one in request.services.alerts.list(request.person) if one.alert.id <= upto]
    html = say.render("alerts_delete.html", count=len(doomed))
    yes = button(say("Delete all"), "aly", upto, style=Style.DANGER)
    return Screen(html=html, keyboard=((yes, button(say("Keep"), "al", 0)),))


async def delete_all(request: Request) -> Screen:
    """Delete them."""
    count = await request.services.alerts.delete_all(request.person, upto=_number(request))
    html = request.say.render("alerts_deleted.html", count=count)
    return Screen(html=html, keyboard=((button(request.say("Alerts"), "al", 0),),))


def _number(request: Request) -> int:
    if not request.args.isdecimal() or len(request.args) > 18:
        raise Refused("alert_gone")
    return int(request.args)


def fired_view_of(services: Callable[[], Services]) -> Callable[[Person, Told], Screen]:
    """The words for an alert that fired; services come late because alerts are one of them."""
    return lambda person, told: fired(services(), person, told)


def fired(services: Services, person: Person, told: Told) -> Screen:
    """What happened, at what price, when, and what can be done now."""
    say, alert = services.rendering.speech(person.language, person.zone), told.alert
    html = say.render(
        "alert_fired.html",
        alert=alert,
        told=told,
        tick=alert.instrument.tick,
        when=say.time(told.at, "d MMM HH:mm:ss"),
        has_age=told.age_s > _SHOW_AGE_AFTER_S,
        figures=figures_of(say),
    )
    buttons = [button(say("Chart"), "ch", alert.symbol, chart_frame(alert), style=Style.PRIMARY)]
    if alert.rest is None:
        buttons.append(button(say("Again"), "alr", alert.id))
    else:
        buttons.append(button(say("Mute"), "alm", alert.id))
    trade = services.table.commands.get("trade")
    if trade is not None and person.role.covers(trade.role):
        pressed = again(f"trade {alert.symbol}", say("Trade"))
        buttons += [pressed] if pressed is not None else []
    return Screen(html=html, keyboard=rows(buttons))


COMMANDS = (
    Command(
        name="alerts",
        handler=alerts,
        topic=Topic.MARKETS,
        summary="Your alerts and how far they are",
        example="/alerts",
        words=("алерты", "alarms", "оповещения", "уведомления"),
    ),
)
BUTTONS = (
    ButtonRoute(prefix="al", handler=page),
    ButtonRoute(prefix="al1", handler=show),
    ButtonRoute(prefix="alm", handler=mute, is_read_only=False),
    ButtonRoute(prefix="alu", handler=unmute, is_read_only=False),
    ButtonRoute(prefix="ald", handler=delete, is_read_only=False),
    ButtonRoute(prefix="alr", handler=restore, is_read_only=False),
    ButtonRoute(prefix="alx", handler=ask_delete_all),
    ButtonRoute(prefix="aly", handler=delete_all, is_read_only=False),
)
