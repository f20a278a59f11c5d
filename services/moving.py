"""Money of one engine that becomes another's: both at one venue account, so nothing moves but the books."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Final

import structlog

from engines.ledger import booking, movement
from engines.orders.subaccount import EngineName, SubAccount
from engines.risk.exposure import measured
from engines.risk.spendable import spendable, unused
from ports.clock import Clock
from ports.desk_state import Approval
from ports.errors import Refused
from services.judging.viewing import Viewing
from services.policies import Policies
from services.trading.ledger import QUOTE

log = structlog.get_logger()

CENT: Final = Decimal("0.01")
MOST: Final = Decimal(1_000_000_000_000)
_LIVE: Final = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFunds:
    """Real money of an engine in USDT, at a venue account. `worth` counts what it holds, `free` may be moved;
    both are `None` while a price is missing."""

    engine: EngineName
    account: str
    cash: Decimal
    free: Decimal | None
    worth: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A transfer as it would be, or was: both engines as they stand."""

    amount: Decimal
    source: EngineFunds
    target: EngineFunds


@dataclass(slots=True, repr=False)
class Moving:
    """Transfers between the sub-accounts of engines."""

    viewing: Viewing
    policies: Callable[[], Policies]
    clock: Clock
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def funds(self, engine: EngineName) -> EngineFunds | None:
        """What an engine has; `None` when it has no real money."""
        found = self._funds(engine)
        return found if self.viewing.register.balances(_owner(engine)) else None

    async def plan(self, source: EngineName, target: EngineName, amount: Decimal | None) -> Move:
        """What a transfer would be; of all that is free without an `amount`. Changes nothing.

        Raises `Refused`: `same_engine`, `engines_apart` (`engine`, `by`: the accounts), `target_on_paper`
        (`engine`), `worth_unknown` (`engine`), `bad_amount`, `move_too_much` (`free`, `engine`).
        """
        register = self.viewing.register
        for engine in (source, target):
            await register.account(_owner(engine))
        move = self._checked(source, target, amount)
        if move.source.free is None:
            held = register.live(_owner(source))
            await self.viewing.prices.refresh({one.trade.instrument for one in held})
            move = self._checked(source, target, amount)
        return self._affordable(move, amount)

    async def move(self, source: EngineName, target: EngineName, amount: Decimal, *, name: str) -> Move:
        """Book a transfer, once: `name` is that of the wish, and the same again changes nothing. Both engines
        as they stand then. Raises as `plan` does, and `Transient`: nothing was booked."""
        _check(amount)
        out, into = movement.transfer(
            _owner(source),
            _owner(target),
            f"{self.policies().of(source).account}:{name}",
            QUOTE,
            amount,
            self.clock.now(),
            quote=QUOTE,
        )
        register = self.viewing.register
        async with self._lock:
            if not any(entry.id == out.id for entry in await register.books.entries(out.owner)):
                await self.plan(source, target, amount)
                if await register.transfer(out, into):
                    log.info("money_moved", source=source, target=target, amount=str(amount))
        return Move(amount=amount, source=self._funds(source), target=self._funds(target))

    def _checked(self, source: EngineName, target: EngineName, amount: Decimal | None) -> Move:
        if source is target:
            raise Refused("same_engine", engine=source)
        funds = [self._funds(engine) for engine in (source, target)]
        if funds[0].account != funds[1].account:
            raise Refused("engines_apart", account=funds[0].account, by=funds[1].account)
        if self.policies().of(target).approval is Approval.PAPER:
            raise Refused("target_on_paper", engine=target)
        if amount is not None:
            _check(amount)
        return Move(amount=amount or Decimal(0), source=funds[0], target=funds[1])

    def _affordable(self, move: Move, amount: Decimal | None) -> Move:
        free = move.source.free
        if free is None:
            raise Refused("worth_unknown", engine=move.source.engine)
        most = max(free, Decimal(0)).quantize(CENT, ROUND_DOWN)
        wanted = most if amount is None else amount
        if not 0 < wanted <= most:
            raise Refused("move_too_much", free=most, engine=move.source.engine)
        return Move(amount=wanted, source=move.source, target=move.target)

    def _funds(self, engine: EngineName) -> EngineFunds:
        owner, worth = _owner(engine), self.viewing.worth()
        exposure = measured(worth.held(owner), worth.price)
        is_empty = not self.viewing.register.balances(owner)
        capital = Decimal(0) if is_empty else worth.equity(owner)
        free: Decimal | None = None
        if exposure is not None and capital is not None:
            cash = spendable(worth, self.viewing.funds.fee_rate, owner)
            free = max(min(cash, unused(worth, owner, exposure)), Decimal(0))
        return EngineFunds(
            engine=engine,
            account=self.policies().of(engine).account,
            cash=booking.free(self.viewing.register.balances(owner), QUOTE),
            free=free,
            worth=capital,
        )


def _check(amount: Decimal) -> None:
    """Raises `Refused("bad_amount")` unless it is so much money in whole cents."""
    if not (amount.is_finite() and 0 < amount <= MOST and amount % CENT == 0):
        raise Refused("bad_amount")


def _owner(engine: EngineName) -> int:
    return SubAccount(engine=engine, account=_LIVE).owner
