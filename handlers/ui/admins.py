"""Where admins are told things."""

from collections.abc import Sequence

from handlers.ui.request import Services
from services.speech import Speech


def admin_chats(services: Services) -> Sequence[tuple[int, Speech]]:
    """The admin chat, where one is set, in the first admin's language; else each admin's own chat."""
    admins, rendering = services.people.admins(), services.rendering
    if services.admin_chat is None:
        return [(admin.id, rendering.speech(admin.language, admin.zone)) for admin in admins]
    spoken = admins[0].language if admins else "en"
    return [(services.admin_chat, rendering.speech(spoken))]
