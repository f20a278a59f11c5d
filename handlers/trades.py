"""`/trades`: what is open, then what was closed; one trade, and its levels on a chart."""

import re

from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from engines.orders.trade import Trade
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_view import levels_of, result_in_r, trade_screen
from ports.errors import Refused
from ports.messages import Button, Screen, Style
from ports.people import Role

ON_A_PAGE = 10
MOST_BUTTONS = 12
_PAGE = re.compile(r"[0-9]{1,3}")
FRAMES = (Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)


async def trades(request: Request) -> Screen:
    """Open trades on the first page, closed ones from there on, the newest first."""
    say, services = request.say, request.services
    page = int(request.args) if _PAGE.fullmatch(request.args) else 0
    live = services.trades.live(request.person.id)
    closed = await _closed(request, (page + 1) * ON_A_PAGE + 1 + len(live))
    shown = closed[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    html = say.render(
        "trades.html",
        live=live if page == 0 else (),
        closed=[(trade, result_in_r(trade)) for trade in shown],
        page=page,
        is_empty=not live and not closed,
        may_trade=request.may(Role.TRADER),
    )
    if not live and not closed:
        return Screen(html=html, keyboard=(_first_steps(request),))
    open_ones = [
        button(f"#{one.trade.id} {one.trade.instrument.base}", "tv", one.trade.id)
        for one in live[:MOST_BUTTONS]
    ]
    return Screen(
        html=html,
        keyboard=(
            *rows(open_ones if page == 0 else ()),
            *rows(_turns(request, page, has_more=len(closed) > (page + 1) * ON_A_PAGE)),
            (button(say("Portfolio"), "pf"), button(say("Refresh"), "tl", page)),
        ),
    )


async def show(request: Request) -> Screen:
    """One trade as it stands: `tv:12`."""
    trade = await _trade(request, request.args)
    standing = request.services.trades.standing(trade)
    return trade_screen(request.say, standing, may_trade=request.may(Role.TRADER))


async def chart(request: Request) -> Screen:
    """The levels of a trade over the candles: `tg:12:4h`."""
    number, _, frame = request.args.partition(":")
    trade, say = await _trade(request, number), request.say
    timeframe = parse_timeframe(frame) or Timeframe.H1
    picture = await request.services.pictures.candles(
        trade.instrument,
        timeframe,
        theme=request.person.theme,
        speech=say,
        levels=levels_of(say, trade),
    )
    is_perp = trade.instrument.kind is MarketKind.PERP
    html = say.render("trade_chart.html", trade=trade, timeframe=timeframe.value, is_perp=is_perp)
    frames = choice([(one.value, one.value) for one in FRAMES], timeframe.value, "tg", trade.id)
    keyboard = (*rows(frames, width=5), (button(say("Trade"), "tv", trade.id),))
    return Screen(html=html, keyboard=keyboard, photo=picture.png)


async def _trade(request: Request, number: str) -> Trade:
    if not number.isdecimal() or len(number) > 9:
        raise Refused("no_such_trade")
    return await request.services.trades.get(request.person, int(number))


async def _closed(request: Request, limit: int) -> list[Trade]:
    history = await request.services.trades.history(request.person, limit=limit)
    return [trade for trade in history if not trade.is_live]


def _turns(request: Request, page: int, *, has_more: bool) -> list[Button]:
    say = request.say
    turns = [button(say("Newer"), "tl", page - 1)] if page else []
    return [*turns, button(say("Older"), "tl", page + 1)] if has_more else turns


def _first_steps(request: Request) -> tuple[Button, ...]:
    say = request.say
    steps = [button(say("Top"), "top", "v", 10), button(say("Chart BTC"), "ch", "BTCUSDT", "1h")]
    if request.may(Role.TRADER):
        steps.insert(0, button(say("Trade BTC"), "tr", "BTCUSDT", style=Style.PRIMARY))
    return tuple(steps)


COMMANDS = (
    Command(
        name="trades",
        handler=trades,
        topic=Topic.TRADING,
        summary="Open paper trades, then closed ones",
        example="/trades",
        words=("сделки", "positions", "позиции"),
    ),
)
BUTTONS = (
    ButtonRoute(prefix="tl", handler=trades),
    ButtonRoute(prefix="tv", handler=show),
    ButtonRoute(prefix="tg", handler=chart, action="upload_photo"),
)
