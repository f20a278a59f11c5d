"""From a signal to the confirm step of a paper trade."""

from decimal import ROUND_DOWN, Decimal

from engines.signals.proposal import Proposal
from handlers.ui.request import Request
from handlers.ui.trade_offer import offer_screen, price_of, traded
from ports.messages import Screen
from services.trading.sentence import Asked, Level, Size

_ROOM = Decimal("0.98")
"""Of the free money, what is taken at most: the rest is for fees and a moving price."""
_CENT = Decimal("0.01")


async def trade_offer(request: Request, proposal: Proposal, *, hit: int = 0) -> Screen:
    """The confirm step with the signal's levels and its share of the person's own equity. Inside the entry
    zone it enters at the market, outside it with a limit at the nearer edge, which a better price fills at
    once. Targets that were `hit` are left out. Raises as the confirm step does."""
    symbol = proposal.instrument.symbol
    price = await price_of(request, await traded(request, symbol))
    asked = Asked(
        names=(symbol,),
        direction=proposal.direction,
        size=Size(await _notional(request, proposal)),
        price=_limit(proposal, price),
        stop=Level(proposal.stop),
        targets=tuple(Level(one) for one in proposal.targets[hit:]),
    )
    return await offer_screen(request, asked)


def _limit(proposal: Proposal, price: Decimal) -> Decimal | None:
    """The edge of the zone that the price would come to first; `None` inside it."""
    if proposal.entry_low <= price <= proposal.entry_high:
        return None
    return proposal.entry_low if price < proposal.entry_low else proposal.entry_high


async def _notional(request: Request, proposal: Proposal) -> Decimal:
    """The suggested part of what the account is worth, as far as there is free money for it."""
    account = await request.services.trades.portfolio(request.person)
    equity = account.free if account.equity is None else account.equity
    wanted = equity * Decimal(repr(proposal.size))
    return max(min(wanted, account.free * _ROOM).quantize(_CENT, ROUND_DOWN), _CENT)
