"""How people say what to pause, and for how long."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from engines.orders.subaccount import PAPER
from engines.risk.latch import Cause, Latch, Scope
from handlers.ui.engine_words import ACCOUNTS, near_name, read_engine
from ports.errors import Refused

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=90)
ALL: Final = "all"

_SPAN = re.compile(r"^(\d{1,5})\s*(m|min|h|d|w|м|мин|ч|час|часа|часов|д|дн|дня|дней|день|н|нед)\.?$")
_UNITS: Final = {
    **dict.fromkeys(("m", "min", "м", "мин"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "ч", "час", "часа", "часов"), timedelta(hours=1)),
    **dict.fromkeys(("d", "д", "дн", "дня", "дней", "день"), timedelta(days=1)),
    **dict.fromkeys(("w", "н", "нед"), timedelta(weeks=1)),
}
_FILLERS: Final = {"for", "на", "engine", "движок"}
_EVERYTHING: Final = {ALL, "everything", "desk", "все", "всё", "стол"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What to pause: `name` (an engine, an account, or `all`), and for how long (`None`: until resumed)."""

    name: str
    span: timedelta | None

    @property
    def scope(self) -> Scope:
        """What the latch stops."""
        return Scope() if self.name == ALL else scope_of(self.name)


def read_pause(text: str) -> Pause:
    """`trend 4h`, `4h trend`, `all`. Raises `Refused`: `unknown_engine` with what may have been meant,
    `bad_span`."""
    names: list[str] = []
    spans: list[str] = []
    for word in _joined(text).split():
        if word not in _FILLERS:
            span = read_span(word)
            (names if span is None else spans).append(word)
    if len(names) != 1 or len(spans) > 1:
        raise _unknown(names, spans)
    span = read_span(spans[0]) if spans else None
    if span is not None and not SHORTEST <= span <= LONGEST:
        raise Refused("bad_span", text=spans[0][:24])
    try:
        return Pause(name=read_name(names[0]), span=span)
    except Refused as error:
        raise _unknown(names, spans) from error


def _unknown(names: list[str], spans: list[str]) -> Refused:
    """What may have been meant: the nearest name, and hours for a number that does not say of what it is."""
    words = [one for one in names if not one.isdecimal()]
    times = [*spans, *(f"{one}h" for one in names if one.isdecimal())]
    near = near_name(words[0]) if len(words) == 1 and len(times) < 2 else None
    meant = "" if near is None else " ".join(["pause", near, *times])
    forms = [(f"/{meant}", meant)] if meant else []
    return Refused("unknown_engine", text=" ".join(names[:2])[:24], forms=forms)


def read_name(word: str) -> str:
    """What can be paused, by its name in the books. Raises `Refused("unknown_engine")`."""
    engine = read_engine(word)
    if engine is not None:
        return engine.value
    known = word.casefold()
    if known in _EVERYTHING:
        return ALL
    if known in ACCOUNTS and known != PAPER:
        return known
    raise Refused("unknown_engine", text=word[:24])


def read_span(word: str) -> timedelta | None:
    """`4h`, `30m`, `2д`; `None` for what is no span."""
    match = _SPAN.match(word.casefold())
    return None if match is None else int(match[1]) * _UNITS[match[2]]


def scope_of(name: str) -> Scope:
    """What a pause of that name stops."""
    return Scope(account=name) if name in ACCOUNTS else Scope(engine=name)


def named(latches: list[Latch], word: str) -> list[Latch]:
    """The latches that `word` may mean: by id, by engine or account, by cause."""
    exact = [one for one in latches if one.id == word]
    if exact:
        return exact
    engine = read_engine(word)
    name = word.casefold() if engine is None else engine.value
    if name in _EVERYTHING:
        return [one for one in latches if one.scope == Scope() and one.cause is Cause.PAUSE]
    return [one for one in latches if name in (one.scope.engine, one.scope.account, one.cause.value)]


def _joined(text: str) -> str:
    """`4 h` as one word."""
    return re.sub(r"(?<=\d)\s+(?=[a-zа-яё])", "", text.casefold().replace(",", " "))
