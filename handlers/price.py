"""`/price`: what a coin costs now, how old that is, and what the other venue says."""

import asyncio

from handlers.ui.keyboards import button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_offer import ways_in
from ports.errors import Refused
from ports.messages import Screen, Style
from services.market.quote import Quote

MOST = 10
SHOW_AGE_AFTER_S = 10


async def price(request: Request) -> Screen:
    """One coin in detail, several as a table, none: the watch list or the biggest."""
    names = list(dict.fromkeys(request.args.replace(",", " ").split()))
    if len(names) > MOST:
        raise Refused("too_many", most=MOST)
    if not names:
        return await _several(request, await _usual(request))
    if len(names) == 1:
        instrument = await request.services.markets.resolve(names[0])
        return single(request, await request.services.markets.quote(instrument.symbol))
    markets = request.services.markets
    symbols = dict.fromkeys([(await markets.resolve(name)).symbol for name in names])
    # Together, so that a slow venue is waited for once and not for each coin.
    return await _several(request, await asyncio.gather(*map(markets.quote, symbols)))


def single(request: Request, quote: Quote) -> Screen:
    """The price screen of one market."""
    say, instrument = request.say, quote.instrument
    is_watched = instrument.symbol in request.person.watchlist
    html = say.render("price.html", quote=quote, tick=instrument.tick, is_old=quote.age_s > SHOW_AGE_AFTER_S)
    keyboard = (
        (
            button(say("Chart"), "ch", instrument.symbol, "1h", style=Style.PRIMARY),
            button(
                say("Unwatch") if is_watched else say("Watch"),
                "w-" if is_watched else "w+",
                instrument.symbol,
            ),
            button(say("Refresh"), "px", instrument.symbol),
        ),
        *rows([*ways_in(request, instrument.symbol), button(say("Alert"), "als", instrument.symbol)]),
    )
    return Screen(html=html, keyboard=keyboard)


async def _several(request: Request, quotes: list[Quote]) -> Screen:
    say = request.say
    if not quotes:
        raise Refused("markets_loading")
    buttons = [button(quote.instrument.base, "px", quote.instrument.symbol) for quote in quotes]
    return Screen(html=say.render("prices.html", quotes=quotes), keyboard=rows(buttons))


async def _usual(request: Request) -> list[Quote]:
    markets = request.services.markets
    return list(markets.quotes(request.person.watchlist) or markets.top(5, "turnover"))[:MOST]


COMMANDS = (
    Command(
        name="price",
        handler=price,
        topic=Topic.MARKETS,
        summary="Price of a coin, now",
        example="/price btc",
        words=("p", "цена", "курс", "почём", "почем", "prices", "цены"),
    ),
)
BUTTONS = (ButtonRoute(prefix="px", handler=price),)
