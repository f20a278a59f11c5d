"""Screens as rich messages, for people who said that their client shows them."""

from collections.abc import Mapping

from handlers.ui.request import Request
from ports.messages import RichForm

_NONE: Mapping[str, bytes] = {}


def rich(
    request: Request, template: str, photos: Mapping[str, bytes] = _NONE, /, **values: object
) -> RichForm | None:
    """`template` as a rich message, its pictures by name; `None` for somebody who does not see such
    messages, and in a group, where nobody knows what the others see."""
    if not request.person.sees_rich or not request.is_private:
        return None
    return RichForm(html=request.say.render(template, **values), photos=photos)
