"""What the gate sees of a replayed account: the very view that it has of the desk's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Final

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.orders.order import Intent, Liquidity
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from engines.risk.correlation import DAYS, correlation
from engines.risk.exposure import Exposure, Holding, coming, measured, net_delta
from engines.risk.judge import judge
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.verdict import Verdict
from engines.risk.view import Account, Market, Pool, Position, View
from engines.simulate.replay.books import Books
from engines.simulate.replay.lane import Lane
from engines.simulate.replay.watch import Watch
from engines.simulate.terms import Terms

_ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Gatekeeper:
    """Judges intents of the replayed engine, which is alone on its desk. `daily` are candles of a day by
    asset, where there are any."""

    terms: Terms
    engine: EngineName
    lanes: Sequence[Lane]
    books: Books
    watch: Watch
    daily: Mapping[str, Candles]
    _entered: Decimal = _ZERO
    _day: int = -1
    _correlations: dict[tuple[int, frozenset[str]], float | None] = field(default_factory=dict)

    def judge(self, intent: Intent, trade: Trade, market: Market, at_ms: int) -> Verdict:
        """What may go of an intent."""
        return judge(intent, trade, self.view(intent, trade, market, at_ms), self.terms.limits)

    def entered(self, cost: Decimal, at_ms: int) -> None:
        """An entry was filled for so much."""
        self._turn(at_ms)
        self._entered += cost

    def view(self, intent: Intent, trade: Trade, market: Market, at_ms: int) -> View:
        """Everything that a judgement of the intent needs."""
        self._turn(at_ms)
        holdings = [Holding.of(lane.trade, lane.orders()) for lane in self.lanes if lane.trade is not None]
        exposure = measured(holdings, self._pricing(at_ms), intent_id=intent.id)
        capital = self.watch.equity(at_ms)
        cash = self._spendable(holdings, intent.id, at_ms)
        account = self._account(intent, trade, holdings, exposure, capital, at_ms)
        pool = self._pool(intent, holdings, exposure, capital, cash, market)
        rate = self.terms.fees.rate(intent.instrument.kind, Liquidity.TAKER)
        assets = sorted({intent.instrument.base, *(one.asset for one in account.positions)})
        return View(
            now=utc(at_ms),
            market=market,
            free=cash,
            fee_rate=rate,
            latches=self._latches(),
            account=account,
            portfolio=pool,
            desk=pool,
            correlations=self._among(assets, at_ms) if account.positions else {},
        )

    def _account(
        self,
        intent: Intent,
        trade: Trade,
        holdings: Sequence[Holding],
        exposure: Exposure | None,
        capital: Decimal,
        at_ms: int,
    ) -> Account:
        assert exposure is not None
        mark, price = self.watch.mark, self._pricing(at_ms)
        under_way = sum((one.adding(intent.id) * (price(one.instrument) or _ZERO) for one in holdings), _ZERO)
        return Account(
            capital=capital,
            high_water=mark.high_water,
            day_start=mark.day_start,
            turnover=self._entered + under_way,
            exposure=exposure.exposure,
            offset=exposure.offset(intent.instrument.base, trade.direction),
            perps=exposure.perps,
            positions=tuple(
                Position(asset=one.instrument.base, direction=one.direction)
                for one in holdings
                if one.trade_id != trade.id and (one.held or one.adding(intent.id))
            ),
        )

    def _pool(
        self,
        intent: Intent,
        holdings: Sequence[Holding],
        exposure: Exposure | None,
        capital: Decimal,
        cash: Decimal,
        market: Market,
    ) -> Pool:
        assert exposure is not None
        asset, sign = intent.instrument.base, intent.side.sign
        way = Direction.LONG if sign > 0 else Direction.SHORT
        more = coming(holdings, asset, way, intent_id=intent.id)
        delta = net_delta(holdings, {}).get(asset, _ZERO) + sign * more
        return Pool(
            nav=capital,
            cash=cash,
            used_margin=exposure.used_margin,
            delta=delta * market.price,
            high_water=self.watch.mark.high_water,
        )

    def _spendable(self, holdings: Sequence[Holding], intent_id: str, at_ms: int) -> Decimal:
        cash, price = self.books.cash, self._pricing(at_ms)
        for one in holdings:
            adding = one.adding(intent_id)
            if adding:
                share = 1 if one.instrument.kind is MarketKind.SPOT else 1 / one.leverage
                rate = self.terms.fees.rate(one.instrument.kind, Liquidity.TAKER)
                cash -= adding * (price(one.instrument) or _ZERO) * (share + rate)
        return cash

    def _pricing(self, at_ms: int) -> "_Pricing":
        return _Pricing({lane.instrument.key: lane for lane in self.lanes}, at_ms)

    def _latches(self) -> tuple[Latch, ...]:
        """A drawdown halts the engine where that limit is kept, and nobody clears it inside a replay; the
        whole desk's stops leverage."""
        halted_ms = self.watch.halted_ms
        if halted_ms is None:
            return ()
        is_stepped = self.terms.limits.engines[self.engine].is_stepped
        scopes = [Scope(engine=self.engine), Scope()] if is_stepped else [Scope()]
        return tuple(
            Latch(
                id=f"drawdown:{scope.engine or 'desk'}",
                scope=scope,
                cause=Cause.DRAWDOWN,
                pulled_at=utc(halted_ms),
            )
            for scope in scopes
        )

    def _among(self, assets: Sequence[str], at_ms: int) -> Mapping[frozenset[str], float]:
        pairs = {pair: self._together(pair, at_ms) for pair in map(frozenset, combinations(assets, 2))}
        return {pair: value for pair, value in pairs.items() if value is not None}

    def _together(self, pair: frozenset[str], at_ms: int) -> float | None:
        day = at_ms // Timeframe.D1.ms
        if (day, pair) not in self._correlations:
            closed = [self._closed(asset, at_ms) for asset in sorted(pair)]
            known = [one for one in closed if one is not None]
            self._correlations[day, pair] = correlation(*known) if len(known) == len(pair) else None
        return self._correlations[day, pair]

    def _closed(self, asset: str, at_ms: int) -> Candles | None:
        candles = self.daily.get(asset)
        return None if candles is None else candles.closed_before(at_ms, Timeframe.D1.ms).rows(-2 * DAYS)

    def _turn(self, at_ms: int) -> None:
        day = at_ms // Timeframe.D1.ms
        if day != self._day:
            self._day, self._entered = day, _ZERO


@dataclass(frozen=True, slots=True)
class _Pricing:
    """Last closes at a moment."""

    lanes: Mapping[object, Lane]
    at_ms: int

    def __call__(self, instrument: Instrument) -> Decimal | None:
        return self.lanes[instrument.key].price_at(self.at_ms)
