"""The summary of a person's day on paper."""

from datetime import datetime, time
from decimal import Decimal

from engines.orders.trade import Trade, TradeState
from handlers.ui.keyboards import button
from handlers.ui.request import Services
from ports.messages import Screen
from ports.people import Person
from services.speech import zone_of

LOOKED_AT = 200
"""Trades among which those of today are found."""


async def summary_screen(services: Services, person: Person) -> Screen:
    """Equity, the day's profit, what was opened and closed today, what is at risk now."""
    say = services.rendering.speech(person.language, person.zone)
    account = await services.trades.portfolio(person)
    history = await services.trades.history(person, limit=LOOKED_AT)
    midnight = _midnight(services.clock.now(), person)
    closed = [
        one for one in history if one.entered and one.closed_at is not None and one.closed_at >= midnight
    ]
    html = say.render(
        "summary.html",
        account=account,
        day_of=say.time(services.clock.now(), "d MMM"),
        opened=sum(1 for one in history if one.opened_at is not None and one.opened_at >= midnight),
        finished=len(closed),
        wins=sum(1 for one in closed if one.net > 0),
        result=sum((one.net for one in closed), start=Decimal(0)),
        held=sum(1 for one in account.standings if one.trade.state is TradeState.OPEN),
        open_risk=sum((_risk(one.trade) for one in account.standings), start=Decimal(0)),
    )
    return Screen(html=html, keyboard=((button(say("Portfolio"), "pf"), button(say("Trades"), "tl", 0)),))


def _midnight(now: datetime, person: Person) -> datetime:
    """When the person's day began."""
    zone = zone_of(person.zone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def _risk(trade: Trade) -> Decimal:
    """What would be lost from the entry if the stop were hit; all of one's own money without a stop."""
    entry = trade.entry_price
    if trade.state is not TradeState.OPEN or entry is None:
        return Decimal(0)
    if trade.stop is None:
        return entry * trade.quantity / trade.leverage
    return max((entry - trade.stop) * trade.direction.sign * trade.quantity, Decimal(0))
