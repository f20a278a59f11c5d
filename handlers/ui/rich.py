"""Screens as rich messages, for people who said that their client shows them, and the question whether."""

from collections.abc import Mapping
from dataclasses import replace

from handlers.ui.keyboards import button
from handlers.ui.request import Request
from ports.errors import Transient
from ports.messages import RichForm, Screen, Style

ANSWERS = {"yes": True, "no": False}
_NONE: Mapping[str, bytes] = {}


def rich(
    request: Request, template: str, photos: Mapping[str, bytes] = _NONE, /, **values: object
) -> RichForm | None:
    """`template` as a rich message, its pictures by name; `None` for somebody who does not see such
    messages, and in a group, where nobody knows what the others see."""
    if not request.person.sees_rich or not request.is_private:
        return None
    return RichForm(html=request.say.render(template, **values), photos=photos)


async def probe(request: Request, *prefix: object, otherwise: Screen) -> Screen:
    """Shows a table with a chart and asks whether it is seen; the buttons `prefix:yes` and `prefix:no`
    answer. They say by themselves what is asked, for a client may show nothing above them.

    `otherwise` is what comes where Telegram does not take such a message.
    """
    say = request.say
    photos = await _sample(request)
    keyboard = (
        (
            button(say("I see a table"), *prefix, "yes", style=Style.PRIMARY),
            button(say("No table"), *prefix, "no"),
        ),
    )
    html = say.render("rich/probe.html", has_chart=bool(photos))
    return replace(otherwise, rich=RichForm(html=html, photos=photos, keyboard=keyboard))


async def _sample(request: Request) -> Mapping[str, bytes]:
    """A chart to look for; none while charts cannot be drawn."""
    pictures, person = request.services.pictures, request.person
    try:
        return {"chart": await pictures.sample(theme=person.theme, speech=request.say)}
    except Transient:
        return {}
