"""Signals as orders: while the signals' engine trades, each pushed signal is proposed once, and what still
waits for its entry when the signal is over is taken back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final

import structlog

from engines.core.instrument import Instrument
from engines.orders.order import Order
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
_MARK: Final = "#"


@dataclass(slots=True, kw_only=True, repr=False)
class SignalOrders:
    """Hears of signals and proposes them while the engine trades real money, with `is_on_paper` also while it
    pretends. `instrument` is what is traded of a market, `capital` what an account is worth (`None`: not
    known), `live` are the signals that are not over."""

    proposals: Proposals
    instrument: Callable[[str], Awaitable[Instrument]]
    capital: Callable[[int], Awaitable[Decimal | None]]
    live: Callable[[], Iterable[Signal]]
    is_on_paper: bool = False
    _waiting: asyncio.Queue[Signal] = field(default_factory=asyncio.Queue)

    def hear(self, signal: Signal) -> None:
        """A signal is new or has moved."""
        is_new = signal.course.state is SignalState.NEW and signal.version == 1
        is_pushed = signal.proposal.confidence >= LEAST_PUSHED
        is_trading = self.is_on_paper or self.proposals.policies.is_live(ENGINE)
        if not signal.is_live or (is_new and is_pushed and is_trading):
            self._waiting.put_nowait(signal)

    async def run(self) -> None:
        """Endless: propose what was heard, take back what is over, also what ended while the desk was down.
        What is in trouble is tried again while it is young."""
        await self._tried(self.take_back)
        while True:
            signal = await self._waiting.get()
            await self._tried(partial(self.propose, signal) if signal.is_live else self.take_back)

    async def _tried(self, act: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(MOST_TRIES):
            if await act():
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

    async def take_back(self) -> bool:
        """Take entries out of the book whose signal is over; `False` when it should be tried again."""
        live, is_done = {_mark(signal) for signal in self.live()}, True
        for order in self._entries():
            if order.intent.reason.partition(" ")[0] in live:
                continue
            try:
                await self.proposals.tickets.road.cancel(order.id)
            except Refused as error:
                log.info("signal_order_over", order=order.id, code=error.code)
            except DeskError as error:
                log.warning("signal_order_waits_on", order=order.id, error=str(error))
                is_done = False
        return is_done

    def _entries(self) -> Sequence[Order]:
        """Those of signals in the book."""
        register = self.proposals.roll.register
        owners = [one.owner for one in self.proposals.sub_accounts(ENGINE)]
        resting = (order for owner in owners for held in register.live(owner) for order in held.resting)
        return [one for one in resting if not one.intent.reduce_only and one.intent.reason.startswith(_MARK)]

    async def _proposal(self, signal: Signal) -> Proposal:
        idea = signal.proposal
        instrument = await self.instrument(idea.instrument.symbol)
        capital = await self.capital(self.proposals.policies.sub_account(ENGINE).owner)
        if not capital or capital <= 0:
            raise Refused("no_capital")
        price = await self.proposals.drafting.quoting.best(instrument, idea.direction.entry)
        order = order_of(idea, instrument, capital=capital, price=price)
        return replace(order, reason=f"{_mark(signal)} {order.reason}")


def _mark(signal: Signal) -> str:
    """What the reason of each of its orders begins with, also where a person asked for a smaller one."""
    return f"{_MARK}{signal.id}"
