"""`/watch`: the coins of the cockpit and of `/price` without a name."""

from collections.abc import Sequence

from handlers.ui.keyboards import button, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Priority, Screen, Style

MOST = 20
_REMOVE = ("-", "remove", "del", "delete", "убери", "удали", "убрать", "удалить", "минус")
_ADD = ("+", "add", "добавь", "добавить", "плюс")


async def watch(request: Request) -> Screen:
    """Show the list; add the coins named; remove those behind `-` or `remove`."""
    is_removal = False
    names = []
    for word in request.args.replace(",", " ").lower().split():
        if word in _REMOVE or word in _ADD:
            is_removal = word in _REMOVE
        elif word[0] in "+-" and len(word) > 1:
            names.append((word[1:], word[0] == "-"))
        else:
            names.append((word, is_removal))
    watched = list(request.person.watchlist)
    for name, is_out in names:
        symbol = _gone(name, watched) if is_out else None
        symbol = symbol or (await request.services.markets.resolve(name)).symbol
        if is_out and symbol in watched:
            watched.remove(symbol)
        elif not is_out and symbol not in watched:
            watched.append(symbol)
    return await _keep(request, tuple(watched), was=request.person.watchlist)


def _gone(name: str, watched: Sequence[str]) -> str | None:
    """The watched symbol that `name` is, for coins that the venue no longer lists."""
    return next((one for one in watched if name.upper() in (one, _coin(one))), None)


def _coin(symbol: str) -> str:
    """How a watched market is called where the usual quote currency goes without saying."""
    return symbol.removesuffix("USDT")


async def add(request: Request) -> Screen:
    """The Watch button."""
    symbol = (await request.services.markets.resolve(request.args)).symbol
    watched = request.person.watchlist
    return await _keep(request, watched if symbol in watched else (*watched, symbol), was=watched)


async def remove(request: Request) -> Screen:
    """The Unwatch button; it undoes with one tap."""
    was = request.person.watchlist
    return await _keep(request, tuple(one for one in was if one != request.args), was=was)


async def _keep(request: Request, watched: tuple[str, ...], *, was: tuple[str, ...]) -> Screen:
    if len(watched) > MOST:
        raise Refused("too_many", most=MOST)
    services, say = request.services, request.say
    if watched != was:
        person = await services.people.change(request.person.id, watchlist=watched)
        services.markets.keep("watch", {symbol for one in services.people.all() for symbol in one.watchlist})
        await services.cockpits.refresh(person, priority=Priority.ANSWER)
    quotes = services.markets.quotes(watched)
    removed = [symbol for symbol in was if symbol not in watched]
    html = say.render(
        "watch.html",
        quotes=quotes,
        added=[_coin(symbol) for symbol in watched if symbol not in was],
        removed=[_coin(symbol) for symbol in removed],
        count=len(watched),
    )
    buttons = [button(f"✕ {_coin(symbol)}", "w-", symbol) for symbol in watched]
    undo = [
        button(say("Undo: {coin}", coin=_coin(symbol)), "w+", symbol, style=Style.PRIMARY)
        for symbol in removed
    ]
    if not watched and not undo:
        leaders = services.markets.top(6, "turnover")
        buttons = [button(f"+ {quote.instrument.base}", "w+", quote.instrument.symbol) for quote in leaders]
    return Screen(html=html, keyboard=(*rows(undo), *rows(buttons)))


COMMANDS = (
    Command(
        name="watch",
        handler=watch,
        topic=Topic.MARKETS,
        summary="Your watch list: add, remove",
        example="/watch btc eth -doge",
        words=("w", "watchlist", "следи", "следить", "список", "избранное"),
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="w+", handler=add, is_read_only=False),
    ButtonRoute(prefix="w-", handler=remove, is_read_only=False),
)
