"""A look at a market where there is no signal: what the evidence says, and what stands in the way."""

from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.signals.decision import ENTRY_FRAMES, Decision
from engines.signals.proposal import LEAST_PUSHED
from handlers.ui.keyboards import again, button
from handlers.ui.request import Request
from handlers.ui.signal_card import MOST_AGAINST, MOST_FOR, costs_of, level_rows
from handlers.ui.signal_words import Barrier, barriers_of, blocked, decimal, either_way, lines_of, reasons
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Role
from services.speech import Speech

_OPENING = ("above", "pullback", "below")
_DIGITS = 5


def look_screen(request: Request, decision: Decision, *, asked: Timeframe | None = None) -> Screen:
    """The decision of this moment in short. `asked` is a timeframe that was named but has no entries."""
    say, proposal = request.say, decision.proposal
    html = say.render(
        "signal_look.html",
        **look_values(decision),
        asked=asked,
        entries=[one.value for one in ENTRY_FRAMES],
        proposal=proposal,
        levels=() if proposal is None else level_rows(proposal),
        costs=None if proposal is None else costs_of(proposal),
        reward=None if proposal is None else decimal(proposal.risk_reward),
        is_weak=proposal is not None and proposal.confidence < LEAST_PUSHED,
    )
    return Screen(html=html, keyboard=_keyboard(request, decision))


def look_values(decision: Decision) -> dict[str, object]:
    """A decision as templates word it."""
    tick = decision.instrument.tick
    lines = lines_of(decision.findings, decision.direction, tick)
    gates = barriers_of(decision.gates, tick)
    stopped = blocked(gates)
    return {
        "instrument": decision.instrument,
        "timeframe": decision.timeframe.value,
        "direction": decision.direction,
        "spot_price": decimal(decision.price),
        "tick": tick,
        "confidence": decimal(decision.confidence),
        "strength": round(decision.strength),
        "reasons": reasons(lines, is_for=True, most=MOST_FOR)
        if decision.direction is not None
        else either_way(lines, most=MOST_AGAINST),
        "objections": reasons(lines, is_for=False, most=MOST_AGAINST),
        "gates": gates,
        "stopped_at": None if stopped is None else stopped[0],
        "barrier": None if stopped is None else stopped[1],
    }


def _keyboard(request: Request, decision: Decision) -> Keyboard:
    say, symbol, frame = request.say, decision.instrument.symbol, decision.timeframe.value
    if decision.proposal is not None:
        ways = [button(say("Why"), "do", f"why {symbol} {frame}"), chart_button(say, symbol, frame)]
        if not request.may(Role.TRADER):
            return (tuple(ways),)
        trade = button(say("Paper trade"), "sp", symbol, frame, style=Style.SUCCESS)
        return ((trade,), tuple(ways))
    why_not = button(say("Why not?"), "do", f"whynot {symbol} {frame}", style=Style.PRIMARY)
    return ((why_not, chart_button(say, symbol, frame), alert_button(say, decision)),)


def chart_button(say: Speech, symbol: str, frame: str) -> Button:
    """The plain chart of the market."""
    return button(say("Chart"), "ch", symbol, frame)


def alert_button(say: Speech, decision: Decision) -> Button:
    """Arms the alert for the price that would open the gate, where there is one; else offers alerts."""
    barriers = blocked(barriers_of(decision.gates, decision.instrument.tick))
    level = None if barriers is None else opening_price(barriers[1])
    symbol = decision.instrument.symbol
    if level is not None:
        sign = ">" if level > decimal(decision.price) else "<"
        rounded = readable(decision.instrument, level)
        pressed = again(f"alert {symbol} {sign} {rounded:f}", say("Alert me"))
        if pressed is not None:
            return pressed
    return button(say("Alert me"), "als", symbol)


def opening_price(barrier: Barrier) -> Decimal | None:
    """The first price among what would open a gate."""
    prices = (barrier.opens.get(name) for name in _OPENING)
    return next((one for one in prices if one is not None and one.is_finite() and one > 0), None)


def readable(instrument: Instrument, price: Decimal) -> Decimal:
    """A price with five digits, on the grid."""
    step = Decimal(1).scaleb(price.adjusted() - _DIGITS + 1)
    return instrument.price(price.quantize(step)).normalize()
