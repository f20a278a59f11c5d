"""From a technical signal to the order that trades it: one rule for the desk and for history."""

from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.money import cut
from engines.orders.order import ExecutionStyle
from engines.orders.plan import ladder
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.signals.proposal import Proposal as Idea


def order_of(idea: Idea, instrument: Instrument, *, capital: Decimal, price: Decimal) -> Proposal:
    """The order of a signal in `instrument`, which may be the perpetual of the market that was looked at.

    Its size is the signal's part of `capital`. Inside the entry zone it is taken at the market, no worse than
    so far from `price`, which is that of now; outside it waits at the edge that the price comes to first.
    """
    limit = _limit(idea, price)
    return Proposal(
        key=_key(idea),
        engine=EngineName.SIGNALS,
        instrument=instrument,
        side=idea.direction.entry,
        notional=capital * cut(Decimal(repr(idea.size))),
        limit_price=None if limit is None else instrument.price(limit),
        style=ExecutionStyle.GUARDED_MARKET if limit is None else ExecutionStyle.SINGLE,
        stop=instrument.price(idea.stop),
        targets=ladder(idea.direction, [instrument.price(one) for one in idea.targets]),
        reason=_reason(idea),
        expires_at=idea.expires_at,
    )


def _limit(idea: Idea, price: Decimal) -> Decimal | None:
    """The edge of the zone that the price would come to first; `None` inside it."""
    if idea.entry_low <= price <= idea.entry_high:
        return None
    return idea.entry_low if price < idea.entry_low else idea.entry_high


def _key(idea: Idea) -> str:
    """A pair has one signal a close."""
    return f"signal:{idea.instrument.symbol}:{idea.timeframe}:{idea.created_at:%Y%m%dT%H%M}"


def _reason(idea: Idea) -> str:
    """In figures, which need no translation."""
    sure = f"{idea.confidence:.0%} · R:R {idea.risk_reward:.1f}"
    return f"{idea.instrument.pair} {idea.timeframe} · {sure}"
