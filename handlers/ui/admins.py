"""Where admins are told things."""

from collections.abc import Sequence

from handlers.ui.request import Request, Services
from ports.errors import Refused
from ports.people import Role
from services.speech import Speech


def check_admin_chat(request: Request) -> None:
    """What concerns real money is said where all admins see it. Raises `Refused`: `not_allowed`,
    `only_admin_chat`."""
    if not request.may(Role.ADMIN):
        raise Refused("not_allowed")
    admin_chat = request.services.admin_chat
    if admin_chat is not None and request.chat_id != admin_chat:
        raise Refused("only_admin_chat")


def admin_chats(services: Services) -> Sequence[tuple[int, Speech]]:
    """The admin chat, where one is set, in the first admin's language; else each admin's own chat."""
    admins, rendering = services.people.admins(), services.rendering
    if services.admin_chat is None:
        return [(admin.id, rendering.speech(admin.language, admin.zone)) for admin in admins]
    spoken = admins[0].language if admins else "en"
    return [(services.admin_chat, rendering.speech(spoken))]
