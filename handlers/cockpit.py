"""The cockpit: the pinned message with the watch list, the mode and what is wrong."""

from collections.abc import Callable
from decimal import Decimal

from engines.orders.subaccount import EngineName
from engines.orders.trade import TradeState
from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Services
from ports.messages import Screen
from ports.people import Person

MOST = 8


def view_of(services: Callable[[], Services]) -> Callable[[Person], Screen]:
    """The view that the cockpit service draws with; services come late because it is one of them."""
    return lambda person: view(services(), person)


def view(services: Services, person: Person) -> Screen:
    """A person's cockpit from what is in memory."""
    say = services.rendering.speech(person.language, person.zone)
    markets = services.markets
    quotes = list(markets.quotes(person.watchlist) or markets.top(5, "turnover"))[:MOST]
    broken = [
        feed
        for feed in (*services.market_feeds(), *services.roads())
        if not feed.is_ok and feed.code != "waiting"
    ]
    held = [one.total for one in services.trades.live(person.id) if one.trade.state is TradeState.OPEN]
    html = latch_line(services, say) + say.render(
        "cockpit.html",
        quotes=quotes,
        broken=broken,
        world=services.world,
        mode="LIVE" if any(services.policies.is_live(engine) for engine in EngineName) else "PAPER",
        now=say.time(services.clock.now(), "d MMM HH:mm"),
        zone=say.zone_name,
        is_own_list=bool(person.watchlist),
        held=len(held),
        unrealised=None if any(one is None for one in held) else sum(filter(None, held), Decimal(0)),
    )
    keyboard = (
        (
            button(say("Top"), "top", "v", 10),
            button(say("Trades"), "tl", 0),
            button(say("Portfolio"), "pf"),
        ),
        (
            button(say("Chart BTC"), "ch", "BTCUSDT", "1h"),
            button(say("Watch"), "do", "watch"),
            button(say("Status"), "st"),
        ),
        (button(say("Settings"), "set"), button(say("Help"), "h")),
    )
    return Screen(html=html, keyboard=keyboard)
