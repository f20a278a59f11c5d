"""`/start`: a new person chooses language and risk in two taps, gets the cockpit, and tells whether tables
arrive."""

from dataclasses import replace

from handlers.ui.keyboards import button, rows
from handlers.ui.request import Request
from handlers.ui.rich import ANSWERS, probe
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Screen, Style
from ports.people import RiskProfile, Role
from services.speech import LANGUAGES


async def start(request: Request) -> Screen | None:
    """The first question, or a fresh cockpit for somebody who has answered."""
    if not request.is_private:
        return Screen(html=request.say.render("start_group.html"))
    if not request.person.is_onboarded:
        return _language(request)
    await request.services.cockpits.open(request.person)
    return None


async def choose(request: Request) -> Screen | None:
    """Answers: `on:lang:ru`, then `on:risk:balanced`, then `on:rich:yes`."""
    what, _, value = request.args.partition(":")
    if what == "lang" and value in LANGUAGES:
        return await _chosen_language(request, value)
    if what == "risk" and value in set(RiskProfile):
        return await _chosen_risk(request, RiskProfile(value))
    if what == "rich" and value in ANSWERS:
        return await _told_of_tables(request, ANSWERS[value])
    raise Refused("unknown_choice")


def _language(request: Request) -> Screen:
    suggested = request.person.language
    buttons = [
        button(name, "on", "lang", code, style=Style.PRIMARY if code == suggested else Style.PLAIN)
        for code, name in LANGUAGES.items()
    ]
    return Screen(html=request.say.render("start_language.html"), keyboard=rows(buttons))


async def _chosen_language(request: Request, code: str) -> Screen:
    services = request.services
    person = await services.people.change(request.person.id, language=code)
    say = services.rendering.speech(person.language, person.zone)
    buttons = [
        button(say("Cautious"), "on", "risk", RiskProfile.CAUTIOUS.value),
        button(say("Balanced"), "on", "risk", RiskProfile.BALANCED.value, style=Style.PRIMARY),
        button(say("Bold"), "on", "risk", RiskProfile.BOLD.value),
    ]
    return Screen(html=say.render("start_risk.html"), keyboard=rows(buttons))


async def _chosen_risk(request: Request, risk: RiskProfile) -> Screen:
    services = request.services
    person = await services.people.change(request.person.id, risk=risk, is_onboarded=True)
    if person.cockpit_message_id is None:
        await services.cockpits.open(person)
    answered = replace(request, person=person)
    if person.sees_rich is not None or not request.is_private:
        return welcome(answered)
    return await probe(answered, "on", "rich", otherwise=welcome(answered))


async def _told_of_tables(request: Request, sees_rich: bool) -> Screen:
    person = await request.services.people.change(request.person.id, sees_rich=sees_rich)
    return welcome(replace(request, person=person))


def welcome(request: Request) -> Screen:
    """What to try first."""
    say = request.say
    trade = [button(say("Trade BTC"), "tr", "BTCUSDT")] if request.may(Role.TRADER) else []
    keyboard = (
        (
            button(say("Price BTC"), "px", "BTCUSDT", style=Style.PRIMARY),
            button(say("Chart BTC"), "ch", "BTCUSDT", "1h"),
            button(say("Top"), "top", "v", 10),
        ),
        (*trade, button(say("Settings"), "set"), button(say("Help"), "h")),
    )
    return Screen(html=say.render("start_welcome.html", person=request.person), keyboard=keyboard)


COMMANDS = (
    Command(
        name="start",
        handler=start,
        topic=Topic.YOU,
        summary="Begin, or a fresh cockpit",
        example="/start",
        words=("begin", "начать", "старт", "cockpit", "пульт"),
    ),
)
BUTTONS = (ButtonRoute(prefix="on", handler=choose, is_read_only=False),)
