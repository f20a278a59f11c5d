"""One alert as a screen: what it waits for, how far that is, what can be done about it."""

from engines.alerts.alert import Alert
from engines.alerts.formula import Formula
from handlers.ui.formula_words import figures_of
from handlers.ui.keyboards import button
from handlers.ui.request import Request
from ports.messages import Button, Keyboard, Screen, Style
from services.alerting.standing import Standing


def view(request: Request, standing: Standing, *, news: str = "") -> Screen:
    """The screen of an alert. `news` is what just happened to it: `"armed"`, `"known"`, `"deleted"`…"""
    alert = standing.alert
    now = request.services.clock.now()
    until = None if alert.expires_at is None else request.say.time(alert.expires_at)
    html = request.say.render(
        "alert.html",
        alert=alert,
        standing=standing,
        news=news,
        until=until,
        is_resting=alert.rests_until is not None and alert.rests_until > now,
        figures=figures_of(request.say),
    )
    return Screen(html=html, keyboard=_keyboard(request, standing, is_new=news == "armed"))


def _keyboard(request: Request, standing: Standing, *, is_new: bool) -> Keyboard:
    say, alert = request.say, standing.alert
    chart = button(say("Chart"), "ch", alert.symbol, chart_frame(alert))
    everything = button(say("Alerts"), "al", 0)
    if not alert.state.is_live:
        label = say("Undo") if alert.state == "deleted" else say("Again")
        return ((button(label, "alr", alert.id, style=Style.PRIMARY), chart, everything),)
    if is_new:
        return ((button(say("Undo"), "ald", alert.id), chart, everything),)
    return ((mute_button(request, standing), button(say("Delete"), "ald", alert.id)), (chart, everything))


def chart_frame(alert: Alert) -> str:
    """The timeframe of the chart that shows best what it is about."""
    return alert.condition.timeframe.value if isinstance(alert.condition, Formula) else "1h"


def mute_button(request: Request, standing: Standing) -> Button:
    """Silences an alert, or lets it speak again."""
    say, alert = request.say, standing.alert
    if alert.state == "muted":
        return button(say("Unmute"), "alu", alert.id, style=Style.PRIMARY)
    return button(say("Mute"), "alm", alert.id)
