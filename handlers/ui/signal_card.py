"""The card of a signal: what, why, how sure, how much at risk, and how it goes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from engines.core.side import Direction
from engines.signals.course import COSTS, expected_costs
from engines.signals.proposal import LEAST_PUSHED, Proposal
from engines.signals.signal import Signal
from handlers.ui.keyboards import button
from handlers.ui.request import Services
from handlers.ui.signal_words import barriers_of, decimal, decimals, lines_of, reasons
from ports.charts import Level
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Person, Role
from services.speech import Speech

MOST_FOR = 3
MOST_AGAINST = 2


def card_screen(say: Speech, signal: Signal, *, may_trade: bool, photo: bytes | None = None) -> Screen:
    """One signal as it stands. Without the picture it is the same in words."""
    return Screen(html=card_html(say, signal), keyboard=card_keyboard(say, signal, may_trade), photo=photo)


def card_html(say: Speech, signal: Signal) -> str:
    """At most 1024 characters as Telegram counts them, so that it fits under a picture."""
    proposal = signal.proposal
    return say.render(
        "signal_card.html",
        signal=signal,
        proposal=proposal,
        course=signal.course,
        state_of=state_values(say, signal),
        levels=level_rows(proposal),
        costs=costs_of(proposal),
        **evidence_values(proposal),
    )


def card_keyboard(say: Speech, signal: Signal, may_trade: bool) -> Keyboard:
    """The main step for those who may take it, while the signal lives."""
    proposal = signal.proposal
    chart = button(say("Chart"), "sc", signal.id, proposal.timeframe.value)
    why = button(say("Why"), "sw", signal.id)
    if not signal.is_live:
        return ((chart, why, button(say("Record"), "sr")),)
    mute = button(say("Mute 4h"), "sm", proposal.instrument.symbol)
    if not may_trade:
        return ((chart, why, mute),)
    trade = button(say("Paper trade"), "sp", signal.id, style=Style.SUCCESS)
    return ((trade,), (chart, why, mute))


def evidence_values(proposal: Proposal) -> dict[str, object]:
    """What a proposal rests on, for `signal_macros.html`."""
    tick = proposal.instrument.tick
    lines = lines_of(proposal.findings, proposal.direction, tick)
    data = next((one for one in barriers_of(proposal.gates, tick) if one.name == "data"), None)
    return {
        "confidence": decimal(proposal.confidence),
        "is_weak": proposal.confidence < LEAST_PUSHED,
        "risk_reward": decimal(proposal.risk_reward),
        "size": decimal(proposal.size),
        "risk": decimal(proposal.risk),
        "tick": tick,
        "is_long": proposal.direction is Direction.LONG,
        "reasons": reasons(lines, is_for=True, most=MOST_FOR),
        "objections": reasons(lines, is_for=False, most=MOST_AGAINST),
        "data_age_s": None if data is None else data.numbers.get("age_s"),
    }


def level_rows(proposal: Proposal) -> Sequence[tuple[str, Decimal, Decimal, Decimal]]:
    """Stop and targets: name, price, its distance from the middle of the zone as a fraction, and in R."""
    entry = proposal.entry
    risk = abs(entry - proposal.stop)
    named = [("stop", proposal.stop), *((f"TP{n}", one) for n, one in enumerate(proposal.targets, 1))]
    sign = proposal.direction.sign
    return [(name, price, (price - entry) / entry, sign * (price - entry) / risk) for name, price in named]


def costs_of(proposal: Proposal) -> tuple[Decimal, Decimal]:
    """What fee and slippage take about, as a fraction of the entry and in R."""
    return decimal(2 * COSTS.rate), decimal(expected_costs(proposal))


def state_values(say: Speech, signal: Signal) -> dict[str, object]:
    """How it goes, with its times in the person's zone."""
    course, made = signal.course, signal.proposal.created_at
    entered, ended = course.entered_at, course.ended_at
    return {
        "made": say.time(made),
        "expires": _moment(say, signal.proposal.expires_at, made),
        "entered": None if entered is None else _moment(say, entered, made),
        "hits": [_moment(say, one, made) for one in course.hit_at],
        "ended": None if ended is None else _moment(say, ended, made),
        "is_secured": bool(course.hit_at),
        "result": None if course.result_r is None else decimal(course.result_r),
        "lasts_s": (signal.proposal.expires_at - made).total_seconds(),
        **decimals(_prices(signal)),
    }


def _prices(signal: Signal) -> dict[str, float]:
    course = signal.course
    known = {"entry": course.entry_price, "stop": course.stop, "exit": course.exit_price}
    return {name: price for name, price in known.items() if price is not None}


def _moment(say: Speech, at: datetime, beside: datetime) -> str:
    """The hour alone where the day goes without saying: it is the one that stands beside it."""
    same_day = say.time(at, "d MMM") == say.time(beside, "d MMM")
    return say.time(at, "HH:mm" if same_day else "d MMM HH:mm")


def levels_of(say: Speech, signal: Signal) -> Sequence[Level]:
    """The stop in force and the targets ahead; of one that is over, everything it said and any other exit."""
    proposal, course = signal.proposal, signal.course
    stop = course.stop if signal.is_live else float(proposal.stop)
    levels = [Level(name=say("Stop"), price=stop, kind="stop")]
    hit = len(course.hit_at) if signal.is_live else 0
    for number, price in enumerate(proposal.targets[hit:], start=hit + 1):
        levels.append(Level(name=f"TP{number}", price=float(price), kind="target"))
    if course.entry_price is not None and stop != course.entry_price:
        levels.append(Level(name=say("Entry"), price=course.entry_price, kind="entry"))
    if course.exit_price is not None and course.exit_price not in [one.price for one in levels]:
        levels.append(Level(name=say("Exit"), price=course.exit_price))
    return levels


def zone_of(proposal: Proposal) -> tuple[float, float]:
    """Where to enter, for the chart."""
    return float(proposal.entry_low), float(proposal.entry_high)


def back_to(say: Speech, signal: Signal) -> Button:
    """The button that leads back to the card."""
    return button(say("Signal"), "sg", signal.id)


def card_view_of(services: Callable[[], Services]) -> Callable[[Signal, Person], Screen]:
    """The view that living cards are drawn with; services come late because signals are one of them."""

    def view(signal: Signal, person: Person) -> Screen:
        say = services().rendering.speech(person.language, person.zone)
        return card_screen(say, signal, may_trade=person.role.covers(Role.TRADER))

    return view
