"""`/alert`: a sentence arms an alert; without one, buttons teach what can be said."""

from dataclasses import replace
from decimal import Decimal

from engines.alerts.formula_sentence import read_formula
from engines.alerts.sentence import read_sentence
from engines.core.instrument import Instrument
from handlers.ui.alert_view import view
from handlers.ui.formula_offer import formula_offer, sentence_of, used_up
from handlers.ui.keyboards import again, button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Keyboard, Screen
from services.market.quote import Quote

STEPS = (Decimal("0.02"), Decimal("0.05"), Decimal("-0.02"), Decimal("-0.05"))
"""Levels offered, as fractions of the price."""
MOST_COINS = 9
_DIGITS = 4


async def alert(request: Request) -> Screen:
    """Arm what the sentence says; a coin alone gets levels to choose from, and what is about indicators is
    shown in words first."""
    if not request.args.strip():
        return _teach(request)
    if read_formula(request.args) is not None:
        return await formula_offer(request, await request.services.alerts.read(request.person, request.args))
    said = read_sentence(request.args)
    if said.is_coin_alone:
        return await suggest(replace(request, args=said.names[0]))
    standing, is_new = await request.services.alerts.arm(request.person, request.args)
    return view(request, standing, news="armed" if is_new else "known")


async def answer_offer(request: Request) -> Screen:
    """`af:<token>:<choice>`: arm what was shown in words, or leave it."""
    token, _, choice = request.args.partition(":")
    if choice == "no":
        await used_up(request, token)
        html = request.say.render("alert_dropped.html")
        return Screen(html=html, keyboard=((button(request.say("Alerts"), "al", 0),),))
    text = await sentence_of(request, token, choice)
    standing, is_new = await request.services.alerts.arm(request.person, text)
    await used_up(request, token)
    return view(request, standing, news="armed" if is_new else "known")


async def suggest(request: Request) -> Screen:
    """Levels near the price of a coin, moves and extremes, each a button."""
    markets = request.services.markets
    instrument = await markets.resolve(request.args)
    quote = await markets.quote(instrument.symbol)
    html = request.say.render("alert_suggest.html", quote=quote, tick=instrument.tick)
    return Screen(html=html, keyboard=_suggestions(request, instrument, quote))


def _suggestions(request: Request, instrument: Instrument, quote: Quote) -> Keyboard:
    say, symbol = request.say, instrument.symbol
    levels = []
    for step in STEPS:
        level = _round(instrument, quote.ticker.last * (1 + step))
        sign, arrow = (">", "▲") if step > 0 else ("<", "▼")
        levels.append(
            again(f"alert {symbol} {sign} {level:f}", f"{arrow} {say.price(level, instrument.tick)}")
        )
    others = [
        again(f"alert {symbol} ±3% 1h", say("±3% in 1 h")),
        again(f"alert {symbol} high 30d", say("High of 30 d")),
        again(f"alert {symbol} low 30d", say("Low of 30 d")),
    ]
    return (*rows(_known(levels), width=2), *rows(_known(others)), (button(say("Alerts"), "al", 0),))


def _known(buttons: list[Button | None]) -> list[Button]:
    return [one for one in buttons if one is not None]


def _round(instrument: Instrument, price: Decimal) -> Decimal:
    """A level that is easy to read: four digits, on the grid."""
    return instrument.price(price.quantize(Decimal(1).scaleb(price.adjusted() - _DIGITS + 1))).normalize()


def _teach(request: Request) -> Screen:
    services, say = request.services, request.say
    quotes = services.markets.quotes(request.person.watchlist) or services.markets.top(6, "turnover")
    if not quotes:
        raise Refused("markets_loading")
    coins = [button(one.instrument.base, "als", one.instrument.symbol) for one in quotes[:MOST_COINS]]
    return Screen(
        html=say.render("alert_teach.html"), keyboard=(*rows(coins), (button(say("Alerts"), "al", 0),))
    )


COMMANDS = (
    Command(
        name="alert",
        handler=alert,
        topic=Topic.MARKETS,
        summary="Tell me when a coin gets somewhere",
        example="/alert btc > 100k",
        words=("алерт", "notify", "alarm", "оповести", "уведоми", "сообщи", "сигналь"),
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="als", handler=suggest),
    ButtonRoute(prefix="af", handler=answer_offer, is_read_only=False),
)
