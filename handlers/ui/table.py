"""The command table and the button table: all that the dispatcher and `/help` know."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from handlers.ui.request import Request
from ports.messages import Screen
from ports.people import Role

Handler = Callable[[Request], Awaitable[Screen | None]]


class Topic(StrEnum):
    """Chapters of `/help`."""

    MARKETS = "markets"
    SIGNALS = "signals"
    TRADING = "trading"
    YOU = "you"
    DESK = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. `summary` is a message id; `example` shows how it is typed; `words` are plain words, in
    any language, that mean it; `shortcuts` are words that mean it with arguments (`"losers"`: `"down"`).
    One that is not read-only is never executed late; without arguments it only asks, unless it `acts_alone`.
    `action` is shown while it works (`"upload_photo"`).
    One that `is_urgent` waits for nothing else and is never too late: it only stops things, or asks.
    One `for_strangers` is of no use to people of the desk: menus and chapters leave it out."""

    name: str
    handler: Handler
    topic: Topic
    summary: str
    example: str = ""
    words: tuple[str, ...] = ()
    shortcuts: Mapping[str, str] = field(default_factory=dict)
    role: Role = Role.VIEWER
    is_read_only: bool = True
    acts_alone: bool = False
    action: str | None = None
    is_urgent: bool = False
    for_strangers: bool = False

    def would_act(self, args: str) -> bool:
        """Whether it changes something when it is called with `args`."""
        return not self.is_read_only and (bool(args.strip()) or self.acts_alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonRoute:
    """What buttons with data `prefix:…` do. `request.args` is what follows the colon. One that `is_urgent`
    acts before the tap is acknowledged, waits for nothing else, and is never too late."""

    prefix: str
    handler: Handler
    role: Role = Role.VIEWER
    is_read_only: bool = True
    action: str | None = None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that can be asked of the desk, each found by one look-up.

    Raises `ValueError` when two entries share a name, word or prefix.
    """

    commands: Mapping[str, Command]
    words: Mapping[str, Command]
    buttons: Mapping[str, ButtonRoute]
    order: tuple[Command, ...] = field(default=())

    @classmethod
    def of(cls, commands: Iterable[Command], buttons: Iterable[ButtonRoute]) -> "Table":
        """Index the entries."""
        ordered = tuple(commands)
        words: dict[str, Command] = {}
        for command in ordered:
            for word in (command.name, *command.words, *command.shortcuts):
                if word in words:
                    raise ValueError(f"the word {word!r} means two commands")
                words[word] = command
        routes: dict[str, ButtonRoute] = {}
        for route in buttons:
            if route.prefix in routes:
                raise ValueError(f"the button prefix {route.prefix!r} is taken twice")
            routes[route.prefix] = route
        return cls({command.name: command for command in ordered}, words, routes, ordered)
