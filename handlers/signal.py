"""`/signal`: the signal of a market as a card, or what the evidence says where there is none."""

from dataclasses import replace
from datetime import timedelta

from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from engines.signals.decision import ENTRY_FRAMES
from engines.signals.proposal import Proposal
from engines.signals.signal import Signal
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.market_words import read_market
from handlers.ui.request import Request
from handlers.ui.signal_card import back_to, card_screen, state_values
from handlers.ui.signal_chart import signal_picture
from handlers.ui.signal_find import entry_frame, find_market, live_signal, number_in, signal_of
from handlers.ui.signal_look import look_screen
from handlers.ui.signal_trade import trade_offer
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Screen, Style
from ports.people import Role

MUTED_FOR = timedelta(hours=4)
_ENTRIES = [one.value for one in ENTRY_FRAMES]
FRAMES = (Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)


async def signal(request: Request) -> Screen:
    """The live signal of the market named; without one, the market is looked at now."""
    if (number := number_in(request.args)) is not None:
        return await card(replace(request, args=number))
    words = read_market(request.args)
    instrument = await find_market(request, words.names)
    asked = words.timeframe
    found = live_signal(request, instrument.symbol, asked)
    is_other_frame = asked not in (None, *ENTRY_FRAMES)
    if found is not None:
        screen = await _card(request, found)
        note = request.say.render("signal_frame.html", asked=asked, entries=_ENTRIES)
        return replace(screen, html=f"{note}\n{screen.html}") if is_other_frame else screen
    decision = await request.services.signals.look(instrument.symbol, entry_frame(asked))
    return look_screen(request, decision, asked=asked if is_other_frame else None)


async def card(request: Request) -> Screen:
    """One signal by its number: `sg:12`."""
    return await _card(request, await signal_of(request, request.args))


async def _card(request: Request, found: Signal) -> Screen:
    """The card; while the signal lives, the person's own message that shows it lives too."""
    say, person, services = request.say, request.person, request.services
    photo = await services.signals.drawn(found, person)
    if found.is_live and request.is_private:

        async def keep(chat_id: int, message_id: int) -> None:
            await services.signals.show(person, found, chat_id, message_id, photo is not None)

        request.delivered.append(keep)
    return card_screen(say, found, may_trade=request.may(Role.TRADER), photo=photo)


async def chart(request: Request) -> Screen:
    """The zone and the levels over the candles of any timeframe: `sc:12:4h`."""
    number, _, frame = request.args.partition(":")
    found, say = await signal_of(request, number), request.say
    timeframe = parse_timeframe(frame) or found.proposal.timeframe
    png = await signal_picture(request.services, say, request.person.theme, found, timeframe)
    html = say.render(
        "signal_chart.html",
        signal=found,
        proposal=found.proposal,
        course=found.course,
        state_of=state_values(say, found),
        tick=found.proposal.instrument.tick,
        timeframe=timeframe.value,
    )
    frames = choice([(one.value, one.value) for one in FRAMES], timeframe.value, "sc", found.id)
    keyboard = (*rows(frames, width=5), (back_to(say, found), button(say("Why"), "sw", found.id)))
    return Screen(html=html, keyboard=keyboard, photo=png)


async def paper_trade(request: Request) -> Screen:
    """The confirm step with the signal's levels: `sp:12`, or `sp:BTCUSDT:1h` for one that is not followed."""
    if request.args.isdecimal():
        found = await signal_of(request, request.args)
        if not found.is_live:
            raise Refused("signal_over")
        return await trade_offer(request, found.proposal, hit=len(found.course.hit_at))
    return await trade_offer(request, await _proposed(request))


async def _proposed(request: Request) -> Proposal:
    symbol, _, frame = request.args.partition(":")
    decision = await request.services.signals.look(symbol, entry_frame(parse_timeframe(frame)))
    if decision.proposal is None:
        raise Refused("signal_gone", pair=decision.instrument.pair)
    return decision.proposal


async def mute(request: Request) -> Screen:
    """No pushes about a market for a while: `sm:BTCUSDT`."""
    instrument = await request.services.markets.resolve(request.args)
    hours = MUTED_FOR.total_seconds() / 3600
    person = await request.services.signals.mute(request.person, instrument.symbol, hours)
    until = next(one.until for one in person.mutes if one.symbol == instrument.symbol)
    say = request.say
    html = say.render("signal_muted.html", instrument=instrument, until=say.time(until))
    unmute_button = button(say("Unmute"), "sn", instrument.symbol, style=Style.PRIMARY)
    return Screen(html=html, keyboard=((unmute_button, button(say("Filters"), "sf")),))


async def unmute(request: Request) -> Screen:
    """Let a market speak again: `sn:BTCUSDT`."""
    symbol, say = request.args, request.say
    await request.services.signals.mute(request.person, symbol, 0)
    known = request.services.markets.instrument(symbol)
    html = say.render("signal_unmuted.html", pair=symbol if known is None else known.pair)
    return Screen(html=html, keyboard=((button(say("Filters"), "sf"), button(say("Signals"), "sv")),))


COMMANDS = (
    Command(
        name="signal",
        handler=signal,
        topic=Topic.SIGNALS,
        summary="What a coin's chart says now: a signal, or why none",
        example="/signal btc 1h",
        words=("сигнал", "анализ", "analyse", "analyze", "analysis"),
        action="upload_photo",
    ),
)
BUTTONS = (
    ButtonRoute(prefix="sg", handler=card, action="upload_photo"),
    ButtonRoute(prefix="sc", handler=chart, action="upload_photo"),
    ButtonRoute(prefix="sp", handler=paper_trade, role=Role.TRADER),
    ButtonRoute(prefix="sm", handler=mute, is_read_only=False),
    ButtonRoute(prefix="sn", handler=unmute, is_read_only=False),
)
