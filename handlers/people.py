"""`/claim`, `/users` and the buttons by which admins let people in."""

from handlers.ui.admins import admin_chats
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request, Services
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, OutboundMessage, Priority, Screen, Style
from ports.people import Person, Role
from services.people import NOTICE_LASTS, shown_name
from services.speech import Speech

ADMIT = "admit"


async def claim(request: Request) -> Screen:
    """For somebody who has a role already; strangers' claims are heard at the door (`bot.middlewares`)."""
    return Screen(
        html=request.say.render("claim_known.html", role=role_name(request.person.role, request.say))
    )


async def users(request: Request) -> Screen:
    """Everybody known; a button each."""
    people = request.services.people.all()
    html = request.say.render(
        "users.html", rows=[(person, role_name(person.role, request.say)) for person in people]
    )
    buttons = [button(person.name[:20], "u", person.id) for person in people[:60]]
    return Screen(html=html, keyboard=rows(buttons, width=2))


async def user(request: Request) -> Screen:
    """One person: `u:<id>` shows, `u:<id>:<role>` gives a role."""
    shown, _, role = request.args.partition(":")
    people = request.services.people
    person = people.get(int(shown)) if shown.isdecimal() else None
    if person is None:
        raise Refused("unknown_person")
    if role in set(Role) and person.role != role:
        person = await people.change(person.id, role=Role(role))
        if person.role is not Role.BLOCKED:
            await _welcome(request.services, person)
    return _user(request, person)


def _user(request: Request, person: Person) -> Screen:
    say = request.say
    html = say.render(
        "user.html",
        person=person,
        role=role_name(person.role, say),
        since=say.time(person.created_at, "d MMM y"),
    )
    options = [(role.value, role_name(role, say)) for role in (Role.VIEWER, Role.TRADER, Role.ADMIN)]
    return Screen(
        html=html,
        keyboard=(
            *rows(choice(options, person.role, "u", person.id)),
            (
                button(say("Block"), "u", person.id, Role.BLOCKED.value, style=Style.DANGER),
                button(say("Back"), "do", "users"),
            ),
        ),
    )


async def admit(request: Request) -> Screen:
    """The notice's buttons: a one-time token behind each; a second admin hears who was first."""
    services, say = request.services, request.say
    try:
        action = await services.actions.take(
            ADMIT,
            request.args,
            person_id=request.person.id,
            chat_id=request.chat_id,
            role=request.person.role,
            needed=Role.ADMIN,
        )
    except Refused as error:
        if error.code in ("done", "expired"):
            return Screen(html=say.render("admit_over.html", code=error.code))
        raise
    params = action.params
    person_id, name, role = int(params["id"]), str(params["name"]), Role(params["role"])
    person = await services.people.admit_first(person_id, name, role, str(params["language"]))
    if person is None:
        return _decided(request, services.people.get(person_id))
    if role is not Role.BLOCKED:
        await _welcome(services, person)
    html = say.render("admitted.html", person=person, role=role_name(role, say), by=request.person.name)
    return Screen(html=html, keyboard=((button(say("Change"), "u", person.id),),))


def _decided(request: Request, known: Person | None) -> Screen:
    """What an admin sees whose tap came second, `known` being `None` while the first is at work."""
    say = request.say
    if known is None:
        return Screen(html=say.render("admit_over.html", code="done"))
    return Screen(html=say.render("admit_known.html", person=known, role=role_name(known.role, say)))


async def tell_admins(services: Services, *, person_id: int, name: str, username: str, language: str) -> bool:
    """One notice about an unknown person to the admins; whether it was a new one."""
    chats = admin_chats(services)
    if not chats or not await services.people.notice(person_id):
        return False
    now, name = services.clock.wire_now(), shown_name(name, person_id)
    for chat_id, say in chats:
        buttons = [
            await _admit_button(services, say, role, chat_id, person_id, name, language)
            for role in (Role.VIEWER, Role.TRADER, Role.BLOCKED)
        ]
        html = say.render("unknown_person.html", id=person_id, name=name, username=username[:32])
        await services.outbox.push(
            OutboundMessage(
                chat_id=chat_id,
                screen=Screen(html=html, keyboard=(tuple(buttons),)),
                priority=Priority.APPROVAL,
                dedupe=f"unknown:{person_id}:{chat_id}:{now.isoformat()}",
                created_at=now,
            )
        )
    return True


async def _admit_button(
    services: Services, say: Speech, role: Role, chat_id: int, person_id: int, name: str, language: str
) -> Button:
    labels = {Role.VIEWER: say("Viewer"), Role.TRADER: say("Trader"), Role.BLOCKED: say("Block")}
    styles = {Role.VIEWER: Style.PRIMARY, Role.TRADER: Style.SUCCESS, Role.BLOCKED: Style.DANGER}
    token = await services.actions.offer(
        ADMIT,
        chat_id=chat_id,
        params={"id": person_id, "name": name, "role": role.value, "language": language},
        lasts=NOTICE_LASTS,
    )
    return button(labels[role], "a", token, style=styles[role])


async def _welcome(services: Services, person: Person) -> None:
    say = services.rendering.speech(person.language, person.zone)
    html = say.render("let_in.html", role=role_name(person.role, say))
    now = services.clock.wire_now()
    await services.outbox.push(
        OutboundMessage(
            chat_id=person.id,
            screen=Screen(html=html, keyboard=((button(say("Begin"), "do", "start", style=Style.PRIMARY),),)),
            priority=Priority.APPROVAL,
            dedupe=f"let-in:{person.id}:{person.role}:{now.isoformat()}",
            created_at=now,
        )
    )


def role_name(role: Role, say: Speech) -> str:
    """The role in the person's language."""
    names = {
        Role.BLOCKED: say("blocked"),
        Role.VIEWER: say("viewer"),
        Role.TRADER: say("trader"),
        Role.ADMIN: say("admin"),
    }
    return names[role]


COMMANDS = (
    Command(
        name="claim",
        handler=claim,
        topic=Topic.DESK,
        summary="Become the first admin with the code that the desk printed",
        example="/claim ABCD-1234",
        is_read_only=False,
        for_strangers=True,
    ),
    Command(
        name="users",
        handler=users,
        topic=Topic.DESK,
        summary="People and their roles",
        example="/users",
        words=("people", "люди", "пользователи"),
        role=Role.ADMIN,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="u", handler=user, role=Role.ADMIN, is_read_only=False),
    ButtonRoute(prefix="a", handler=admit, role=Role.ADMIN, is_read_only=False),
)
