"""The one place where an error becomes an answer."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import structlog

from handlers.ui.keyboards import again, rows
from ports.errors import Refused, Stale, Transient
from ports.messages import Keyboard, Screen
from services.speech import Speech

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What to show; `is_error` when it explains why there is nothing else to show. `outcome` is for the audit
    log: `done`, or what went wrong."""

    screen: Screen | None
    is_error: bool = False
    outcome: str = "done"


async def answered(work: Callable[[], Awaitable[Screen | None]], say: Speech, *, command: str) -> Answer:
    """The screen of `work`, or the screen that explains why there is none."""
    try:
        return Answer(await work())
    except Exception as error:
        outcome = error.code if isinstance(error, Refused) else type(error).__name__.lower()
        return Answer(explained(error, say, command=command), is_error=True, outcome=outcome)


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
            html = say.render("errors/out_of_reach.html", kind=error.kind)
            return Screen(html=html, keyboard=_retry(command, say))
        case _:
            log.error("handler_failed", command=command, exc_info=error)
            return Screen(html=say.render("errors/broken.html"), keyboard=_retry(command, say))


def refusal(error: Refused, say: Speech, *, command: str) -> Screen:
    """What is wrong, and how to mend it with one tap where a near form is known.

    Near forms are `error.params["near"]`, instruments in place of the text that was not understood, or
    `error.params["forms"]`, pairs of a button's label and what it types.
    """
    params = {name: _plain(value) for name, value in error.params.items()}
    # The gate's refusal is told with what decided, not as a matter of roles.
    code = "gate" if "verdict" in error.params else error.code
    html = say.render("errors/refused.html", code=code, command=command, **{**_BLANK, **params})
    text = error.params.get("text", "")
    near = [(one.pair, _mended(command, str(text), one.symbol)) for one in _listed(error.params.get("near"))]
    forms = [*near, *_listed(error.params.get("forms"))]
    if not forms and error.code == "unknown_symbol":
        forms = [("/price btc", "price btc"), ("/top", "top"), ("/help", "help")]
    buttons = [again(form, label) for label, form in forms]
    return Screen(html=html, keyboard=rows([one for one in buttons if one is not None]))


def _mended(command: str, text: str, symbol: str) -> str:
    """`command` with `symbol` in place of the word that was not understood, the rest as it was."""
    word = re.compile(rf"(?<![^\s,+-]){re.escape(text)}(?![^\s,])", re.IGNORECASE)
    mended, count = word.subn(symbol, command, count=1) if text else (command, 0)
    return mended if count else f"price {symbol}"


def _listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _plain(value: object) -> object:
    """Text of a person without letters that cannot be seen or turn the line around."""
    return "".join(one for one in value if one.isprintable()) if isinstance(value, str) else value


_BLANK = {
    **dict.fromkeys(("least", "free", "stop", "price", "target", "low", "high", "last"), Decimal(0)),
    "trade_id": 0,
    "text": "",
    "near": (),
    "left": 0,
    "pair": "",
    "timeframe": "",
    "most": 0,
    "zone": "",
    "verdict": None,
    "by": "",
    "account": "",
    "engine": "",
}


def _retry(command: str, say: Speech) -> Keyboard:
    pressed = again(command, say("Try again")) if command else None
    return rows([pressed]) if pressed is not None else ()
