"""The one place where an error becomes an answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from handlers.ui.keyboards import again, rows
from ports.errors import Refused, Stale, Transient
from ports.messages import Keyboard, Screen
from services.speech import Speech

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What to show; `is_error` when it explains why there is nothing else to show."""

    screen: Screen | None
    is_error: bool = False


async def answered(work: Callable[[], Awaitable[Screen | None]], say: Speech, *, command: str) -> Answer:
    """The screen of `work`, or the screen that explains why there is none."""
    try:
        return Answer(await work())
    except Exception as error:
        return Answer(explained(error, say, command=command), is_error=True)


def explained(error: Exception, say: Speech, *, command: str) -> Screen:
    """The words for an error; one we did not foresee is logged with its traceback."""
    match error:
        case Refused():
            return refusal(error, say, command=command)
        case Stale():
            html = say.render("errors/stale.html", what=error.what, age=say.age(error.age_s))
            return Screen(html=html)
        case Transient():
            log.warning("could_not_answer", command=command, error=str(error))
            return Screen(html=say.render("errors/out_of_reach.html"), keyboard=_retry(command, say))
        case _:
            log.error("handler_failed", command=command, exc_info=error)
            return Screen(html=say.render("errors/broken.html"), keyboard=_retry(command, say))


def refusal(error: Refused, say: Speech, *, command: str) -> Screen:
    """What is wrong, and how to mend it with one tap where a near form is known."""
    html = say.render("errors/refused.html", code=error.code, command=command, **{**_BLANK, **error.params})
    near = error.params.get("near", ())
    buttons = []
    if isinstance(near, list | tuple):
        word = command.split()[0] if command.split() else "price"
        for instrument in near:
            pressed = again(f"{word} {instrument.base}", instrument.pair)
            if pressed is not None:
                buttons.append(pressed)
    return Screen(html=html, keyboard=rows(buttons))


_BLANK = {"text": "", "near": (), "left": 0, "pair": "", "timeframe": "", "most": 0, "zone": ""}


def _retry(command: str, say: Speech) -> Keyboard:
    pressed = again(command, say("Try again")) if command else None
    return rows([pressed]) if pressed is not None else ()
