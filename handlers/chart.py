"""`/chart`: a candle picture; the timeframe buttons under it change it in place."""

from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.trade_offer import ways_in
from ports.errors import Refused, Transient
from ports.messages import Screen
from services.market.quote import Quote
from services.pictures import Picture

FRAMES = (Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)
DEFAULT = Timeframe.H1


async def chart(request: Request) -> Screen:
    """A chart of the coin and timeframe named in any order; Bitcoin when none is named."""
    services = request.services
    instrument, timeframe = await _asked(request)
    picture = await services.pictures.candles(
        instrument, timeframe, theme=request.person.theme, speech=request.say
    )
    try:
        quote = await services.markets.quote(instrument.symbol)
    except Transient:
        quote = None  # the picture is there; its last candle has the price
    return _screen(request, instrument, timeframe, picture, quote)


async def _asked(request: Request) -> tuple[Instrument, Timeframe]:
    timeframe: Timeframe | None = None
    names = []
    for word in _words(request.args):
        # "1h" is a timeframe wherever it stands; only a first word that names a market is a market.
        parsed = parse_timeframe(word) if timeframe is None else None
        if parsed is not None:
            timeframe = parsed
        else:
            names.append(word)
    markets = request.services.markets
    if not names:
        return await markets.resolve("BTC"), timeframe or DEFAULT
    instrument = await markets.resolve(names[0])
    if len(names) > 1 and timeframe is None:
        forms = [(frame.value, f"chart {instrument.symbol} {frame.value}") for frame in FRAMES]
        raise Refused("unknown_timeframe", text=names[1][:16], forms=forms)
    return instrument, timeframe or DEFAULT


def _words(args: str) -> list[str]:
    """Words of `args`; a timeframe behind a colon, as in buttons, stands alone: `BTCUSDT:4h`."""
    words = []
    for word in args.replace(",", " ").split():
        market, _, frame = word.rpartition(":")
        words.extend([market, frame] if market and parse_timeframe(frame) is not None else [word])
    return words


def _screen(
    request: Request, instrument: Instrument, timeframe: Timeframe, picture: Picture, quote: Quote | None
) -> Screen:
    say = request.say
    html = say.render(
        "chart.html",
        instrument=instrument,
        timeframe=timeframe.value,
        picture=picture,
        quote=quote,
    )
    frames = choice(
        [(frame.value, frame.value) for frame in FRAMES], timeframe.value, "ch", instrument.symbol
    )
    keyboard = (
        *rows(frames, width=5),
        (
            button(say("Price"), "px", instrument.symbol),
            button(say("Refresh"), "ch", instrument.symbol, timeframe.value),
        ),
        *rows(ways_in(request, instrument.symbol)),
    )
    return Screen(html=html, keyboard=keyboard, photo=picture.png)


COMMANDS = (
    Command(
        name="chart",
        handler=chart,
        topic=Topic.MARKETS,
        summary="Candle chart of a coin",
        example="/chart eth 4h",
        words=("c", "graph", "candles", "график", "чарт", "свечи"),
        action="upload_photo",
    ),
)
BUTTONS = (ButtonRoute(prefix="ch", handler=chart, action="upload_photo"),)
