"""Signals as orders: while the signals' engine trades, each pushed signal is proposed once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import structlog

from engines.core.instrument import Instrument
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.signal import Signal, SignalState
from engines.strategies.technical_orders import order_of
from ports.errors import DeskError, Refused
from services.proposals import Proposals

log = structlog.get_logger()

ENGINE = EngineName.SIGNALS
AGAIN_S = 5.0
MOST_TRIES = 3


@dataclass(slots=True, kw_only=True, repr=False)
class SignalOrders:
    """Hears of signals and proposes them while the engine trades real money, with `is_on_paper` also while it
    pretends. `instrument` is what is traded of a market, `capital` what an account is worth (`None`: not
    known)."""

    proposals: Proposals
    instrument: Callable[[str], Awaitable[Instrument]]
    capital: Callable[[int], Awaitable[Decimal | None]]
    is_on_paper: bool = False
    _waiting: asyncio.Queue[Signal] = field(default_factory=asyncio.Queue)

    def hear(self, signal: Signal) -> None:
        """A signal is new or has moved."""
        is_new = signal.course.state is SignalState.NEW and signal.version == 1
        is_pushed = signal.proposal.confidence >= LEAST_PUSHED
        is_trading = self.is_on_paper or self.proposals.policies.is_live(ENGINE)
        if is_new and is_pushed and is_trading:
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
        capital = await self.capital(self.proposals.policies.sub_account(ENGINE).owner)
        if not capital or capital <= 0:
            raise Refused("no_capital")
        price = await self.proposals.drafting.quoting.best(instrument, idea.direction.entry)
        order = order_of(idea, instrument, capital=capital, price=price)
        return replace(order, reason=f"#{signal.id} {order.reason}")
