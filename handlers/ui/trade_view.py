"""A trade on screen: the living message, its short notices, its levels on a chart."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from engines.core.instrument import MarketKind
from engines.orders.trade import Trade, TradeState
from handlers.ui.keyboards import button, rows
from handlers.ui.request import Services
from ports.charts import Level
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Person, Role
from services.speech import Speech
from services.trading.wish import Standing, TradeEvent

SHOW_AGE_AFTER_S = 10


def living_of(services: Callable[[], Services]) -> Callable[[Standing, Person], Screen]:
    """The view that living messages are drawn with; services come late because trades are one of them."""

    def view(standing: Standing, person: Person) -> Screen:
        say = services().rendering.speech(person.language, person.zone)
        return trade_screen(say, standing, may_trade=person.role.covers(Role.TRADER))

    return view


def notice_of(services: Callable[[], Services]) -> Callable[[TradeEvent, Person], Screen | None]:
    """The view of short pushes about trades."""

    def notice(event: TradeEvent, person: Person) -> Screen | None:
        if event.code == "target" and not event.trade.is_live:
            return None  # the end of the trade is told at the same moment
        say = services().rendering.speech(person.language, person.zone)
        html = say.render("trade_notice.html", event=event, trade=event.trade, r=result_in_r(event.trade))
        show = button(say("Show"), "tv", event.trade.id)
        return Screen(html=html, keyboard=((show, button(say("Chart"), "tg", event.trade.id)),))

    return notice


def trade_screen(say: Speech, standing: Standing, *, may_trade: bool) -> Screen:
    """One trade as it stands: waiting, open, closed or never filled."""
    trade = standing.trade
    html = say.render(
        "trade.html",
        trade=trade,
        position=standing,
        tick=trade.instrument.tick,
        is_spot=trade.instrument.kind is MarketKind.SPOT,
        is_old=standing.age_s is not None and standing.age_s > SHOW_AGE_AFTER_S,
        move=_move(trade.entry_price, standing.mark or trade.exit_price),
        total=standing.total if trade.is_live else trade.net,
        r=standing.r if trade.is_live else result_in_r(trade),
        own_money=own_money(trade),
        to_stop=_move(standing.mark, trade.stop),
        is_stop_at_entry=_is_stop_at_entry(trade),
    )
    return Screen(html=html, keyboard=_keyboard(say, standing) if may_trade else _looking(say, trade))


def result_in_r(trade: Trade) -> Decimal | None:
    """Net result of a closed trade over its risk; `None` without one."""
    return trade.net / trade.risk if trade.risk else None


def own_money(trade: Trade) -> Decimal | None:
    """What the person put into it: a percentage of it is what they gained on their own money."""
    return trade.entry_cost / trade.leverage if trade.entry_cost else None


def levels_of(say: Speech, trade: Trade) -> Sequence[Level]:
    """Entry, stop and open targets as lines of a chart."""
    entry = trade.entry_price
    levels = [] if entry is None else [Level(name=say("Entry"), price=float(entry), kind="entry")]
    if trade.is_live and trade.stop is not None:
        levels.append(Level(name=say("Stop"), price=float(trade.stop), kind="stop"))
    for number, target in enumerate(trade.targets, start=1):
        if trade.is_live and target.hit_at is None:
            levels.append(Level(name=f"TP{number}", price=float(target.price), kind="target"))
    if not trade.is_live and trade.exit_price is not None:
        levels.append(Level(name=say("Exit"), price=float(trade.exit_price)))
    return levels


def _keyboard(say: Speech, standing: Standing) -> Keyboard:
    trade = standing.trade
    chart = button(say("Chart"), "tg", trade.id)
    match trade.state:
        case TradeState.WAITING:
            return ((_close(say("Cancel order"), trade, "all", Style.DANGER), chart),)
        case TradeState.OPEN:
            half = _close(say("Close half"), trade, "half", Style.PLAIN)
            whole = _close(say("Close"), trade, "all", Style.DANGER)
            shift = [button(say("Stop to entry"), "tb", trade.id, trade.version)]
            return ((half, whole, chart), *rows(shift if _may_secure(standing) else ()))
    again = button(say("Again"), "tr", trade.instrument.symbol, trade.direction.value)
    return ((again, chart, button(say("Portfolio"), "pf")),)


def _looking(say: Speech, trade: Trade) -> Keyboard:
    return ((button(say("Chart"), "tg", trade.id), button(say("Portfolio"), "pf")),)


def _close(label: str, trade: Trade, share: str, style: Style) -> Button:
    # The version makes two taps on the same screen one deed.
    return button(label, "tc", trade.id, trade.version, share, style=style)


def _may_secure(standing: Standing) -> bool:
    """Whether the stop can go to the entry: the price is beyond it, and the stop is not there yet."""
    trade, entry, mark = standing.trade, standing.trade.entry_price, standing.mark
    if entry is None or mark is None or (mark - entry) * trade.direction.sign <= 0:
        return False
    return trade.stop is None or (entry - trade.stop) * trade.direction.sign >= trade.instrument.tick


def _is_stop_at_entry(trade: Trade) -> bool:
    entry = trade.entry_price
    return trade.stop is not None and entry is not None and abs(trade.stop - entry) < trade.instrument.tick


def _move(start: Decimal | None, end: Decimal | None) -> Decimal | None:
    """How far `end` is from `start`, as a fraction."""
    return (end - start) / start if start and end is not None else None
