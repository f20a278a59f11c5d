"""The confirm step of a trade: what it would mean now, and buttons that change it or open it."""

from dataclasses import replace
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.trade_draft import draft
from ports.errors import Refused, Transient
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Role
from services.speech import Speech
from services.trading.completion import Ground, complete, presets, with_size
from services.trading.sentence import Asked, Of, written
from services.trading.wish import Preview, Wish

_LEVERS = 5
_ATR = Spec("atr", (14,))
_ATR_BARS = 200
_SAME = Decimal("0.0005")
"""How far two prices may lie apart and still be one."""
_WRONG_SIDES = ("stop_wrong_side", "target_wrong_side")
_ABOVE = Decimal("1.01")
"""How far above the smallest size the button for it lies: the price moves before it is pressed."""


def ways_in(request: Request, symbol: str) -> list[Button]:
    """The buttons that lead from a market to the confirm step, for those who may trade."""
    if not request.may(Role.TRADER):
        return []
    say = request.say
    ways = [button(say("Long"), "tr", symbol, Direction.LONG.value, style=Style.SUCCESS)]
    if request.services.perps.known(symbol) is not None:
        ways.append(button(say("Short"), "tr", symbol, Direction.SHORT.value, style=Style.DANGER))
    return ways


async def offer_screen(request: Request, asked: Asked, *, note: str = "") -> Screen:
    """The screen for a sentence whose only name is a market's symbol: the confirm step, or, while nobody said
    which way, the question. `note` says why it is shown again."""
    instrument = await traded(request, asked.names[0])
    if asked.direction is None:
        return await _which_way(request, asked, instrument)
    try:
        preview = await _measured(request, asked, asked.direction, await _ground(request, instrument))
    except Refused as error:
        raise _with_mends(error, asked, request.say) from error
    kept = with_size(asked, preview.wish.notional)
    token = await draft(request, kept, preview)
    html = request.say.render(
        "trade_offer.html",
        preview=preview,
        wish=preview.wish,
        note=note,
        tick=preview.instrument.tick,
        is_spot=preview.instrument.kind is MarketKind.SPOT,
        rewards=[_reward(preview, target.price) for target in preview.targets],
    )
    return Screen(html=html, keyboard=_keyboard(request, kept, preview, token))


async def traded(request: Request, symbol: str) -> Instrument:
    """What a paper trade of that spot market trades: its perpetual where there is one."""
    spot = await request.services.markets.resolve(symbol)
    return await request.services.perps.instrument(spot.symbol) or spot


async def price_of(request: Request, instrument: Instrument) -> Decimal:
    """The latest price. Raises `Transient` or `Stale` when there is none to speak of."""
    if instrument.kind is MarketKind.PERP:
        return (await request.services.perps.fresh(instrument.symbol)).last
    return (await request.services.markets.quote(instrument.symbol)).ticker.last


async def _ground(request: Request, instrument: Instrument) -> Ground:
    portfolio = await request.services.trades.portfolio(request.person)
    return Ground(
        instrument=instrument,
        price=await price_of(request, instrument),
        atr=await _hourly_atr(request, instrument.symbol),
        free=portfolio.free,
        equity=portfolio.free if portfolio.equity is None else portfolio.equity,
        risk=request.person.risk,
    )


async def _hourly_atr(request: Request, symbol: str) -> Decimal | None:
    """The average true range of the last closed hours; `None` where there is too little history."""
    services, hour = request.services, Timeframe.H1
    try:
        candles = await services.markets.candles(symbol, hour, _ATR_BARS)
    except Transient:
        return None  # without it nothing is suggested; the trade itself needs no history
    closed = candles.closed_before(int(services.clock.now().timestamp() * 1000), hour.ms)
    value = await services.indicators.last(closed, _ATR)
    return Decimal(repr(value)) if value else None


async def _measured(request: Request, asked: Asked, direction: Direction, ground: Ground) -> Preview:
    """What the sentence would mean. Distances are measured from the price that would be paid, which is known
    only after a look at the book: the last trade may be some seconds older."""
    is_exact = asked.size is not None and asked.size.of is Of.MONEY
    try:
        preview = await _preview(request, complete(asked, direction, ground), is_exact=is_exact)
        price = preview.price
        if asked.price is not None or abs(price / ground.price - 1) <= _SAME:
            return preview
    except Refused as error:
        paid = error.params.get("price")
        if asked.price is not None or error.code not in _WRONG_SIDES or not isinstance(paid, Decimal):
            raise
        price = paid
    wish = complete(asked, direction, replace(ground, price=price))
    return await _preview(request, wish, is_exact=is_exact)


