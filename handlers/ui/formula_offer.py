"""The echo of an alert on indicators, before it is armed: what was understood, and what it compares now."""

from dataclasses import replace
from datetime import timedelta

from engines.alerts.alert import Draft
from handlers.ui.formula_words import figures_of
from handlers.ui.keyboards import button
from handlers.ui.request import Request
from ports.errors import Refused
from ports.messages import Keyboard, Screen, Style
from ports.people import Action, Role
from services.alerting.closes import formula_in
from services.alerting.terms import written

OFFER = "alert"
KEPT_FOR = timedelta(days=1)
REST = timedelta(hours=4)


async def formula_offer(request: Request, draft: Draft) -> Screen:
    """The alert in words, with buttons that arm it. Raises as `Alerts.outlook` does."""
    say, formula = request.say, formula_in(draft)
    outlook = await request.services.alerts.outlook(draft)
    html = say.render(
        "alert_formula.html",
        alert=draft,
        compared=figures_of(say)(formula, outlook.readings, draft.instrument.tick),
        alert_history=outlook.history,
        closes_of=formula.timeframe.value,
        until=None if draft.expires_at is None else say.time(draft.expires_at),
    )
    return Screen(html=html, keyboard=_keyboard(request, draft, await _kept(request, draft)))


async def sentence_of(request: Request, token: str, choice: str) -> str:
    """The sentence that a button arms: `arm` as it was said, `other` the other way of repeating.

    Raises `Refused`: `offer_gone`, `not_yours`, `unknown_choice`.
    """
    action = await _recalled(request, token)
    if action.done_at is not None:
        raise Refused("offer_gone")
    if choice not in action.params:
        raise Refused("unknown_choice")
    return str(action.params[choice])


async def used_up(request: Request, token: str) -> None:
    """Nobody can press its buttons again; a second call changes nothing."""
    try:
        await request.services.actions.take(
            OFFER,
            token,
            person_id=request.person.id,
            chat_id=request.chat_id,
            role=request.person.role,
            needed=Role.VIEWER,
        )
    except Refused as error:
        if error.code != "done":
            raise


async def _recalled(request: Request, token: str) -> Action:
    try:
        return await request.services.actions.look(
            OFFER,
            token,
            person_id=request.person.id,
            chat_id=request.chat_id,
            role=request.person.role,
            needed=Role.VIEWER,
        )
    except Refused as error:
        raise (Refused("offer_gone") if error.code == "expired" else error) from error


async def _kept(request: Request, draft: Draft) -> str:
    other = replace(draft, rest=REST if draft.rest is None else None)
    return await request.services.actions.offer(
        OFFER,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"arm": written(draft), "other": written(other)},
        lasts=KEPT_FOR,
    )


def _keyboard(request: Request, draft: Draft, token: str) -> Keyboard:
    say = request.say
    other = say("Repeat {rest}", rest=say.age(REST.total_seconds())) if draft.rest is None else say("Once")
    return (
        (
            button(say("Arm"), "af", token, "arm", style=Style.SUCCESS),
            button(other, "af", token, "other"),
            button(say("Cancel"), "af", token, "no"),
        ),
    )
