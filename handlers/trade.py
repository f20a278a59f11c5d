"""`/trade`: a sentence or a tap leads to the confirm step, and one tap there to a paper trade."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction
from handlers.ui.keyboards import button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_draft import Offer, changed, draft, recall, take
from handlers.ui.trade_offer import offer_screen
from handlers.ui.trade_view import trade_screen
from ports.errors import Refused
from ports.messages import Screen
from ports.people import Role
from services.trading.completion import exactly, with_size
from services.trading.sentence import Asked, read_trade
from services.trading.wish import Wish

GOOD_FOR = timedelta(seconds=120)
MAY_MOVE = Decimal("0.005")


async def trade(request: Request) -> Screen:
    """What was typed, understood in any order; what is missing comes as buttons."""
    asked = read_trade(request.args)
    if not asked.names:
        return await _which_coin(request, asked)
    try:
        symbol = await _market(request, asked.names)
    except Refused as error:
        near = error.params.get("near")
        if error.code != "unknown_symbol" or not isinstance(near, list) or not near:
            raise
        return await _did_you_mean(request, asked, str(error.params["text"]), near)
    return await offer_screen(request, replace(asked, names=(symbol,)))


async def begin(request: Request) -> Screen:
    """The Long and Short buttons of other screens: `tr:BTCUSDT:long`."""
    symbol, _, way = request.args.partition(":")
    direction = Direction(way) if way in set(Direction) else None
    return await offer_screen(request, Asked(names=(symbol,), direction=direction))


async def edit(request: Request) -> Screen:
    """A button that changes the offer: `te:<token>:x3`."""
    token, _, change = request.args.partition(":")
    offer = await recall(request, token)
    asked = changed(offer.asked, change)
    if not asked.names:
        return await _which_coin(request, asked)
    try:
        return await offer_screen(request, asked)
    except Refused as error:
        most = error.params.get("most")
        if change != "more" or error.code != "too_much" or not isinstance(most, Decimal) or most <= 0:
            raise
        return await offer_screen(request, with_size(asked, most), note="most")


async def open_trade(request: Request) -> Screen:
    """The Open button: quoted anew when the offer is old or the price has moved, else opened, once."""
    offer = await recall(request, request.args)
    if offer.shown is None:
        return await offer_screen(request, offer.asked)
    wish = exactly(offer.shown)
    if offer.is_open:
        note = await _doubt(request, offer, wish)
        if note:
            return await offer_screen(request, offer.asked, note=note)
        await take(request, offer.token)
    trades = request.services.trades
    opened = await trades.open(
        request.person, wish, key=offer.token, chat_id=request.chat_id, message_id=request.message_id
    )
    return trade_screen(request.say, trades.standing(opened), may_trade=True)


async def dismiss(request: Request) -> Screen:
    """The Cancel button of an offer."""
    asked = (await recall(request, request.args)).asked
    symbols = asked.names[:1]
    again = [button(request.say("Price"), "px", symbol) for symbol in symbols]
    return Screen(html=request.say.render("trade_dismissed.html"), keyboard=rows(again))


async def _doubt(request: Request, offer: Offer, wish: Wish) -> str:
    """Why the person should look again before this is opened; empty when there is no reason."""
    preview = await request.services.trades.preview(request.person, wish)
    if request.services.clock.wire_now() - offer.at > GOOD_FOR:
        return "old"
    is_limit = wish.limit_price is not None
    if not is_limit and offer.price is not None and abs(preview.price / offer.price - 1) > MAY_MOVE:
        return "moved"
    return ""


async def _market(request: Request, names: tuple[str, ...]) -> str:
    """The symbol of the one market among the words. Raises `Refused`: `unknown_symbol`, `unclear_word`."""
    unknown: Refused | None = None
    symbols: list[str] = []
    strange: list[str] = []
    for name in names:
        try:
            symbols.append((await request.services.markets.resolve(name)).symbol)
        except Refused as error:
            if error.code != "unknown_symbol":
                raise
            unknown = unknown or error
            strange.append(name)
    if not symbols and unknown is not None:
        raise unknown
    if strange or len(set(symbols)) > 1:
        raise Refused("unclear_word", text=(strange or list(names[1:]))[0][:24])
    return symbols[0]


async def _which_coin(request: Request, asked: Asked) -> Screen:
    """The coins to choose from, everything else as it was said."""
    services, token = request.services, await draft(request, asked)
    quotes = services.markets.quotes(request.person.watchlist) or services.markets.top(6, "turnover")
    coins = [
        button(quote.instrument.base, "te", token, f"m{quote.instrument.symbol}") for quote in quotes[:9]
    ]
    html = request.say.render("trade_coin.html", is_bare=asked == Asked())
    return Screen(html=html, keyboard=rows(coins))


async def _did_you_mean(request: Request, asked: Asked, text: str, near: Sequence[Instrument]) -> Screen:
    token = await draft(request, replace(asked, names=()))
    shown = "".join(letter for letter in text if letter.isprintable())
    coins = [button(one.pair, "te", token, f"m{one.symbol}") for one in near]
    return Screen(html=request.say.render("trade_coin_unknown.html", text=shown), keyboard=rows(coins))


COMMANDS = (
    Command(
        name="trade",
        handler=trade,
        topic=Topic.TRADING,
        summary="Open a paper trade: coin, side, size, stop, targets",
        example="/trade btc long 100 sl 1% tp 2% 4%",
        words=("сделка", "торговать", "открой", "открыть"),
        shortcuts={
            "long": "long",
            "short": "short",
            "buy": "long",
            "sell": "short",
            "лонг": "long",
            "шорт": "short",
            "купить": "long",
            "купи": "long",
            "продать": "short",
            "шортани": "short",
        },
        role=Role.TRADER,
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="tr", handler=begin, role=Role.TRADER),
    ButtonRoute(prefix="te", handler=edit, role=Role.TRADER),
    ButtonRoute(prefix="to", handler=open_trade, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="tx", handler=dismiss, role=Role.TRADER),
)