async def _preview(request: Request, wish: Wish, *, is_exact: bool) -> Preview:
    """What the wish would mean; a size that we suggested is cut to what can be had."""
    trades, person = request.services.trades, request.person
    try:
        return await trades.preview(person, wish)
    except Refused as error:
        most = error.params.get("most")
        if is_exact or error.code != "too_much" or not isinstance(most, Decimal) or most <= 0:
            raise
    return await trades.preview(person, replace(wish, notional=most))


def _with_mends(error: Refused, asked: Asked, say: Speech) -> Refused:
    """The same refusal with the sentence that would do, as a button."""
    most, least = error.params.get("most"), error.params.get("least")
    sizes = {"too_much": most, "too_small": least * _ABOVE if isinstance(least, Decimal) else None}
    levels: dict[str, Decimal | int] = {"spot_no_leverage": 1}
    if isinstance(most, Decimal | int):
        levels["bad_leverage"] = most
    mends: list[tuple[str, Asked]] = []
    if isinstance(size := sizes.get(error.code), Decimal) and size > 0:
        mends.append((f"{say.money(size)} USDT", with_size(asked, size)))
    if (leverage := levels.get(error.code)) is not None:
        mends.append((f"x{leverage}", replace(asked, leverage=Decimal(leverage))))
    if error.code == "spot_no_short":
        mends.append((say("Long"), replace(asked, direction=Direction.LONG)))
    if error.code == "stop_wrong_side":
        mends.append((say("No stop"), replace(asked, stop=None, has_no_stop=True)))
    if error.code == "target_wrong_side":
        mends.append((say("No targets"), replace(asked, targets=(), has_no_targets=True)))
    forms = [(label, f"trade {written(mended)}") for label, mended in mends]
    return Refused(error.code, **{"forms": forms, **error.params})


def _reward(preview: Preview, target: Decimal) -> Decimal | None:
    """A target's distance in units of the stop's (R)."""
    if preview.stop is None or preview.stop == preview.price:
        return None
    return (target - preview.price) / (preview.price - preview.stop)


def _keyboard(request: Request, asked: Asked, preview: Preview, token: str) -> Keyboard:
    say, wish = request.say, preview.wish
    levers: list[Button] = []
    if preview.instrument.kind is MarketKind.PERP:
        levers = list(choice(_leverages(request), f"x{wish.leverage.normalize():f}", "te", token))
    return (
        (button(say("Open"), "to", token, style=Style.SUCCESS),),
        (button(say("Smaller"), "te", token, "less"), button(say("Bigger"), "te", token, "more")),
        *rows(levers, width=_LEVERS),
        (
            button(say("No stop") if wish.stop else say("Stop"), "te", token, f"s{int(not wish.stop)}"),
            button(
                say("No targets") if wish.targets else say("Targets"),
                "te",
                token,
                f"t{int(not wish.targets)}",
            ),
            button(say("Cancel"), "tx", token),
        ),
    )


def _leverages(request: Request) -> list[tuple[str, str]]:
    """What the desk allows, as values and labels of buttons."""
    most = int(request.services.trades.opening.most_leverage)
    return [(f"x{number}", f"x{number}") for number in range(1, most + 1)]


async def _which_way(request: Request, asked: Asked, instrument: Instrument) -> Screen:
    say, token = request.say, await draft(request, asked)
    portfolio = await request.services.trades.portfolio(request.person)
    ways = [button(say("Long"), "te", token, "dlong", style=Style.SUCCESS)]
    is_perp = instrument.kind is MarketKind.PERP
    if is_perp:
        ways.append(button(say("Short"), "te", token, "dshort", style=Style.DANGER))
    size = asked.size.value if asked.size is not None and asked.size.of is Of.MONEY else None
    sizes = [(f"n{one:f}", f"{say.number(one)} USDT") for one in presets(portfolio.free)]
    levers = _leverages(request) if is_perp else []
    chosen = "" if asked.leverage is None else f"x{asked.leverage.normalize():f}"
    html = say.render(
        "trade_side.html",
        instrument=instrument,
        price=await price_of(request, instrument),
        tick=instrument.tick,
        free=portfolio.free,
        said=written(replace(asked, names=())),
        is_spot=not is_perp,
    )
    keyboard = (
        tuple(ways),
        *rows(choice(sizes, "" if size is None else f"n{size:f}", "te", token)),
        *rows(choice(levers, chosen, "te", token), width=_LEVERS),
        (button(say("Cancel"), "tx", token),),
    )
    return Screen(html=html, keyboard=keyboard)
