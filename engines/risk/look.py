"""One look at the money and the positions of the desk, for one intent of an engine: what the gate judges by.

The desk looks at what it has in memory, a replay of history at its own books.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.orders.order import Intent
from engines.orders.subaccount import PAPER, EngineName, SubAccount, engine_of, is_live
from engines.orders.trade import Trade
from engines.risk.exposure import Exposure, Holding, coming, measured, net_delta
from engines.risk.latch import Latch
from engines.risk.mark import Mark
from engines.risk.spendable import FeeRate, spendable, unused
from engines.risk.view import Account, Market, Pool, Position, View
from engines.risk.worth import Marks, Turnover, Worth

Correlations = Callable[[Sequence[str]], Mapping[frozenset[str], float]]
"""What is known of how these assets go together, by pair."""

PORTFOLIO: Final = (EngineName.CORE, EngineName.TREND, EngineName.FUNDING, EngineName.TACTICAL)
"""Engines that share one portfolio; each of the others is a portfolio of its own."""

_LIVE: Final = "live"
_ZERO: Final = Decimal(0)
_OWNERS: Final = {
    (engine, is_paper): SubAccount(engine=engine, account=PAPER if is_paper else _LIVE).owner
    for engine in EngineName
    for is_paper in (True, False)
}


def account_name(owner: int) -> str:
    """What the marks of a sub-account are kept under: `trend`, `trend:paper`."""
    engine = engine_of(owner)
    return f"{engine}" if is_live(owner) else f"{engine}:{PAPER}"


def desk_name(*, is_paper: bool) -> str:
    """What the marks of all sub-accounts together are kept under."""
    return f"desk:{PAPER}" if is_paper else "desk"


def owners_of(engines: Iterable[EngineName], *, is_paper: bool) -> Sequence[int]:
    """Numbers of these engines' sub-accounts, with real money or with pretended."""
    return [_OWNERS[engine, is_paper] for engine in engines]


