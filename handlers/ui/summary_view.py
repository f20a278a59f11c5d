"""The summary of a person's day on paper."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from engines.core.side import Direction
from engines.orders.trade import Trade, TradeState
from handlers.ui.keyboards import button
from handlers.ui.request import Services
from ports.messages import Screen
from ports.people import Person
from services.speech import zone_of

LOOKED_AT = 200
"""Trades among which those of the day are found."""
PICKS = 3


async def summary_screen(services: Services, person: Person, day: date) -> Screen:
    """Of a local day: its profit, what was opened and closed; and what is held and at risk now. A summary
    that comes late may tell of yesterday."""
    say = services.rendering.speech(person.language, person.zone)
    account = await services.trades.portfolio(person)
    history = await services.trades.history(person, limit=LOOKED_AT)
    begin, end = _midnight(day, person), _midnight(day + timedelta(days=1), person)
    is_today = services.clock.now() < end
    closed = [one for one in history if one.entered and _is_within(one.closed_at, begin, end)]
    html = say.render(
        "summary.html",
        account=account,
        day_of=say.time(begin, "d MMM"),
        is_today=is_today,
        change=account.day if is_today else _worth(account.curve, end) - _worth(account.curve, begin),
        opened=sum(1 for one in history if _is_within(one.opened_at, begin, end)),
        finished=len(closed),
        wins=sum(1 for one in closed if one.net > 0),
        result=sum((one.net for one in closed), start=Decimal(0)),
        held=sum(1 for one in account.standings if one.trade.state is TradeState.OPEN),
        picks=_picks(services) if is_today else (),
        open_risk=sum((_risk(one.trade) for one in account.standings), start=Decimal(0)),
    )
    return Screen(html=html, keyboard=((button(say("Portfolio"), "pf"), button(say("Trades"), "tl", 0)),))


def _picks(services: Services) -> Sequence[tuple[str, Direction | None]]:
    """The first coins of today's screen, as far as it is made, and which way they go."""
    made = services.screener.today
    return (
        []
        if made is None
        else [(pick.symbol.removesuffix("USDT"), pick.direction) for pick in made.picks[:PICKS]]
    )


def _midnight(day: date, person: Person) -> datetime:
    """When the person's day began."""
    return datetime.combine(day, time(), zone_of(person.zone))


def _is_within(at: datetime | None, begin: datetime, end: datetime) -> bool:
    return at is not None and begin <= at < end


def _worth(curve: Sequence[tuple[datetime, Decimal]], at: datetime) -> Decimal:
    """What the account was worth then: the last point before, else what it was opened with."""
    return [curve[0][1], *(equity for when, equity in curve if when <= at)][-1]


def _risk(trade: Trade) -> Decimal:
    """What would be lost from the entry if the stop were hit; all of one's own money without a stop."""
    entry = trade.entry_price
    if trade.state is not TradeState.OPEN or entry is None:
        return Decimal(0)
    if trade.stop is None:
        return entry * trade.quantity / trade.leverage
    return max((entry - trade.stop) * trade.direction.sign * trade.quantity, Decimal(0))
