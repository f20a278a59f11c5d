"""`/signals`: what is followed now, those that the person's filter lets through first."""

from collections.abc import Sequence

from engines.signals.signal import Signal
from handlers.ui.arrow import ARROWS
from handlers.ui.keyboards import button, rows
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.signal_words import decimal
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Keyboard, Screen
from services.signalling.readers import wants

ON_A_PAGE = 9


async def signals(request: Request) -> Screen:
    """One page: `/signals`, `sv:1`."""
    live = request.services.signals.live()
    now = request.services.clock.now()
    yours = [one for one in live if wants(request.person, one.proposal, now)]
    others = [one for one in live if one not in yours]
    ordered = [*_newest(yours), *_newest(others)]
    pages = max(-(-len(ordered) // ON_A_PAGE), 1)
    asked = request.args.strip()
    page = min(int(asked) if asked.isdecimal() and len(asked) < 4 else 0, pages - 1)
    shown = ordered[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    values = {
        "listed": [
            (one, one in yours, decimal(one.proposal.confidence), _gone(request, one)) for one in shown
        ],
        "total": len(ordered),
        "page": page + 1,
        "pages": pages,
        "is_off": not request.person.signals.is_on,
    }
    latched = latch_line(request.services, request.say)
    html = latched + request.say.render("signals.html", **values)
    form = rich(request, "rich/signals.html", latch_line=latched, **values)
    return Screen(html=html, keyboard=_keyboard(request, shown, page, pages), rich=form)


def _newest(found: Sequence[Signal]) -> Sequence[Signal]:
    return sorted(found, key=lambda one: -one.id)


def _gone(request: Request, signal: Signal) -> str:
    """How long ago it was made."""
    made = signal.proposal.created_at
    return request.say.age((request.services.clock.now() - made).total_seconds())


def _keyboard(request: Request, shown: Sequence[Signal], page: int, pages: int) -> Keyboard:
    say = request.say
    each = [button(_label(one), "sg", one.id) for one in shown]
    turns = [(say("◀ Back"), page - 1), (say("Next ▶"), page + 1)]
    paging = [button(label, "sv", to) for label, to in turns if 0 <= to < pages]
    last = [button(say("Record"), "sr"), button(say("Filters"), "sf"), button(say("Refresh"), "sv", page)]
    return (*rows(each), *rows(paging), tuple(last))


def _label(signal: Signal) -> str:
    arrow = ARROWS[signal.proposal.direction]
    return f"{arrow} {signal.proposal.instrument.base[:12]} {signal.proposal.timeframe}"


COMMANDS = (
    Command(
        name="signals",
        handler=signals,
        topic=Topic.SIGNALS,
        summary="Signals that are followed now",
        example="/signals",
        words=("сигналы", "ideas", "идеи"),
    ),
)
BUTTONS = (ButtonRoute(prefix="sv", handler=signals),)
