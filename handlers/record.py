"""`/record`: what the signals of this desk came to, with how much chance there is in each figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.signals.record import Estimate, Record, Tally
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.signal_words import decimal
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Keyboard, Screen

FEW = 30
"""Ended signals below which a figure says little."""
MOST_ROWS = 12
DEFAULT = "tf"
_WORDS = {
    "tf": "timeframe timeframes frame tf таймфрейм таймфреймы",
    "dir": "direction directions long short side направление направления лонг шорт",
    "coin": "coin coins symbol symbols pair pairs монета монеты монетам",
    "conf": "confidence sure conf уверенность уверенности",
    "kind": "regime regimes market рынок режим режимы",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and where it lies in 95 of 100 draws, `None` where too little is known to say."""

    value: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A tally as `record.html` shows it."""

    name: str
    count: int
    is_few: bool
    win_rate: Figure
    average_r: Figure
    profit_factor: Figure | None
    best: Decimal
    worst: Decimal


async def record(request: Request) -> Screen:
    """The whole record, and one way to divide it: `/record`, `/record coins`, `sr:coin`."""
    tab = _tab(request.args)
    found = await request.services.signals.record()
    groups = _groups(found, tab)
    values = {
        "overall": None if found.overall is None else _row("", found.overall),
        "by_fate": [_row(name, one) for name, one in found.pushed.items()],
        "groups": [_row(name, one) for name, one in _biggest(groups)],
        "hidden": max(len(groups) - MOST_ROWS, 0),
        "tab": tab,
        "few": FEW,
        "followed": len(request.services.signals.live()),
    }
    html = request.say.render("record.html", **values)
    form = rich(request, "rich/record.html", **values)
    keyboard = _keyboard(request, tab, is_empty=found.overall is None)
    return Screen(html=html, keyboard=keyboard, rich=form)


def _tab(args: str) -> str:
    asked = args.strip().lower().split()
    return next(
        (tab for tab, words in _WORDS.items() for one in asked if one in (tab, *words.split())), DEFAULT
    )


def _groups(found: Record, tab: str) -> Mapping[str, Tally]:
    return {
        "tf": found.timeframes,
        "dir": found.directions,
        "coin": found.symbols,
        "conf": found.confidence,
        "kind": found.regimes,
    }[tab]


def _biggest(groups: Mapping[str, Tally]) -> Sequence[tuple[str, Tally]]:
    """The groups with the most signals, in the order of their names."""
    kept = sorted(groups.items(), key=lambda one: -one[1].count)[:MOST_ROWS]
    return sorted(kept)


def _row(name: str, tally: Tally) -> RecordRow:
    factor = tally.profit_factor
    return RecordRow(
        name=name,
        count=tally.count,
        is_few=tally.count < FEW,
        win_rate=_figure(tally.win_rate),
        average_r=_figure(tally.average_r),
        profit_factor=None if factor is None else _figure(factor),
        best=decimal(tally.best_r),
        worst=decimal(tally.worst_r),
    )


def _figure(estimate: Estimate) -> Figure:
    value = decimal(estimate.value)
    if estimate.interval is None:
        return Figure(value, None, None)
    low, high = estimate.interval
    return Figure(value, decimal(low), decimal(high))


def _keyboard(request: Request, tab: str, *, is_empty: bool) -> Keyboard:
    say = request.say
    ways = (button(say("Signals"), "sv", 0), button(say("Filters"), "sf"))
    if is_empty:
        return (ways,)
    tabs = [
        ("tf", say("Frames")),
        ("dir", say("Long, short")),
        ("coin", say("Coins")),
        ("conf", say("Confidence")),
        ("kind", say("Market")),
    ]
    return (*rows(choice(tabs, tab, "sr")), ways)


COMMANDS = (
    Command(
        name="record",
        handler=record,
        topic=Topic.SIGNALS,
        summary="The track record of the signals, with sample sizes",
        example="/record",
        words=("trackrecord", "результаты", "статистика", "рекорд"),
    ),
)
BUTTONS = (ButtonRoute(prefix="sr", handler=record),)
