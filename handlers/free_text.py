"""Words without a slash, and commands nobody knows: understood where possible, else the nearest forms."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from engines.market.timeframes import parse_timeframe
from handlers.ui.keyboards import again, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Table
from ports.errors import Refused
from ports.messages import Screen

_COMMAND = re.compile(r"^/([^\s@]+)(?:@(\w+))?\s*(.*)$", re.DOTALL)
_TYPO = 0.6
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Understood:
    """A command of the table and what follows it; `addressee` is the bot named behind the @."""

    command: Command
    args: str
    addressee: str | None = None


def understand(text: str, table: Table) -> Understood | None:
    """What `text` asks for by its first word, with or without a slash; `None` when that is no command."""
    match = _COMMAND.match(text.strip())
    if match is not None:
        command = table.words.get(match.group(1).lower())
        return Understood(command, match.group(3).strip(), match.group(2)) if command is not None else None
    word, _, rest = text.strip().partition(" ")
    command = table.words.get(word.lower().rstrip(":,"))
    return Understood(command, rest.strip()) if command is not None else None


async def guess(request: Request) -> Screen | None:
    """Text that names no command: a coin, a coin and a timeframe, or the nearest valid forms as buttons."""
    table = request.services.table
    text = request.args.strip()[:LONGEST]
    if text.startswith("/"):
        return _nearest_command(request, text)
    words = text.split()
    if words and len(words) <= 3:
        frames = [word for word in words[1:] if parse_timeframe(word) is not None]
        try:
            await request.services.markets.resolve(words[0])
        except Refused as error:
            if error.code != "unknown_symbol" or len(words) > 2:
                return _nearest_command(request, text)
            command = _near_word(words[0], table)
            if command is not None:
                return _nearest_command(request, text)
            raise
        name = "chart" if frames else "price"
        return await table.commands[name].handler(replace(request, args=text))
    return _nearest_command(request, text)


def _near_word(word: str, table: Table) -> Command | None:
    near = get_close_matches(word.lower().lstrip("/"), table.words, n=1, cutoff=_TYPO)
    return table.words[near[0]] if near else None


def _nearest_command(request: Request, text: str) -> Screen:
    say, table = request.say, request.services.table
    word, _, rest = text.lstrip("/").partition(" ")
    near = get_close_matches(word.lower().split("@")[0], table.words, n=3, cutoff=_TYPO)
    names = list(dict.fromkeys(table.words[one].name for one in near if request.may(table.words[one].role)))
    forms = [f"{name} {rest}".strip() for name in names] + ["price btc", "chart btc 4h", "help"]
    buttons = [again(form, f"/{form}"[:30]) for form in dict.fromkeys(forms)]
    keyboard = rows([one for one in buttons if one is not None][:3], width=1 if names else 3)
    return Screen(html=say.render("not_understood.html", text=text[:60], names=names), keyboard=keyboard)


async def do(request: Request) -> Screen | None:
    """A button that types a command for the person; one with effects only without arguments."""
    understood = understand(f"/{request.args}", request.services.table)
    if understood is None:
        return _nearest_command(request, request.args)
    if not request.may(understood.command.role):
        raise Refused("not_allowed")
    if understood.args and not understood.command.is_read_only:
        raise Refused("unknown_choice")
    return await understood.command.handler(replace(request, args=understood.args))


BUTTONS = (ButtonRoute(prefix="do", handler=do),)
