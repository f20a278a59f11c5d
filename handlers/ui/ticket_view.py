"""A ticket on screen: the question, and then its order to the last fill."""

from collections.abc import Callable

from handlers.ui.effect_words import effect_words
from handlers.ui.engine_words import engine_name
from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Services
from ports.messages import Button, Keyboard, Screen, Style
from services.speech import Speech
from services.ticketing.audience import Reader
from services.ticketing.progress import is_cancelable
from services.ticketing.standing import TicketStanding


def ticket_view_of(services: Callable[[], Services]) -> Callable[[TicketStanding, Reader, str], Screen]:
    """The view that cards are drawn with; services come late because tickets are one of them."""

    def view(standing: TicketStanding, reader: Reader, token: str) -> Screen:
        say = services().rendering.speech(reader.language, reader.zone)
        line = "" if standing.latch is None else latch_line(services(), say)
        return ticket_screen(say, standing, token, may_approve=reader.may_approve, latch_line=line)

    return view


def ticket_screen(
    say: Speech, standing: TicketStanding, token: str, *, may_approve: bool, latch_line: str = ""
) -> Screen:
    """One ticket as it stands; `token` is behind its buttons, none are shown without."""
    html = say.render(
        "ticket_card.html",
        s=standing,
        engine=engine_name(standing.intent.engine, say),
        left=countdown(standing.left_s),
        effect=effect_words(standing.ticket.effect, say),
        latch_line=latch_line,
    )
    return Screen(html=html, keyboard=_keyboard(say, standing, token, may_approve) if token else ())


def countdown(seconds: float) -> str:
    """Minutes and seconds: `1:52`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02}"


def _keyboard(say: Speech, standing: TicketStanding, token: str, may_approve: bool) -> Keyboard:
    if standing.is_open:
        paper = [] if standing.is_paper else [button(say("Paper"), "op", token)]
        others: list[Button] = [button(say("Smaller"), "oh", token), *paper, button(say("Skip"), "ok", token)]
        approve = button(say("Approve"), "oa", token, style=Style.SUCCESS)
        return ((approve,), tuple(others)) if may_approve else (tuple(others),)
    if standing.is_sent and any(map(is_cancelable, standing.orders)):
        return ((button(say("Cancel order"), "oc", token, style=Style.DANGER),),)
    return ()
