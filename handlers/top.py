"""`/top`: the biggest markets and the biggest moves of the day."""

import re
from typing import Literal

from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Screen

Ranking = Literal["turnover", "movers_up", "movers_down"]
DEFAULT = 10
MOST = 30
RANKINGS: dict[str, Ranking] = {"v": "turnover", "u": "movers_up", "d": "movers_down"}
_NUMBER = re.compile(r"[+-]?\d+")
_WORDS: dict[str, str] = {
    "v": "volume turnover big объём объем оборот",
    "u": "up gain gainers winners movers рост растут вверх",
    "d": "down loss losers drop падение падают вниз",
}


async def top(request: Request) -> Screen:
    """The first N by turnover, gains or losses; `/top 20 down` and `/top рост` are understood."""
    letter, count = _asked(request.args)
    services, say = request.services, request.say
    quotes = services.markets.top(count, RANKINGS[letter])
    if not quotes and not services.markets.top(1, "turnover"):
        raise Refused("markets_loading")
    kinds = [("v", say("Volume")), ("u", say("Gainers")), ("d", say("Losers"))]
    coins = [button(quote.instrument.base, "px", quote.instrument.symbol) for quote in quotes[:6]]
    keyboard = (*rows(choice(kinds, letter, "top", count)), *rows(coins))
    return Screen(html=say.render("top.html", quotes=quotes, letter=letter), keyboard=keyboard)


def _asked(args: str) -> tuple[str, int]:
    letter, count = "v", DEFAULT
    for word in args.replace(":", " ").lower().split():
        if _NUMBER.fullmatch(word):
            count = int(word[:9])
        elif word in RANKINGS:
            letter = word
        else:
            letter = next((key for key, words in _WORDS.items() if word in words.split()), letter)
    return letter, min(max(count, 1), MOST)


COMMANDS = (
    Command(
        name="top",
        handler=top,
        topic=Topic.MARKETS,
        summary="Biggest markets and moves of the day",
        example="/top 10",
        words=("movers", "топ", "лидеры"),
        shortcuts={"gainers": "up", "losers": "down", "рост": "up", "падение": "down"},
    ),
)
BUTTONS = (ButtonRoute(prefix="top", handler=top),)
