"""`/why` and `/whynot`: every rule and every gate, with their numbers."""

from collections.abc import Sequence
from itertools import groupby

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.decision import Decision
from engines.signals.evidence import Finding, Gate
from engines.signals.proposal import Proposal
from engines.signals.signal import Signal
from handlers.ui.keyboards import button
from handlers.ui.market_words import read_market
from handlers.ui.request import Request
from handlers.ui.signal_card import back_to, costs_of
from handlers.ui.signal_figures import snapshot
from handlers.ui.signal_find import entry_frame, find_market, live_signal, number_in, signal_of
from handlers.ui.signal_look import alert_button, chart_button, look_values
from handlers.ui.signal_words import Line, barriers_of, decimal, lines_of
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Keyboard, Screen, Style


async def why(request: Request) -> Screen:
    """A signal by its number, or that of a market; where there is none, the market as it is now."""
    if (number := number_in(request.args)) is not None:
        return _of_signal(request, await signal_of(request, number))
    if not request.args.strip() and (newest := await request.services.signals.latest(limit=1)):
        return _of_signal(request, newest[0])
    words = read_market(request.args)
    instrument = await find_market(request, words.names)
    found = live_signal(request, instrument.symbol, words.timeframe)
    if found is not None:
        return _of_signal(request, found)
    decision = await request.services.signals.look(instrument.symbol, entry_frame(words.timeframe))
    return _of_decision(request, decision)


async def why_button(request: Request) -> Screen:
    """The Why button of a card: `sw:12`."""
    return _of_signal(request, await signal_of(request, request.args))


async def why_not(request: Request) -> Screen:
    """The gate that blocks a market's signal, and what would open it."""
    words = read_market(request.args)
    instrument = await find_market(request, words.names)
    decision = await request.services.signals.look(instrument.symbol, entry_frame(words.timeframe))
    found = live_signal(request, instrument.symbol, words.timeframe)
    html = request.say.render(
        "signal_whynot.html", **look_values(decision), number=None if found is None else found.id
    )
    return Screen(html=html, keyboard=_ways_on(request, decision, found))


def _ways_on(request: Request, decision: Decision, found: Signal | None) -> Keyboard:
    say, symbol, frame = request.say, decision.instrument.symbol, decision.timeframe.value
    chart = chart_button(say, symbol, frame)
    why_all = button(say("All rules"), "do", f"why {symbol} {frame}")
    if found is not None:
        return ((back_to(say, found), chart),)
    if decision.proposal is not None:
        return ((button(say("Signal"), "do", f"signal {symbol} {frame}", style=Style.PRIMARY), chart),)
    return ((alert_button(say, decision), chart, why_all),)


def _of_signal(request: Request, signal: Signal) -> Screen:
    proposal, say = signal.proposal, request.say
    html = _html(
        request,
        proposal.instrument,
        proposal.timeframe,
        proposal.direction,
        proposal.confidence,
        proposal.findings,
        proposal.gates,
        proposal,
        number=signal.id,
        indicators=snapshot(say, proposal.indicators, proposal.instrument.tick),
    )
    chart = button(say("Chart"), "sc", signal.id, proposal.timeframe.value)
    return Screen(html=html, keyboard=((back_to(say, signal), chart),))


def _of_decision(request: Request, decision: Decision) -> Screen:
    say, symbol, frame = request.say, decision.instrument.symbol, decision.timeframe.value
    html = _html(
        request,
        decision.instrument,
        decision.timeframe,
        decision.direction,
        decision.confidence,
        decision.findings,
        decision.gates,
        decision.proposal,
    )
    look = button(say("In short"), "do", f"signal {symbol} {frame}")
    return Screen(
        html=html, keyboard=((alert_button(say, decision), chart_button(say, symbol, frame), look),)
    )


def _html(
    request: Request,
    instrument: Instrument,
    timeframe: Timeframe,
    direction: Direction | None,
    confidence: float,
    findings: Sequence[Finding],
    gates: Sequence[Gate],
    proposal: Proposal | None,
    *,
    number: int | None = None,
    indicators: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (),
) -> str:
    lines = lines_of(findings, direction, instrument.tick)
    return request.say.render(
        "why.html",
        instrument=instrument,
        timeframe=timeframe.value,
        direction=direction,
        number=number,
        confidence=decimal(confidence),
        findings=lines,
        held=sum(1 for line in lines if line.is_for),
        costs=None if proposal is None else costs_of(proposal),
        by_frame=_by_frame(lines),
        gates=barriers_of(gates, instrument.tick),
        snapshot=indicators,
    )


def _by_frame(lines: Sequence[Line]) -> Sequence[tuple[str, Sequence[Line]]]:
    """The lines of each timeframe, the longest first."""
    ordered = sorted(lines, key=lambda line: -line.timeframe.ms)
    return [(frame.value, list(group)) for frame, group in groupby(ordered, key=lambda line: line.timeframe)]


COMMANDS = (
    Command(
        name="why",
        handler=why,
        topic=Topic.SIGNALS,
        summary="What a signal rests on: every rule and gate, with numbers",
        example="/why btc",
        words=("почему", "зачем", "reasons", "обоснование"),
    ),
    Command(
        name="whynot",
        handler=why_not,
        topic=Topic.SIGNALS,
        summary="Why a coin has no signal, and what would change that",
        example="/whynot sol",
        words=("why-not", "почемунет", "почему-нет", "чегождать"),
    ),
)
BUTTONS = (ButtonRoute(prefix="sw", handler=why_button),)
