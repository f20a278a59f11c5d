"""`/drill`: rehearsals against paper, and the evidence of them."""

from handlers.ui.keyboards import button, rows
from handlers.ui.kill_view import utc
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Screen
from ports.people import Role
from services.drills import NAMES
from services.speech import Speech


async def drill(request: Request) -> Screen:
    """What can be rehearsed; with a name, the rehearsal and what it showed."""
    say, name = request.say, request.args.strip().casefold()
    names = _names(say)
    keyboard = rows([button(names[one], "kd", one) for one in NAMES], width=2)
    if not name:
        return Screen(html=say.render("drill.html", evidence=None, at=None, name=None), keyboard=keyboard)
    if name not in NAMES:
        forms = [(f"/drill {one}", f"drill {one}") for one in NAMES]
        raise Refused("unknown_drill", text=name[:24], forms=forms)
    evidence = await request.services.drills.run(name, by=request.person.id)
    html = say.render("drill.html", evidence=evidence, at=utc(evidence.at), name=names[name])
    return Screen(html=html, keyboard=keyboard)


def _names(say: Speech) -> dict[str, str]:
    """What each rehearses."""
    kinds = (say("kill"), say("silent prices"), say("restart"), say("no Telegram"))
    return dict(zip(NAMES, kinds, strict=True))


COMMANDS = (
    Command(
        name="drill",
        handler=drill,
        topic=Topic.DESK,
        summary="Rehearse a stop, on paper",
        example="/drill kill",
        words=("rehearse", "учения", "тревога"),
        role=Role.ADMIN,
        is_read_only=False,
    ),
)
BUTTONS = (ButtonRoute(prefix="kd", handler=drill, role=Role.ADMIN, is_read_only=False),)
