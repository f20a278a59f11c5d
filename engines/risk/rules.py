"""The rules of the gate. Each is a small function: `None` while its limit is kept.

A refusal (`Check`) ends the matter; a `Cut` says how much would still be kept. Rules of entries come after
`missing_of`, so that what they need is there.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.core.money import cut as cut_money
from engines.orders.order import ExecutionStyle, Intent, OrderKind
from engines.orders.position import MAINTENANCE, margin_for
from engines.orders.trade import Trade
from engines.risk.case import ONE, ZERO, Case, Cut, order_price
from engines.risk.limits import Limits
from engines.risk.verdict import Check
from engines.risk.view import Position, View

_POST_ONLY: Final = (ExecutionStyle.POST_ONLY, ExecutionStyle.MAKER_THEN_MARKET)


# What concerns every intent.


def flaw_of(intent: Intent, trade: Trade) -> str | None:
    """Why the intent cannot be; `None` when it can."""
    instrument, quantity = intent.instrument, intent.quantity
    if not quantity.is_finite() or quantity <= 0 or instrument.quantity(quantity) != quantity:
        return f"{quantity} is no size of {instrument.symbol}"
    if instrument.key != trade.instrument.key:
        return f"{instrument.symbol} is not {trade.instrument.symbol}, the market of its trade"
    expected = trade.direction.exit if intent.reduce_only else trade.direction.entry
    if intent.side is not expected:
        return f"a {intent.side} does not {'reduce' if intent.reduce_only else 'open'} a {trade.direction}"
    if intent.kind is OrderKind.LIMIT and intent.limit_price is None:
        return "a limit without a price"
    for price in (intent.limit_price, intent.worst_price, intent.trigger_price, intent.decision_price):
        if price is not None and not (price.is_finite() and price > 0):
            return f"{price} is no price"
    return None


# What concerns entries of people and engines.


def latch(intent: Intent, view: View, *, is_person: bool) -> Check | None:
    """A latch that stops it."""
    for one in view.latches:
        if one.stops(intent, is_person=is_person):
            return Check(code="latch", is_kept=False, detail=one.id)
    return None


def band(own: Decimal | None, price: Decimal, sign: int, limits: Limits) -> Check | None:
    """Beyond the market an order may pay a little, on its own side it may wait further away."""
    if own is None:
        return None
    beyond = (own - price) * sign / price
    limit = limits.band if beyond > 0 else limits.far
    if abs(beyond) <= limit:
        return None
    return Check(code="price_band", is_kept=False, value=abs(beyond), limit=limit, unit="fraction")


def far_off(intent: Intent, view: View, limits: Limits) -> Check | None:
    """A person's price, where there is one of the market to compare it with."""
    if view.market is None or view.market.age_s > limits.stale_after_s:
        return None
    return band(order_price(intent), view.market.price, intent.side.sign, limits)


def setting(trade: Trade, most: Decimal) -> Check | None:
    """Leverage of the position at the venue."""
    if trade.leverage <= most:
        return None
    return Check(code="leverage", is_kept=False, value=trade.leverage, limit=most, unit="x")


def unpaid(intent: Intent, trade: Trade, view: View) -> Check | None:
    """What a person's entry takes, margin and fee as booked, of what is free."""
    cost = (
        intent.most_cost if intent.most_cost is not None else intent.quantity * (order_price(intent) or ZERO)
    )
    own = (
        cost
        if intent.instrument.kind is MarketKind.SPOT
        else margin_for(intent.instrument, cost, trade.leverage)
    )
    needed = own + cut_money(cost * view.fee_rate)
    if needed <= view.free:
        return None
    return Check(code="too_much", is_kept=False, value=needed, limit=view.free)


# What concerns entries of engines.


def missing_of(view: View, limits: Limits) -> Check | None:
    """The first input that is not there, or too old."""
    market = view.market
    if market is None or market.price <= 0:
        return _missing("price")
    if market.age_s > limits.stale_after_s:
        age, most = Decimal(str(round(market.age_s, 1))), Decimal(str(limits.stale_after_s))
        return Check(code="stale", is_kept=False, value=age, limit=most, unit="s", detail="price")
    account, portfolio, desk = view.account, view.portfolio, view.desk
    if account is None or account.capital is None:
        return _missing("capital")
    if account.capital > 0 and not account.high_water:
        return _missing("high_water")
    if account.capital > 0 and not account.day_start:
        return _missing("day_start")
    if account.exposure is None:
        return _missing("exposure")
    if portfolio is None or portfolio.nav is None or portfolio.delta is None:
        return _missing("portfolio")
    if desk is None or desk.nav is None or desk.delta is None:
        return _missing("desk")
    return _missing("desk_high_water") if desk.nav > 0 and not desk.high_water else None


def _missing(name: str) -> Check:
    return Check(code="stale", is_kept=False, unit="s", detail=name)


