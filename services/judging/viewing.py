"""The picture that a judgement is made from, drawn from memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.ledger import booking
from engines.orders.order import Intent
from engines.orders.subaccount import PAPER, EngineName, SubAccount, engine_of, is_live, is_person
from engines.orders.trade import Trade
from engines.risk.exposure import Exposure, Holding, coming, measured, net_delta
from engines.risk.latch import Latch
from engines.risk.mark import Mark
from engines.risk.view import Account, Market, Pool, Position, View
from ports.clock import Clock
from services.judging.correlations import Correlations
from services.judging.holdings import Holdings
from services.judging.marks import Marks
from services.judging.turnover import Turnover
from services.judging.worth import Worth
from services.trading.funds import Funds
from services.trading.prices import Prices
from services.trading.register import QUOTE

PORTFOLIO: Final = (EngineName.CORE, EngineName.TREND, EngineName.FUNDING, EngineName.TACTICAL)
"""Engines that share one portfolio; each of the others is a portfolio of its own."""

_LIVE: Final = "live"
_ZERO: Final = Decimal(0)


def account_name(owner: int) -> str:
    """What the marks of a sub-account are kept under: `trend`, `trend:paper`."""
    engine = engine_of(owner)
    return f"{engine}" if is_live(owner) else f"{engine}:{PAPER}"


def desk_name(*, is_paper: bool) -> str:
    """What the marks of all sub-accounts together are kept under."""
    return f"desk:{PAPER}" if is_paper else "desk"


def owners_of(engines: Iterable[EngineName], *, is_paper: bool) -> Sequence[int]:
    """Numbers of these engines' sub-accounts, with real money or with pretended."""
    account = PAPER if is_paper else _LIVE
    return [SubAccount(engine=engine, account=account).owner for engine in engines]


