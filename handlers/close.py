"""`/close` and `/stop`: ending a paper trade, in part or whole, and moving its stop."""

from datetime import timedelta
from decimal import Decimal

from engines.orders.trade import Trade
from handlers.ui.keyboards import button
from handlers.ui.kill_view import close_everything
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_view import trade_screen
from ports.errors import Refused
from ports.messages import Screen, Style
from ports.people import Role
from services.trading.sentence import Level, Unit, read_close, read_stop

BOOK = "close"
GOOD_FOR = timedelta(minutes=5)
EVERYTHING = {"all", "everything", "все", "всё"}
SHARES = {"half": Decimal("0.5"), "all": Decimal(1)}


async def close(request: Request) -> Screen:
    """At the market at once; at a price of one's own after a look at what it means. `all`, said by an admin
    in the admin chat, means the desk's positions."""
    is_desk = request.may(Role.ADMIN) and not request.is_private
    if is_desk and request.args.strip().casefold() in EVERYTHING:
        return await close_everything(request)
    asked = read_close(request.args)
    trade = await _named(request, asked.name, f"close {{}} {asked.share * 100:f}%")
    if asked.price is not None:
        return await _confirm(request, trade, asked.share, asked.price)
    return await _closed(request, trade, trade.version, asked.share)


async def close_button(request: Request) -> Screen:
    """Close and Close half: `tc:12:7:half`. Two taps on the same version of a trade are one deed."""
    number, version, share = _parts(request.args, 3)
    if share not in SHARES:
        raise Refused("unknown_choice")
    trade = await request.services.trades.get(request.person, int(number))
    return await _closed(request, trade, int(version), SHARES[share])


async def book(request: Request) -> Screen:
    """The confirmed price of one's own."""
    person = request.person
    action = await request.services.actions.take(
        BOOK,
        request.args,
        person_id=person.id,
        chat_id=request.chat_id,
        role=person.role,
        needed=Role.TRADER,
    )
    params = action.params
    trade = await request.services.trades.close(
        person,
        int(params["trade"]),
        share=Decimal(params["share"]),
        price=Decimal(params["price"]),
        key=action.token,
    )
    return _screen(request, trade)


async def stop(request: Request) -> Screen:
    """Move the stop to a price, a distance from the present price, or the entry."""
    asked = read_stop(request.args)
    trade = await _named(request, asked.name, "stop {}")
    if asked.level is None and not asked.is_entry:
        tick = trade.instrument.tick
        html = request.say.render("stop_where.html", trade=trade, tick=tick)
        return Screen(html=html, keyboard=((button(request.say("Show"), "tv", trade.id),),))
    price = None if asked.level is None else _price(request, trade, asked.level)
    return await _protected(request, trade, trade.version, price)


async def secure(request: Request) -> Screen:
    """The Stop to entry button: `tb:12:7`."""
    number, version = _parts(request.args, 2)
    trade = await request.services.trades.get(request.person, int(number))
    return await _protected(request, trade, int(version), None)


async def _named(request: Request, name: str | None, form: str) -> Trade:
    """The trade that was named; the only one where none was. Raises `Refused`: `no_open_trades`,
    `which_trade` with a button each, and as `Trades.find` does."""
    trades = request.services.trades
    if name:
        return await trades.find(request.person, name)
    live = [standing.trade for standing in trades.live(request.person.id)]
    if not live:
        raise Refused("no_open_trades")
    if len(live) > 1:
        forms = [(f"#{one.id} {one.instrument.base}", form.format(one.id)) for one in live[:9]]
        raise Refused("which_trade", forms=forms)
    return live[0]


async def _closed(request: Request, trade: Trade, version: int, share: Decimal) -> Screen:
    key = f"close:{trade.id}:{version}:{share.normalize():f}"
    changed = await request.services.trades.close(request.person, trade.id, share=share, key=key)
    return _screen(request, changed)


async def _protected(request: Request, trade: Trade, version: int, price: Decimal | None) -> Screen:
    key = f"stop:{trade.id}:{version}:{'entry' if price is None else format(price, 'f')}"
    changed = await request.services.trades.protect(request.person, trade.id, stop=price, key=key)
    return _screen(request, changed)


def _price(request: Request, trade: Trade, level: Level) -> Decimal:
    if level.unit is Unit.PRICE:
        return trade.instrument.price(level.value)
    mark = request.services.trades.standing(trade).mark
    if mark is None:
        raise Refused("no_fresh_price", pair=trade.instrument.pair)
    if level.unit is not Unit.FRACTION:
        raise Refused("bad_amount", text=f"{level.value:f}{level.unit.value}"[:24])
    return trade.instrument.price(mark * (1 - trade.direction.sign * level.value))


async def _confirm(request: Request, trade: Trade, share: Decimal, price: Decimal) -> Screen:
    say, entry = request.say, trade.entry_price
    token = await request.services.actions.offer(
        BOOK,
        chat_id=request.chat_id,
        person_id=request.person.id,
        params={"trade": trade.id, "share": str(share), "price": str(price)},
        lasts=GOOD_FOR,
    )
    gain = None if entry is None else (price - entry) * trade.direction.sign * trade.quantity * share
    tick = trade.instrument.tick
    html = say.render("close_manual.html", trade=trade, share=share, price=price, gain=gain, tick=tick)
    keyboard = (
        (
            button(say("Book it"), "tm", token, style=Style.DANGER),
            button(say("Keep it"), "tv", trade.id),
        ),
    )
    return Screen(html=html, keyboard=keyboard)


def _screen(request: Request, trade: Trade) -> Screen:
    standing = request.services.trades.standing(trade)
    return trade_screen(request.say, standing, may_trade=request.may(Role.TRADER))


def _parts(args: str, count: int) -> list[str]:
    """The parts of a button's data, the first two of them numbers. Raises `Refused("unknown_choice")`."""
    parts = args.split(":")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 10 for part in parts[:2]):
        raise Refused("unknown_choice")
    return parts


COMMANDS = (
    Command(
        name="close",
        handler=close,
        topic=Topic.TRADING,
        summary="Close a paper trade, whole or in part",
        example="/close eth half",
        words=("закрой", "закрыть", "exit"),
        role=Role.TRADER,
        is_read_only=False,
        acts_alone=True,
    ),
    Command(
        name="stop",
        handler=stop,
        topic=Topic.TRADING,
        summary="Move the stop of a paper trade",
        example="/stop eth 2850",
        words=("стоп",),
        role=Role.TRADER,
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="tc", handler=close_button, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="tm", handler=book, role=Role.TRADER, is_read_only=False),
    ButtonRoute(prefix="tb", handler=secure, role=Role.TRADER, is_read_only=False),
)
