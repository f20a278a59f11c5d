"""The gate on the road of every order: what may go, judged from memory at that moment.

It never waits and never guesses: what it would need and does not have is a reason to say no.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engines.orders.lifecycle import child_id
from engines.orders.order import ExecutionStyle, Intent, Liquidity
from engines.orders.subaccount import engine_of
from engines.orders.trade import Trade
from engines.risk.judge import judge
from engines.risk.latch import Latch
from engines.risk.limits import Limits
from engines.risk.look import Look
from engines.risk.verdict import Ruling, Verdict
from engines.risk.view import Pool
from ports.clock import Clock
from ports.people import Facts
from ports.tickets import Effect
from services.judging.correlations import Correlations
from services.judging.holdings import Holdings
from services.judging.marks import Marks
from services.judging.turnover import Turnover
from services.judging.viewing import Viewing
from services.judging.worth import Worth
from services.trading.funds import Funds
from services.trading.prices import Prices
from services.trading.register import Register

_REMEMBERED: Final = 10_000
_MAKERS: Final = (ExecutionStyle.POST_ONLY, ExecutionStyle.MAKER_THEN_MARKET)


def no_predictions() -> Mapping[str, Decimal]:
    """Of a desk that holds none."""
    return {}


@dataclass(slots=True, repr=False)
class Gate:
    """Judges intents. `viewing.load` comes once, after the register's; before it no engine enters anything.

    An intent that was made smaller keeps its size when it is judged again: what halves it, halves it once.
    """

    viewing: Viewing
    limits: Limits
    _sized: OrderedDict[str, Decimal] = field(default_factory=OrderedDict)

    @classmethod
    def over(
        cls,
        register: Register,
        funds: Funds,
        prices: Prices,
        facts: Facts,
        clock: Clock,
        *,
        limits: Limits,
        stopping: Callable[[Intent], Latch | None],
        predictions: Callable[[], Mapping[str, Decimal]] = no_predictions,
    ) -> "Gate":
        """A gate over what the road has in memory. `stopping` says which latch stops an intent."""
        holdings = Holdings(register)
        viewing = Viewing(
            register=register,
            holdings=holdings,
            marks=Marks(facts, lambda: Worth(register, prices, holdings), clock),
            turnover=Turnover(register, clock),
            correlations=Correlations(prices.markets, clock),
            prices=prices,
            funds=funds,
            clock=clock,
            stopping=stopping,
            predictions=predictions,
        )
        return cls(viewing, limits)

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        """What may go of an intent of `trade` now. The account of its owner must be open in the register, and
        what was allowed reserved there before anything is waited for."""
        self.viewing.holdings.note(trade)
        is_sized = self._is_sized(intent)
        verdict = judge(intent, trade, self.viewing.view(intent, trade, is_sized=is_sized), self.limits)
        if verdict.ruling is Ruling.SHRINK:
            self._remember(intent.id, verdict.quantity)
        return verdict

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        """What the order would do, filled at `price` on average. Raises `ValueError` for a person's."""
        engine = engine_of(intent.owner)
        if engine is None:
            raise ValueError(f"intent {intent.id} is of no engine")
        look, sign = self.viewing.look(intent), intent.side.sign
        notional, decided = intent.quantity * price, intent.decision_price or price
        portfolio, desk, before = look.portfolio(None), look.desk(None), look.net_delta()
        change = -notional if intent.reduce_only else notional
        leverage, leverage_after = _leverages(look, trade, change)
        return Effect(
            notional=notional,
            nav_share=None if not portfolio.nav else notional / portfolio.nav,
            fee=notional * self._fee_rate(intent),
            slippage=max((price - decided) * sign, Decimal(0)) * intent.quantity,
            delta_before=before,
            delta_after=before + intent.quantity * sign,
            delta_limit=self._delta_limit(intent, desk, price),
            leverage_before=leverage,
            leverage_after=leverage_after,
            leverage_limit=self.limits.engines[engine].exposure,
        )

    def _delta_limit(self, intent: Intent, desk: Pool, price: Decimal) -> Decimal | None:
        """The most net exposure to the asset, on the grid of its sizes."""
        if desk.nav is None:
            return None
        return intent.instrument.quantity(desk.nav * self.limits.delta_share / price)

    def _fee_rate(self, intent: Intent) -> Decimal:
        liquidity = Liquidity.MAKER if intent.style in _MAKERS else Liquidity.TAKER
        return self.viewing.funds.fees.rate(intent.instrument.kind, liquidity)

    def _is_sized(self, intent: Intent) -> bool:
        """Whether steps that halve were applied to it: it was cut to that size, or has an order already."""
        allowed = self._sized.get(intent.id)
        if allowed is not None and intent.quantity <= allowed:
            return True
        return self.viewing.register.find(child_id(intent.id, 1)) is not None

    def _remember(self, intent_id: str, quantity: Decimal) -> None:
        self._sized[intent_id] = quantity
        self._sized.move_to_end(intent_id)
        if len(self._sized) > _REMEMBERED:
            self._sized.popitem(last=False)


def _leverages(look: Look, trade: Trade, change: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Exposure over capital before and after; `None` while either is not known."""
    capital, exposure = look.capital, look.exposure()
    if not capital or exposure is None:
        return None, None
    after = exposure.after(trade.instrument.base, trade.direction, change)
    return exposure.exposure / capital, after / capital