def expired(case: Case) -> Check | None:
    """It came too late."""
    until = case.intent.expires_at
    is_late = until is not None and case.view.now > until
    return Check(code="expired", is_kept=False) if is_late else None


def no_capital(case: Case) -> Check | None:
    """Nothing to trade with."""
    if case.capital > 0:
        return None
    return Check(code="no_capital", is_kept=False, value=case.capital, limit=ZERO)


def leverage(case: Case) -> Check | None:
    """Leverage of the position at the venue."""
    return setting(case.trade, case.engine.leverage)


def unbounded(case: Case) -> Check | None:
    """An order at the market says how bad a price it takes."""
    intent = case.intent
    is_open = intent.kind is OrderKind.MARKET and intent.style is ExecutionStyle.SINGLE
    if not is_open or case.own is not None:
        return None
    return Check(code="unbounded", is_kept=False)


def price_band(case: Case) -> Check | None:
    """Near the market."""
    return band(case.own, case.market.price, case.sign, case.limits)


def crosses(case: Case) -> Check | None:
    """A post-only order rests on its own side; without a book, the reference price is the other side."""
    intent = case.intent
    if intent.style not in _POST_ONLY or intent.limit_price is None:
        return None
    other = case.market.ask if case.sign > 0 else case.market.bid
    if other is None:
        other = case.market.price
    if (other - intent.limit_price) * case.sign > 0:
        return None
    return Check(code="crosses", is_kept=False, value=intent.limit_price, limit=other)


def drawdown(case: Case) -> Check | None:
    """The engine's loss since its high-water mark: warned of, then halving, then halting."""
    limits = case.limits
    if case.loss < limits.warn_at:
        return None
    if not case.engine.is_stepped or case.loss < limits.halve_at:
        return _fraction("drawdown", case.loss, limits.warn_at, is_kept=True)
    is_over = case.loss >= limits.halt_at
    limit = limits.halt_at if is_over else limits.halve_at
    return _fraction("drawdown", case.loss, limit, is_kept=not is_over)


def daily_loss(case: Case) -> Check | None:
    """The engine's loss today."""
    if case.day_loss < case.limits.daily_loss:
        return None
    return _fraction("daily_loss", case.day_loss, case.limits.daily_loss, is_kept=not case.engine.is_stepped)


def portfolio_drawdown(case: Case) -> Check | None:
    """After a great loss of everything, no new leverage anywhere."""
    if not case.is_perp or case.total_loss < case.limits.halt_at:
        return None
    return _fraction("portfolio_drawdown", case.total_loss, case.limits.halt_at)


def positions(case: Case) -> Check | None:
    """How many at once; those that go together in one direction count as one."""
    others, most = case.account.positions, case.engine.positions
    if case.trade.quantity > 0 or len(others) < most:
        return None
    own = Position(asset=case.trade.instrument.base, direction=case.trade.direction)
    count = _groups([*others, own], case)
    if count <= most:
        return None
    return Check(code="positions", is_kept=False, value=Decimal(count), limit=Decimal(most), unit="count")


def too_small(case: Case) -> Check | None:
    """Smaller than the market takes."""
    least = case.intent.instrument.min_notional
    if case.notional >= least:
        return None
    return Check(code="too_small", is_kept=False, value=case.notional, limit=least)


# Limits that a smaller order may keep.


def halved(case: Case) -> Cut | None:
    """Half the size after a loss; once an intent."""
    is_due = case.engine.is_stepped and case.loss >= case.limits.halve_at
    if not is_due or case.view.is_sized:
        return None
    check = _fraction("drawdown", case.loss, case.limits.halve_at)
    return Cut(check=check, most=case.notional / 2)


def correlation(case: Case) -> Cut | None:
    """Half the size beside a position that goes the same way; one of which nobody knows does. Once an
    intent."""
    if not case.engine.is_spread or case.view.is_sized or not case.account.positions:
        return None
    own = Position(asset=case.trade.instrument.base, direction=case.trade.direction)
    values = [_correlation(own, one, case) for one in case.account.positions if _is_beside(own, one)]
    together = max((1.0 if value is None else value for value in values), default=0.0)
    if together <= case.limits.correlation:
        return None
    value, limit = Decimal(str(round(together, 4))), Decimal(str(case.limits.correlation))
    return Cut(check=_fraction("correlation", value, limit), most=case.notional / 2)


def per_order(case: Case) -> Cut | None:
    """One entry."""
    limit = min(case.engine.order * case.capital, case.limits.order_usd)
    return None if case.notional <= limit else _money("per_order", case.notional, limit, limit)


def per_day(case: Case) -> Cut | None:
    """All entries of the day."""
    limit = case.engine.day * case.capital
    after = case.account.turnover + case.notional
    return None if after <= limit else _money("per_day", after, limit, limit - case.account.turnover)


