"""`/screen`: the ten markets most worth a look today, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.signals.screen import WEIGHTS, Pick
from handlers.ui.arrow import ARROWS
from handlers.ui.keyboards import again, button, choice, rows
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Screen
from ports.people import Role
from services.market.quote import Quote
from services.screening.day_screen import DayScreen

SIGNALS, CHARTS, ANEW = "s", "c", "new"


@dataclass(frozen=True, slots=True)
class Row:
    """A pick as templates show it. `reasons` are codes of words with exact numbers."""

    pick: Pick
    base: str
    arrow: str
    quote: Quote | None
    total: Decimal
    scores: Sequence[tuple[str, Decimal]]
    reasons: Sequence[tuple[str, dict[str, Decimal]]]


async def screen(request: Request) -> Screen:
    """Today's screen; while it is made, the one before and how far it is."""
    screener, mode = request.services.screener, request.args.strip()
    if mode == ANEW:
        if not request.may(Role.TRADER):
            raise Refused("not_allowed")
        screener.again()
    else:
        await screener.wait()
    shown = screener.latest
    found = [_row(request, pick) for pick in shown.picks] if shown is not None else []
    values = {
        "daily": shown,
        "coins": found,
        "made": None if shown is None else request.say.time(shown.made_at),
        "is_past": shown is not None and screener.today is None,
        "progress": screener.progress,
        "has_failed": screener.has_failed,
        "weights": [(name, Decimal(str(weight))) for name, weight in WEIGHTS.items()],
    }
    html = request.say.render("screen.html", **values)
    keyboard = _keyboard(request, found, CHARTS if mode == CHARTS else SIGNALS, shown)
    return Screen(html=html, keyboard=keyboard, rich=rich(request, "rich/screen.html", **values))


def _row(request: Request, pick: Pick) -> Row:
    markets = request.services.markets
    instrument = markets.instrument(pick.symbol)
    return Row(
        pick=pick,
        base=pick.symbol.removesuffix("USDT") if instrument is None else instrument.base,
        arrow=ARROWS[pick.direction],
        quote=next(iter(markets.quotes([pick.symbol])), None),
        total=_exact(pick.total),
        scores=[(name, _exact(getattr(pick.scores, name))) for name in WEIGHTS],
        reasons=[
            (reason.code, {name: _exact(number) for name, number in reason.numbers.items()})
            for reason in pick.reasons
        ],
    )


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))


def _keyboard(
    request: Request, found: Sequence[Row], mode: str, shown: DayScreen | None
) -> tuple[tuple[Button, ...], ...]:
    """What the coins' buttons open is chosen in the first row."""
    say, screener = request.say, request.services.screener
    may_anew = request.may(Role.TRADER) and screener.progress is None and screener.today is not None
    refresh = button(say("Refresh"), "sk", ANEW if may_anew else mode)
    is_needed = may_anew or screener.today is None
    if not found:
        return ((refresh,),) if is_needed else ()
    modes = [*choice([(SIGNALS, say("Signals")), (CHARTS, say("Charts"))], mode, "sk")]
    coins = [_way(row, mode) for row in found]
    return (*rows([*modes, *([refresh] if is_needed else [])]), *rows(one for one in coins if one))


def _way(row: Row, mode: str) -> Button | None:
    if mode == CHARTS:
        return button(row.base, "ch", row.pick.symbol, "4h")
    return again(f"signal {row.pick.symbol}", row.base)


COMMANDS = (
    Command(
        name="screen",
        handler=screen,
        topic=Topic.MARKETS,
        summary="Coins of the day, with reasons",
        words=("screener", "picks", "скринер", "скрин", "подборка"),
        shortcuts={"монеты": ""},
    ),
)
BUTTONS = (ButtonRoute(prefix="sk", handler=screen),)
