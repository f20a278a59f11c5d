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
    return await _decide(request, "approve", request.services.tickets.approve)


async def halve(request: Request) -> Screen | None:
    """Ask anew for half of it."""
    return await _decide(request, "halve", request.services.tickets.halve)


async def to_paper(request: Request) -> Screen | None:
    """Execute it on the engine's paper account."""
    return await _decide(request, "send_to_paper", request.services.tickets.send_to_paper)


async def skip(request: Request) -> Screen | None:
    """Drop it."""
    return await _decide(request, "skip", request.services.tickets.skip)


async def cancel(request: Request) -> Screen | None:
    """Take its order out of the book."""
    return await _decide(request, "cancel", request.services.tickets.cancel)


async def _decide(request: Request, name: str, deed: Deed) -> Screen | None:
    """The deed of a button, authorised at the tap: the token says which ticket in which chat, the person
    whether they may. What was done is kept by the ticket's name, which the token hides."""
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
    ticket_id = str(action.params["ticket"])
    if request.message_id is not None:
        request.services.tickets.cards.tapped(ticket_id, request.chat_id, request.message_id)
    await deed(ticket_id, person)
    request.services.audit.note(person.id, request.chat_id, f"ticket {name}", "done", ticket=ticket_id)
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