def per_asset(case: Case) -> Cut | None:
    """Net exposure to an asset, of the portfolio."""
    if not case.engine.is_capped:
        return None
    return _share("per_asset", case, case.delta, case.nav, case.limits.asset_share)


def total_delta(case: Case) -> Cut | None:
    """Net exposure to an asset over all engines, of everything."""
    return _share("total_delta", case, case.total_delta, case.total, case.limits.delta_share)


def per_engine(case: Case) -> Cut | None:
    """Exposure of the engine; what hedges, or is hedged by, what is there adds none."""
    limit = case.engine.exposure * case.capital
    room = max(limit - case.exposure, ZERO) + case.account.offset
    if case.notional <= room:
        return None
    after = case.exposure + max(case.notional - case.account.offset, ZERO)
    check = Check(
        code="per_engine",
        is_kept=False,
        value=_ratio(after, case.capital),
        limit=case.engine.exposure,
        unit="x",
    )
    return Cut(check=check, most=room)


def margin(case: Case) -> Cut | None:
    """Margin of perpetuals, of what stands for it."""
    if not case.is_perp:
        return None
    limit, used = case.limits.margin_share, case.portfolio.used_margin
    room = (limit * case.nav - used) * case.trade.leverage
    if case.notional <= room:
        return None
    after = used + case.notional / case.trade.leverage
    return Cut(check=_fraction("margin", _ratio(after, case.nav), limit), most=room)


def cash_buffer(case: Case) -> Cut | None:
    """A purchase leaves some cash."""
    if case.is_perp or not case.engine.is_capped:
        return None
    room = case.portfolio.cash - case.limits.cash_share * case.nav
    return None if case.notional <= room else _money("cash_buffer", case.notional, room, room)


def liquidation(case: Case) -> Cut | None:
    """How far the market may go against all its perpetuals before the engine's capital is at its end, and
    against this one before its own margin is."""
    if not case.is_perp:
        return None
    limit = case.engine.liquidation
    if not case.trade.is_cross and (own := 1 / case.trade.leverage - MAINTENANCE) < limit:
        return Cut(check=_fraction("liquidation", own, limit), most=ZERO)
    room = case.capital / (limit + MAINTENANCE) - case.account.perps
    if case.notional <= room:
        return None
    distance = case.capital / (case.account.perps + case.notional) - MAINTENANCE
    return Cut(check=_fraction("liquidation", distance, limit), most=room)


def too_much(case: Case) -> Cut | None:
    """What it takes of the money that is free, fee included."""
    share = 1 / case.trade.leverage if case.is_perp else ONE
    needed = case.notional * (share + case.view.fee_rate)
    if needed <= case.view.free:
        return None
    return _money("too_much", needed, case.view.free, case.view.free / (share + case.view.fee_rate))


REFUSALS: Final[Sequence[Callable[[Case], Check | None]]] = (
    expired,
    no_capital,
    leverage,
    unbounded,
    price_band,
    crosses,
    drawdown,
    daily_loss,
    portfolio_drawdown,
    positions,
    too_small,
)
CUTS: Final[Sequence[Callable[[Case], Cut | None]]] = (
    halved,
    correlation,
    per_order,
    per_day,
    per_asset,
    per_engine,
    total_delta,
    margin,
    cash_buffer,
    liquidation,
    too_much,
)


def _fraction(code: str, value: Decimal | None, limit: Decimal, *, is_kept: bool = False) -> Check:
    return Check(code=code, is_kept=is_kept, value=value, limit=limit, unit="fraction")


def _money(code: str, value: Decimal, limit: Decimal, most: Decimal) -> Cut:
    return Cut(check=Check(code=code, is_kept=False, value=value, limit=limit), most=most)


def _share(code: str, case: Case, delta: Decimal, worth: Decimal, limit: Decimal) -> Cut | None:
    """Net exposure in the order's direction; an order that goes the other way lowers it first."""
    before = delta * case.sign
    room = limit * worth - before
    if case.notional <= room:
        return None
    return Cut(check=_fraction(code, _ratio(before + case.notional, worth), limit), most=room)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole > 0 else None


def _is_beside(own: Position, other: Position) -> bool:
    return own.asset != other.asset and own.direction is other.direction


def _correlation(one: Position, other: Position, case: Case) -> float | None:
    return case.view.correlations.get(frozenset((one.asset, other.asset)))


def _groups(held: Sequence[Position], case: Case) -> int:
    """How many different bets there are: positions of one direction that go together, directly or by way of
    another, are one."""
    groups: list[list[Position]] = []
    for one in held:
        joined = [group for group in groups if any(_is_one_bet(one, other, case) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([one, *(other for group in joined for other in group)])
    return len(groups)


def _is_one_bet(one: Position, other: Position, case: Case) -> bool:
    if one.direction is not other.direction:
        return False
    value = 1.0 if one.asset == other.asset else _correlation(one, other, case)
    return value is not None and value > case.limits.correlation
