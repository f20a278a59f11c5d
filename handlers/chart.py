"""`/chart`: a candle picture with indicators; the timeframe buttons under it change it in place."""

from engines.core.timeframe import Timeframe
from handlers.ui.chart_wish import FRAMES, ChartWish, read_wish
from handlers.ui.keyboards import button, choice, fits, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_offer import ways_in
from ports.errors import Transient
from ports.messages import Screen
from services.market.quote import Quote
from services.pictures import Picture


async def chart(request: Request) -> Screen:
    """A chart of the coin, timeframe and indicators named in any order; Bitcoin when none is named."""
    services = request.services
    wish = await read_wish(request)
    picture = await services.pictures.candles(
        wish.instrument, wish.timeframe, theme=request.person.theme, speech=request.say, specs=wish.specs
    )
    try:
        quote = await services.markets.quote(wish.instrument.symbol)
    except Transient:
        quote = None  # the picture is there; its last candle has the price
    return _screen(request, wish, picture, quote)


def _screen(request: Request, wish: ChartWish, picture: Picture, quote: Quote | None) -> Screen:
    say, instrument = request.say, wish.instrument
    html = say.render(
        "chart.html",
        instrument=instrument,
        timeframe=wish.timeframe.value,
        picture=picture,
        quote=quote,
    )
    again = _again(wish, wish.timeframe)
    frames = {frame: _again(wish, frame) for frame in FRAMES}
    forms = [(data, frame.value) for frame, data in frames.items() if data is not None]
    refresh = [] if again is None else [button(say("Refresh"), "ch", again)]
    keyboard = (
        *rows(choice(forms, again or "", "ch"), width=5),
        (button(say("Price"), "px", instrument.symbol), *refresh),
        *rows(ways_in(request, instrument.symbol)),
    )
    return Screen(html=html, keyboard=keyboard, photo=picture.png)


def _again(wish: ChartWish, timeframe: Timeframe) -> str | None:
    """What a button says to have the same chart in that timeframe; `None` where that is too long for one."""
    words = f"{wish.instrument.symbol}:{timeframe.value} {wish.names}".strip()
    return words if fits("ch", words) else None


COMMANDS = (
    Command(
        name="chart",
        handler=chart,
        topic=Topic.MARKETS,
        summary="Candle chart of a coin",
        example="/chart eth 4h rsi",
        words=("c", "graph", "candles", "график", "чарт", "свечи"),
        action="upload_photo",
    ),
)
BUTTONS = (ButtonRoute(prefix="ch", handler=chart, action="upload_photo"),)
