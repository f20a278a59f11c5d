"""`/top`: the markets that lean most to one side, the biggest ones, and the biggest moves of the day."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engines.signals.decision import Decision
from handlers.ui.arrow import ARROWS
from handlers.ui.keyboards import again, button, choice, rows
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Screen
from services.market.quote import Quote

Ranking = Literal["turnover", "movers_up", "movers_down"]
DEFAULT = 10
MOST = 30
STRENGTH, VOLUME = "s", "v"
RANKINGS: dict[str, Ranking] = {VOLUME: "turnover", "u": "movers_up", "d": "movers_down"}
_NUMBER = re.compile(r"[+-]?\d+")
_WORDS: dict[str, str] = {
    STRENGTH: "strength strong strongest signal signals сила силе сильные сигнал сигналы",
    VOLUME: "volume turnover big объём объем оборот",
    "u": "up gain gainers winners movers рост растут вверх",
    "d": "down loss losers drop падение падают вниз",
}


@dataclass(frozen=True, slots=True)
class Lean:
    """A market by strength. `strength` is 0 to 100, 50 leans to neither side; `confidence` is a fraction."""

    quote: Quote
    arrow: str
    strength: Decimal
    confidence: Decimal


async def top(request: Request) -> Screen:
    """The first N by strength, turnover, gains or losses; `/top 20 down` and `/top рост` are understood.

    While no strength is known it is the biggest ones.
    """
    asked, count = _asked(request.args)
    services, say = request.services, request.say
    leans = _leans(request, count) if asked == STRENGTH else []
    letter = VOLUME if asked == STRENGTH and not leans else asked
    quotes: Sequence[Quote] = [lean.quote for lean in leans]
    if letter != STRENGTH:
        quotes = services.markets.top(count, RANKINGS[letter])
    if not quotes and not services.markets.top(1, "turnover"):
        raise Refused("markets_loading")
    kinds = [
        (STRENGTH, say("Strength")),
        (VOLUME, say("Volume")),
        ("u", say("Gainers")),
        ("d", say("Losers")),
    ]
    coins = [_coin(quote, leads_to_signal=letter == STRENGTH) for quote in quotes[:6]]
    values = {
        "quotes": quotes,
        "leans": leans,
        "letter": letter,
        "is_unknown": letter != asked,
        "is_partial": 0 < len(leans) < min(count, len(services.candles.symbols)),
    }
    latched = latch_line(services, say)
    html = latched + say.render("top.html", **values)
    keyboard = (*rows(choice(kinds, letter, "top", count), width=2), *rows(one for one in coins if one))
    return Screen(
        html=html, keyboard=keyboard, rich=rich(request, "rich/top.html", latch_line=latched, **values)
    )


def _leans(request: Request, count: int) -> Sequence[Lean]:
    """Markets by strength, those that have a price."""
    markets, signals = request.services.markets, request.services.signals
    decisions = {one.instrument.symbol: one for one in signals.strongest(count)}
    return [_lean(quote, decisions[quote.instrument.symbol]) for quote in markets.quotes(decisions)]


def _lean(quote: Quote, decision: Decision) -> Lean:
    return Lean(
        quote=quote,
        arrow=ARROWS[decision.direction],
        strength=Decimal(repr(decision.strength)),
        confidence=Decimal(repr(decision.confidence)),
    )


def _coin(quote: Quote, *, leads_to_signal: bool) -> Button | None:
    instrument = quote.instrument
    if leads_to_signal:
        return again(f"signal {instrument.symbol}", instrument.base)
    return button(instrument.base, "px", instrument.symbol)


def _asked(args: str) -> tuple[str, int]:
    letter, count = STRENGTH, DEFAULT
    for word in args.replace(":", " ").lower().split():
        if _NUMBER.fullmatch(word):
            count = int(word[:9])
        elif word in _WORDS:
            letter = word
        else:
            letter = next((key for key, words in _WORDS.items() if word in words.split()), letter)
    return letter, min(max(count, 1), MOST)


COMMANDS = (
    Command(
        name="top",
        handler=top,
        topic=Topic.MARKETS,
        summary="Strongest and biggest markets, moves of the day",
        example="/top 10",
        words=("movers", "топ", "лидеры"),
        shortcuts={"gainers": "up", "losers": "down", "рост": "up", "падение": "down"},
    ),
)
BUTTONS = (ButtonRoute(prefix="top", handler=top),)
