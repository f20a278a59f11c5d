"""Words without a slash, and commands nobody knows: understood where possible, else the nearest forms."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from engines.alerts.alert import Draft
from engines.alerts.formula_sentence import read_formula
from engines.alerts.sentence import read_sentence
from engines.core.keyboard import TO_LATIN_KEYS, TO_RUSSIAN_KEYS
from engines.market.timeframes import parse_timeframe
from handlers.ui.formula_offer import formula_offer
from handlers.ui.keyboards import again, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Table
from ports.errors import Refused
from ports.messages import Screen
from services.alerting.terms import written

_COMMAND = re.compile(r"^/([^\s@]+)(?:@(\w+))?\s*(.*)$", re.DOTALL)
_GLUED = re.compile(r"^([^\W\d_]{3,})(\d+)$")
_ADDRESSEE = re.compile(r"^(/[^\s@]+)@\w+")
_TYPO = 0.6
LONGEST = 200
MOST_WORDS = 20
SHORTEST_WORD = 3
SHORTEST_SENTENCE = 3
SHORTEST_DEAL = 2


@dataclass(frozen=True, slots=True)
class Understood:
    """A command of the table and what follows it."""

    command: Command
    args: str


def understand(text: str, table: Table) -> Understood | None:
    """What `text` asks for by its first word, with or without a slash; `None` when that is no command."""
    match = _COMMAND.match(text.strip())
    if match is not None:
        word, _, rest = match.groups()
        word, rest = _slipped(word.lower(), rest, table)
    else:
        first = text.split(maxsplit=1)
        word, rest = first[0].rstrip(":,") if first else "", "".join(first[1:])
    command = table.words.get(word.lower())
    if command is None:
        return None
    meant = command.shortcuts.get(word.lower(), "")
    return Understood(command, f"{meant} {rest}".strip())


def _slipped(word: str, rest: str, table: Table) -> tuple[str, str]:
    """A command typed on the other keyboard layout, or with its number glued to it: `/лшдд 3`, `/kill3`."""
    glued = _GLUED.match(word)
    if word not in table.words and glued is not None:
        word, rest = glued[1], f"{glued[2]} {rest}".strip()
    if word in table.words or len(word) < SHORTEST_WORD:
        return word, rest
    meant = (word.translate(keys) for keys in (TO_LATIN_KEYS, TO_RUSSIAN_KEYS))
    return next((one for one in meant if one in table.words), word), rest


def addressee(text: str) -> str | None:
    """The bot that a command is meant for: `/price@this_bot btc`."""
    match = _COMMAND.match(text.strip())
    return match.group(2) if match is not None else None


async def guess(request: Request) -> Screen | None:
    """Text that names no command: coins, a coin and a timeframe, or the nearest valid forms as buttons."""
    table = request.services.table
    text = _ADDRESSEE.sub(r"\1", request.args.strip()[:LONGEST])
    words = text.lstrip("/").replace(",", " ").split()
    if not words or len(words) > MOST_WORDS:
        return _nearest_command(request, text)
    is_slip = text.startswith("/") and _near_word(words[0], table) is not None
    if is_slip and not await _is_market(request, words[0]):
        return _nearest_command(request, text)
    if (deal := _deal(words, table)) is not None:
        return await now(replace(request, args=f"{deal.name} {text}"))
    if (offer := await _formula(request, text)) is not None:
        return offer
    meant = await _sentence(request, words)
    if meant is not None:
        return await meant.command.handler(replace(request, args=meant.args))
    if (offer := await _alert(request, text)) is not None:
        return offer
    try:
        await request.services.markets.resolve(words[0])
    except Refused as error:
        if error.code != "unknown_symbol":
            raise
        is_command = text.startswith("/") or _near_word(words[0], table) is not None
        if is_command or len(words) > 2:
            return _nearest_command(request, text)
        raise
    has_timeframe = any(parse_timeframe(word) is not None for word in words[1:])
    name = "chart" if has_timeframe else "price"
    return await table.commands[name].handler(replace(request, args=" ".join(words)))


async def _formula(request: Request, text: str) -> Screen | None:
    """“btc macd crosses signal”: an alert on indicators, shown in words, whatever commands are named like one
    of them."""
    said = read_formula(text)
    if text.startswith("/") or said is None or said.formula is None:
        return None
    draft = await _draft(request, text)
    return None if draft is None else await formula_offer(request, draft)


async def _alert(request: Request, text: str) -> Screen | None:
    """“btc above 100k”: an alert is offered in words, and armed by a tap."""
    if text.startswith("/") or not read_sentence(text).is_wish:
        return None
    draft = await _draft(request, text)
    if draft is None:
        return None
    until = None if draft.expires_at is None else request.say.time(draft.expires_at)
    html = request.say.render("alert_offer.html", alert=draft, until=until)
    pressed = again(f"alert {written(draft)}", request.say("Tell me"))
    return None if pressed is None else Screen(html=html, keyboard=rows([pressed]))


async def _draft(request: Request, text: str) -> Draft | None:
    """The alert that `text` asks for; `None` where it names no market."""
    try:
        return await request.services.alerts.read(request.person, text)
    except Refused as error:
        if error.code not in ("unknown_symbol", "alert_coin"):
            raise
        return None


def _deal(words: list[str], table: Table) -> Command | None:
    """“btc long 100”: a coin and then a word that means a deed with the way it goes."""
    if len(words) < SHORTEST_DEAL:
        return None
    named = [table.words.get(word.lower()) for word in words[1:]]
    meant = [one for word, one in zip(words[1:], named, strict=True) if one and word.lower() in one.shortcuts]
    return meant[0] if meant and not meant[0].is_read_only else None


async def _sentence(request: Request, words: list[str]) -> Understood | None:
    """“What is the price of btc?”: the name of a reading command and a coin, somewhere in a sentence."""
    plain = [word.strip("?!.,:;«»“”\"'()") for word in words]
    named = [request.services.table.words.get(word.lower()) for word in plain if len(word) >= SHORTEST_WORD]
    commands = [one for one in named if one is not None and one.is_read_only and request.may(one.role)]
    if len(words) < SHORTEST_SENTENCE or not commands:
        return None
    kept = [word for word in plain if await _says_something(request, word)]
    return Understood(commands[0], " ".join(kept)) if kept else None


async def _says_something(request: Request, word: str) -> bool:
    """Whether a word of a sentence names a coin or a timeframe, and no command."""
    if len(word) < SHORTEST_WORD or word.lower() in request.services.table.words:
        return any(letter.isdecimal() for letter in word) and parse_timeframe(word) is not None
    try:
        await request.services.markets.resolve(word)
    except Refused as error:
        if error.code != "unknown_symbol":
            raise
        return parse_timeframe(word) is not None
    return True


async def _is_market(request: Request, word: str) -> bool:
    try:
        await request.services.markets.resolve(word)
    except Refused:  # also while the list of markets is not there: what is like a command may be one
        return False
    return True


def _near_word(word: str, table: Table) -> Command | None:
    near = get_close_matches(word.lower(), table.words, n=1, cutoff=_TYPO)
    return table.words[near[0]] if near else None


def _nearest_command(request: Request, text: str) -> Screen:
    say, table = request.say, request.services.table
    word, *rest = text.lstrip("/").split(maxsplit=1) or [""]
    near = get_close_matches(word.lower(), table.words, n=3, cutoff=_TYPO)
    names = list(dict.fromkeys(table.words[one].name for one in near if request.may(table.words[one].role)))
    forms = [" ".join([name, *rest]).strip() for name in names] or ["price btc", "chart btc 4h", "help"]
    buttons = [again(form, f"/{form}"[:30]) for form in dict.fromkeys(forms)]
    keyboard = rows([one for one in buttons if one is not None][:3], width=1 if names else 3)
    shown = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:60]
    return Screen(html=say.render("not_understood.html", text=shown, names=names), keyboard=keyboard)


async def do(request: Request) -> Screen | None:
    """A button that opens another screen; what has effects is opened only without arguments."""
    understood = understand(f"/{request.args}", request.services.table)
    if understood is not None and understood.command.would_act(understood.args):
        raise Refused("unknown_choice")
    return await now(request)


async def now(request: Request) -> Screen | None:
    """A button that types its text for the person: whatever they may type."""
    understood = understand(f"/{request.args}", request.services.table)
    if understood is None:
        return await guess(request)
    if not request.may(understood.command.role):
        raise Refused("not_allowed")
    return await understood.command.handler(replace(request, args=understood.args))


BUTTONS = (
    ButtonRoute(prefix="do", handler=do),
    ButtonRoute(prefix="now", handler=now, is_read_only=False),
)
