"""`/tickets` and the buttons of tickets: approve, smaller, paper, skip, cancel."""

from collections.abc import Awaitable, Callable

from handlers.ui.engine_words import engine_name
from handlers.ui.keyboards import button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.ticket_view import ticket_screen
from ports.errors import Refused
from ports.messages import Screen
from ports.people import Person, Role
from ports.tickets import TicketState
from services.ticketing.cards import TICKET
from services.ticketing.roll import Filed

SHOWN = 10

Deed = Callable[[str, Person], Awaitable[object]]


async def tickets(request: Request) -> Screen:
    """The latest with what became of them, or one that is named."""
    wanted = request.args.strip().removeprefix("#")
    service, say = request.services.tickets, request.say
    if wanted:
        return _one(request, service.get(wanted))
    latest = [service.cards.standing(filed) for filed in service.latest(SHOWN)]
    html = say.render(
        "tickets.html",
        tickets=latest,
        engines=[engine_name(one.intent.engine, say) for one in latest],
    )
    return Screen(html=html, keyboard=rows(button(one.ticket.id, "ot", one.ticket.id) for one in latest))


async def show(request: Request) -> Screen:
    """The button of one ticket: `ot:7F3K`."""
    return _one(request, request.services.tickets.get(request.args))


async def approve(request: Request) -> Screen | None:
    """Send it on its way. The cards themselves show what became of it."""
    return await _decide(request, request.services.tickets.approve, TicketState.APPROVED)


async def halve(request: Request) -> Screen | None:
    """Ask anew for half of it."""
    return await _decide(request, request.services.tickets.halve, TicketState.SMALLER)


async def to_paper(request: Request) -> Screen | None:
    """Execute it on the engine's paper account."""
    return await _decide(request, request.services.tickets.send_to_paper, TicketState.PAPER)


async def skip(request: Request) -> Screen | None:
    """Drop it."""
    return await _decide(request, request.services.tickets.skip, TicketState.SKIPPED)


async def cancel(request: Request) -> Screen | None:
    """Take its order out of the book."""
    return await _decide(request, request.services.tickets.cancel)


async def _decide(request: Request, deed: Deed, wanted: TicketState | None = None) -> Screen | None:
    """The deed of a button, authorised at the tap: the token says which ticket in which chat, the person
    whether they may. Who taps twice has decided once, and sees on the card that it is as `wanted`."""
    person = request.person
    try:
        action = await request.services.actions.look(
            TICKET,
            request.args,
            person_id=person.id,
            chat_id=request.chat_id,
            role=person.role,
            needed=Role.TRADER,
        )
    except Refused as error:
        raise (Refused("offer_gone") if error.code == "expired" else error) from error
    ticket_id = request.about["ticket"] = str(action.params["ticket"])
    if request.message_id is not None:
        request.services.tickets.cards.tapped(ticket_id, request.chat_id, request.message_id)
    try:
        await deed(ticket_id, person)
    except Refused as error:
        is_theirs = error.code == "ticket_over" and error.params.get("by_id") == person.id
        if not is_theirs or error.params.get("state") not in (wanted, TicketState.OPEN):
            raise
    return None


def _one(request: Request, filed: Filed) -> Screen:
    """One ticket to look at; it is decided where it was asked."""
    standing = request.services.tickets.cards.standing(filed)
    screen = ticket_screen(request.say, standing, "", may_approve=False)
    return Screen(html=screen.html, keyboard=((button(request.say("Tickets"), "do", "tickets"),),))


COMMANDS = (
    Command(
        name="tickets",
        handler=tickets,
        topic=Topic.DESK,
        summary="The latest tickets and what became of them",
        example="/tickets",
        words=("ticket", "approvals", "тикеты", "тикет"),
        role=Role.TRADER,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="oa", handler=approve, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="oh", handler=halve, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="op", handler=to_paper, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="ok", handler=skip, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="oc", handler=cancel, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="ot", handler=show, role=Role.TRADER),
)
