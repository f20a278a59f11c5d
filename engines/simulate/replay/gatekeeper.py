"""What the gate sees of a replayed account: the very look that it has at the desk, at other books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Final

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.orders.order import Intent, Liquidity
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from engines.risk.correlation import DAYS, correlation
from engines.risk.exposure import Holding
from engines.risk.judge import judge
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.look import Look
from engines.risk.mark import Mark
from engines.risk.verdict import Verdict
from engines.risk.view import Market, View
from engines.simulate.replay.books import Books
from engines.simulate.replay.instant import utc
from engines.simulate.replay.lane import Lane
from engines.simulate.replay.watch import Watch
from engines.simulate.terms import Terms

_ZERO: Final = Decimal(0)
_NO_PREDICTIONS: Final[Mapping[str, Decimal]] = {}


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

    @property
    def halted_ms(self) -> int | None:
        """Since when the engine stands still: a drawdown halts it where that limit is kept."""
        is_stepped = self.terms.limits.engines[self.engine].is_stepped
        return self.watch.halted_ms if is_stepped else None

    def entered(self, cost: Decimal, at_ms: int) -> None:
        """An entry was filled for so much."""
        self._turn(at_ms)
        self._entered += cost

    def view(self, intent: Intent, trade: Trade, market: Market, at_ms: int) -> View:
        """Everything that a judgement of the intent needs: of one that only reduces, next to nothing."""
        if intent.reduce_only:
            return View(now=utc(at_ms), market=market, free=_ZERO, fee_rate=_ZERO)
        self._turn(at_ms)
        worth = _Worth(self.lanes, self.books, self.watch.equity(at_ms), at_ms)
        marks, turnover = _Marks(self.watch.mark), _Turnover(self._entered)
        look = Look(intent, worth, marks, turnover, self._fee_rate, _NO_PREDICTIONS)
        return look.view(
            trade,
            market,
            now=utc(at_ms),
            latches=self._latches(),
            is_sized=False,
            correlations=lambda assets: self._among(assets, at_ms),
        )

    def _fee_rate(self, instrument: Instrument) -> Decimal:
        return self.terms.fees.rate(instrument.kind, Liquidity.TAKER)

    def _latches(self) -> tuple[Latch, ...]:
        """Nobody clears a drawdown's inside a replay; that of the whole desk stops leverage."""
        halted_ms = self.watch.halted_ms
        if halted_ms is None:
            return ()
        scopes = [Scope()] if self.halted_ms is None else [Scope(engine=self.engine), Scope()]
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


@dataclass(slots=True)
class _Worth:
    """The one account of a replay at a moment, at the last closes."""

    lanes: Sequence[Lane]
    books: Books
    capital: Decimal
    at_ms: int
    _holdings: list[Holding] | None = None

    def price(self, instrument: Instrument) -> Decimal | None:
        key = instrument.key
        return next(lane.price_at(self.at_ms) for lane in self.lanes if lane.instrument.key == key)

    def held(self, owner: int) -> Sequence[Holding]:
        if self._holdings is None:
            self._holdings = [
                Holding.of(lane.trade, lane.orders()) for lane in self.lanes if lane.trade is not None
            ]
        return self._holdings

    def is_known(self, owner: int) -> bool:
        return owner == self.books.owner

    def equity(self, owner: int) -> Decimal | None:
        return self.capital

    def cash(self, owner: int) -> Decimal:
        return self.books.cash

    def promised(self, owner: int) -> Decimal:
        return _ZERO


@dataclass(frozen=True, slots=True)
class _Marks:
    """The one mark of a replay, which is as new as the last close."""

    mark: Mark

    def today(self) -> date:
        return self.mark.day

    def get(self, name: str) -> Mark | None:
        return self.mark

    def observe(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        return self.mark


@dataclass(frozen=True, slots=True)
class _Turnover:
    """What was entered today."""

    entered: Decimal

    def of(self, owner: int) -> Decimal | None:
        return self.entered