@dataclass(slots=True)
class Viewing:
    """Draws views. `stopping` says which latch stops an intent, `predictions` the deltas of prediction
    positions by asset in base coin."""

    worth: Worth
    holdings: Holdings
    marks: Marks
    turnover: Turnover
    correlations: Correlations
    prices: Prices
    funds: Funds
    clock: Clock
    stopping: Callable[[Intent], Latch | None]
    predictions: Callable[[], Mapping[str, Decimal]]

    async def load(self) -> None:
        """Read what memory does not have. Raises `Transient`."""
        owners = [owner for is_paper in (True, False) for owner in owners_of(EngineName, is_paper=is_paper)]
        register = self.worth.register
        for owner in owners:
            if await register.books.balances(owner):
                await register.account(owner)
        names = [account_name(owner) for owner in owners]
        await self.marks.load([*names, *(desk_name(is_paper=is_paper) for is_paper in (True, False))])
        await self.turnover.load(owners)
        self.holdings.listen()

    def market(self, instrument: Instrument) -> Market | None:
        """The market of an instrument, however old its price."""
        price = self.prices.of(instrument)
        if price is None:
            return None
        bid, ask = self._best(instrument)
        return Market(price=price.value, age_s=price.age_s, bid=bid, ask=ask)

    def view(self, intent: Intent, trade: Trade, *, is_sized: bool) -> View:
        """Everything that a judgement of the intent needs."""
        latch = self.stopping(intent)
        latches = () if latch is None else (latch,)
        market, rate = self.market(intent.instrument), self.funds.fee_rate(intent.instrument)
        if is_person(intent.owner):
            free = self.funds.free(intent.owner)
            return View(now=self.clock.now(), market=market, free=free, fee_rate=rate, latches=latches)
        account, free = self._account(intent, trade)
        return View(
            now=self.clock.now(),
            market=market,
            free=free,
            fee_rate=rate,
            latches=latches,
            is_sized=is_sized,
            account=account,
            portfolio=self.portfolio(intent, market),
            desk=self.desk(intent, market),
            correlations=self._pairs(trade, account.positions),
        )

    def portfolio(self, intent: Intent, market: Market | None) -> Pool:
        """The portfolio of the intent's engine."""
        engine = engine_of(intent.owner)
        engines = PORTFOLIO if engine in PORTFOLIO else ([] if engine is None else [engine])
        owners = self._known(owners_of(engines, is_paper=not is_live(intent.owner)))
        return self._pool(intent, market, owners, {})

    def desk(self, intent: Intent, market: Market | None) -> Pool:
        """All engines, those with real money or those on paper."""
        is_paper = not is_live(intent.owner)
        owners = self._known(owners_of(EngineName, is_paper=is_paper))
        pool = self._pool(intent, market, owners, self.predictions())
        mark = self._mark(desk_name(is_paper=is_paper), owners, pool.nav)
        return Pool(
            nav=pool.nav,
            cash=pool.cash,
            used_margin=pool.used_margin,
            delta=pool.delta,
            high_water=None if mark is None else mark.high_water,
        )

    def net_delta(self, owner: int, asset: str) -> Decimal:
        """Net exposure to an asset in base coin over all engines of the desk, as that of `owner` real or on
        paper."""
        owners = self._known(owners_of(EngineName, is_paper=not is_live(owner)))
        return net_delta(self._held(owners), self.predictions()).get(asset, _ZERO)

    def exposure(self, owner: int, intent_id: str) -> Exposure | None:
        """What a sub-account has at stake, orders of that intent left out."""
        return measured(self.holdings.of(owner), self.worth.price, intent_id=intent_id)

    def _account(self, intent: Intent, trade: Trade) -> tuple[Account, Decimal]:
        """The engine's own account, and what the order may be paid with."""
        owner = intent.owner
        capital = self.worth.equity(owner)
        mark = self._mark(account_name(owner), [owner], capital)
        exposure = self.exposure(owner, intent.id)
        turnover = self.turnover.of(owner)
        is_told = exposure is not None and turnover is not None
        account = Account(
            capital=capital,
            high_water=None if mark is None else mark.high_water,
            day_start=None if mark is None else mark.day_start,
            turnover=(turnover or _ZERO) + self._coming_value(owner, intent.id),
            exposure=exposure.exposure if exposure is not None and is_told else None,
            offset=_ZERO if exposure is None else exposure.offset(intent.instrument.base, trade.direction),
            perps=_ZERO if exposure is None else exposure.perps,
            positions=tuple(self._positions(owner, trade.id, intent.id)),
        )
        used = _ZERO if exposure is None else exposure.used_margin
        return account, self._free(intent, trade, capital or _ZERO, used)

    def _free(self, intent: Intent, trade: Trade, capital: Decimal, used_margin: Decimal) -> Decimal:
        """Cash less what orders under way may take; with cross margin, capital less all the margin in use."""
        if trade.is_cross and intent.instrument.kind is MarketKind.PERP:
            return capital - used_margin
        cash = booking.free(self.worth.register.balances(intent.owner), QUOTE)
        return cash - self._claims(intent.owner, intent.id)

    def _claims(self, owner: int, intent_id: str) -> Decimal:
        """Cash that entries under way may still take."""
        total = _ZERO
        for one in self.holdings.of(owner):
            adding = one.adding(intent_id)
            price = self.worth.price(one.instrument) if adding else None
            if price is not None:
                share = 1 if one.instrument.kind is MarketKind.SPOT else 1 / one.leverage
                total += adding * price * (share + self.funds.fee_rate(one.instrument))
        return total

    def _coming_value(self, owner: int, intent_id: str) -> Decimal:
        """What entries under way would add to the day."""
        total = _ZERO
        for one in self.holdings.of(owner):
            adding = one.adding(intent_id)
            price = self.worth.price(one.instrument) if adding else None
            total += _ZERO if price is None else adding * price
        return total

    def _pool(
        self, intent: Intent, market: Market | None, owners: Sequence[int], predictions: Mapping[str, Decimal]
    ) -> Pool:
        equities = [self.worth.equity(owner) for owner in owners]
        known = [equity for equity in equities if equity is not None]
        held = self._held(owners)
        exposure = measured(held, self.worth.price, intent_id=intent.id)
        is_whole = len(known) == len(equities) and exposure is not None
        cash = sum((booking.free(self.worth.register.balances(one), QUOTE) for one in owners), _ZERO)
        return Pool(
            nav=sum(known, _ZERO) if is_whole else None,
            cash=cash - sum((self._claims(owner, intent.id) for owner in owners), _ZERO),
            used_margin=_ZERO if exposure is None else exposure.used_margin,
            delta=None if market is None else _delta(intent, held, predictions) * market.price,
        )

    def _held(self, owners: Iterable[int]) -> list[Holding]:
        return [one for owner in owners for one in self.holdings.of(owner)]

    def _known(self, owners: Iterable[int]) -> list[int]:
        return [owner for owner in owners if self.worth.is_known(owner)]

    def _mark(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        """The mark of today; of an account that was never looked at, made now."""
        mark = self.marks.get(name)
        if mark is not None and mark.day == self.marks.today():
            return mark
        return self.marks.observe(name, owners, equity)

    def _positions(self, owner: int, trade_id: int, intent_id: str) -> Iterable[Position]:
        for one in self.holdings.of(owner):
            if one.trade_id != trade_id and (one.held or one.adding(intent_id)):
                yield Position(asset=one.instrument.base, direction=one.direction)

    def _pairs(self, trade: Trade, positions: Sequence[Position]) -> Mapping[frozenset[str], float]:
        assets = sorted({trade.instrument.base, *(one.asset for one in positions)})
        return self.correlations.among(assets) if len(assets) > 1 else {}

    def _best(self, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
        if instrument.kind is MarketKind.PERP:
            perp = self.prices.perps.ticker(instrument.symbol)
            return (None, None) if perp is None else (perp.bid, perp.ask)
        quotes = self.prices.markets.quotes([instrument.symbol])
        return (quotes[0].ticker.bid, quotes[0].ticker.ask) if quotes else (None, None)


def _delta(intent: Intent, held: Sequence[Holding], predictions: Mapping[str, Decimal]) -> Decimal:
    """Net exposure to the intent's asset, with what is coming in the direction of the intent."""
    asset, sign = intent.instrument.base, intent.side.sign
    direction = Direction.LONG if sign > 0 else Direction.SHORT
    return net_delta(held, predictions).get(asset, _ZERO) + sign * coming(
        held, asset, direction, intent_id=intent.id
    )
