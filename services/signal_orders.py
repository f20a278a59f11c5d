"""Signals as orders: while the signals' engine trades real money, each pushed signal is proposed once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from engines.core.instrument import Instrument
from engines.orders.order import ExecutionStyle
from engines.orders.plan import ladder
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName, SubAccount
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.proposal import Proposal as Idea
from engines.signals.signal import Signal, SignalState
from ports.errors import DeskError, Refused
from services.proposals import Proposals

log = structlog.get_logger()

ENGINE = EngineName.SIGNALS
AGAIN_S = 5.0
MOST_TRIES = 3


@dataclass(slots=True, kw_only=True, repr=False)
class SignalOrders:
    """Hears of signals and proposes them. `instrument` is what is traded of a market, `capital` what a
    sub-account is worth (`None`: not known)."""

    proposals: Proposals
    instrument: Callable[[str], Awaitable[Instrument]]
    capital: Callable[[SubAccount], Decimal | None]
    _waiting: asyncio.Queue[Signal] = field(default_factory=asyncio.Queue)

    def hear(self, signal: Signal) -> None:
        """A signal is new or has moved."""
        is_new = signal.course.state is SignalState.NEW and signal.version == 1
        is_pushed = signal.proposal.confidence >= LEAST_PUSHED
        if is_new and is_pushed and self.proposals.policies.is_live(ENGINE):
            self._waiting.put_nowait(signal)

    async def run(self) -> None:
        """Endless: propose what was heard. What is in trouble is tried again while it is young."""
        while True:
            signal = await self._waiting.get()
            for _ in range(MOST_TRIES):
                if await self.propose(signal):
                    break
                await asyncio.sleep(AGAIN_S)

    async def propose(self, signal: Signal) -> bool:
        """Propose one signal; `False` when it should be tried again."""
        try:
            await self.proposals.submit(await self._proposal(signal))
        except Refused as error:
            log.warning("signal_not_proposed", signal=signal.id, code=error.code)
            return error.code != "no_fresh_price"
        except DeskError as error:
            log.warning("signal_not_proposed", signal=signal.id, error=str(error))
            return False
        return True

    async def _proposal(self, signal: Signal) -> Proposal:
        idea = signal.proposal
        instrument = await self.instrument(idea.instrument.symbol)
        capital = self.capital(self.proposals.policies.sub_account(ENGINE))
        if not capital or capital <= 0:
            raise Refused("no_capital")
        side = idea.direction.entry
        price = await self.proposals.drafting.quoting.best(instrument, side)
        limit = _limit(idea, price)
        targets = ladder(idea.direction, [instrument.price(one) for one in idea.targets])
        return Proposal(
            key=f"signal:{signal.id}",
            engine=ENGINE,
            instrument=instrument,
            side=side,
            notional=capital * Decimal(repr(idea.size)),
            limit_price=None if limit is None else instrument.price(limit),
            style=ExecutionStyle.GUARDED_MARKET if limit is None else ExecutionStyle.SINGLE,
            stop=instrument.price(idea.stop),
            targets=targets,
            reason=_reason(signal),
            expires_at=idea.expires_at,
        )


def _limit(idea: Idea, price: Decimal) -> Decimal | None:
    """The edge of the zone that the price would come to first; `None` inside it."""
    if idea.entry_low <= price <= idea.entry_high:
        return None
    return idea.entry_low if price < idea.entry_low else idea.entry_high


def _reason(signal: Signal) -> str:
    """In figures, which need no translation."""
    idea = signal.proposal
    sure = f"{idea.confidence:.0%} · R:R {idea.risk_reward:.1f}"
    return f"#{signal.id} {idea.instrument.pair} {idea.timeframe} · {sure}"