@dataclass(slots=True, repr=False)
class Look:
    """Accounts and pools as the intent meets them: its own orders under way are left out. Money that pretends
    and real money never meet."""

    intent: Intent
    worth: Worth
    marks: Marks
    turnover: Turnover
    fee_rate: FeeRate
    predictions: Mapping[str, Decimal]

    def view(
        self,
        trade: Trade,
        market: Market | None,
        *,
        now: datetime,
        latches: tuple[Latch, ...],
        is_sized: bool,
        correlations: Correlations,
    ) -> View:
        """Everything that a judgement of the intent, which belongs to `trade`, needs."""
        account = self.account(trade)
        assets = {one.asset for one in account.positions}
        return View(
            now=now,
            market=market,
            free=self.free(trade),
            fee_rate=self.fee_rate(self.intent.instrument),
            latches=latches,
            is_sized=is_sized,
            account=account,
            portfolio=self.portfolio(market),
            desk=self.desk(market),
            correlations=correlations(sorted({self.intent.instrument.base, *assets})) if assets else {},
        )

    @property
    def capital(self) -> Decimal | None:
        """What the engine is worth."""
        return self.worth.equity(self.intent.owner)

    def exposure(self) -> Exposure | None:
        """What the engine has at stake."""
        return measured(self._own(), self.worth.price, intent_id=self.intent.id)

    def net_delta(self) -> Decimal:
        """Net exposure to the intent's asset in base coin, over all engines."""
        held = self._held(self._everybody())
        return net_delta(held, self.predictions).get(self.intent.instrument.base, _ZERO)

    def account(self, trade: Trade) -> Account:
        """The engine's own account, to which `trade` belongs."""
        owner, capital = self.intent.owner, self.capital
        mark = self._mark(account_name(owner), [owner], capital)
        exposure, turnover = self.exposure(), self.turnover.of(owner)
        account = Account(
            capital=capital,
            high_water=None if mark is None else mark.high_water,
            day_start=None if mark is None else mark.day_start,
            exposure=None,
            positions=tuple(self._positions(trade)),
        )
        if exposure is None or turnover is None:
            return account
        return replace(
            account,
            turnover=turnover + self._coming_value(),
            exposure=exposure.exposure,
            offset=exposure.offset(self.intent.instrument.base, trade.direction),
            perps=exposure.perps,
        )

    def free(self, trade: Trade) -> Decimal:
        """What the order may be paid with: cash less what orders under way may take; with cross margin,
        capital less all the margin in use."""
        owner = self.intent.owner
        if trade.is_cross and self.intent.instrument.kind is MarketKind.PERP:
            exposure = self.exposure()
            return _ZERO if exposure is None else unused(self.worth, owner, exposure)
        return self._cash(owner)

    def portfolio(self, market: Market | None) -> Pool:
        """The portfolio of the intent's engine."""
        engine = engine_of(self.intent.owner)
        engines = PORTFOLIO if engine in PORTFOLIO else ([] if engine is None else [engine])
        return self._pool(market, self._known(engines), {})

    def desk(self, market: Market | None) -> Pool:
        """All engines."""
        owners = self._everybody()
        pool = self._pool(market, owners, self.predictions)
        mark = self._mark(desk_name(is_paper=not is_live(self.intent.owner)), owners, pool.nav)
        return replace(pool, high_water=None if mark is None else mark.high_water)

    def _pool(self, market: Market | None, owners: Sequence[int], predictions: Mapping[str, Decimal]) -> Pool:
        equities = [self.worth.equity(owner) for owner in owners]
        known = [equity for equity in equities if equity is not None]
        held = self._held(owners)
        exposure = measured(held, self.worth.price, intent_id=self.intent.id)
        is_whole = len(known) == len(equities) and exposure is not None
        return Pool(
            nav=sum(known, _ZERO) if is_whole else None,
            cash=sum(map(self._cash, owners), _ZERO),
            used_margin=_ZERO if exposure is None else exposure.used_margin,
            delta=None if market is None else self._delta(held, predictions) * market.price,
        )

    def _delta(self, held: Sequence[Holding], predictions: Mapping[str, Decimal]) -> Decimal:
        """Net exposure to the intent's asset, with what is coming in the direction of the intent."""
        asset, sign = self.intent.instrument.base, self.intent.side.sign
        way = Direction.LONG if sign > 0 else Direction.SHORT
        more = coming(held, asset, way, intent_id=self.intent.id)
        return net_delta(held, predictions).get(asset, _ZERO) + sign * more

    def _cash(self, owner: int) -> Decimal:
        return spendable(self.worth, self.fee_rate, owner, intent_id=self.intent.id)

    def _coming_value(self) -> Decimal:
        """What entries under way would add to the day."""
        total = _ZERO
        for one in self._own():
            adding = one.adding(self.intent.id)
            price = self.worth.price(one.instrument) if adding else None
            total += _ZERO if price is None else adding * price
        return total

    def _positions(self, trade: Trade) -> Iterable[Position]:
        for one in self._own():
            if one.trade_id != trade.id and (one.held or one.adding(self.intent.id)):
                yield Position(asset=one.instrument.base, direction=one.direction)

    def _mark(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        """The mark of today; of an account that was never looked at, made now."""
        mark = self.marks.get(name)
        if mark is not None and mark.day == self.marks.today():
            return mark
        return self.marks.observe(name, owners, equity)

    def _own(self) -> Sequence[Holding]:
        return self.worth.held(self.intent.owner)

    def _held(self, owners: Iterable[int]) -> list[Holding]:
        return [one for owner in owners for one in self.worth.held(owner)]

    def _everybody(self) -> Sequence[int]:
        return self._known(EngineName)

    def _known(self, engines: Iterable[EngineName]) -> Sequence[int]:
        owners = owners_of(engines, is_paper=not is_live(self.intent.owner))
        return [owner for owner in owners if self.worth.is_known(owner)]
