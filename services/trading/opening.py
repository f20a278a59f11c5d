"""From a wish to a trade: checked against the market, the money and what is held already."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from engines.core.depth import Depth
from engines.core.instrument import Instrument, Toward
from engines.core.side import Side
from engines.orders import plan as plans
from engines.orders.order import Fill, Liquidity, Purpose
from engines.orders.plan import Plan
from engines.orders.position import filled, liquidation_price
from engines.orders.protection import trailing_level
from engines.orders.trade import Target, Trade, TradeState
from engines.simulate.consumption import Consumption
from engines.simulate.matching import take_depth
from ports.clock import Clock
from ports.errors import Refused
from ports.markets import MarketSource
from ports.people import Person
from services.market.depth import fresh_depth
from services.market.perps import Perps
from services.markets import Markets
from services.trading.funds import Funds
from services.trading.prices import Prices
from services.trading.register import Register
from services.trading.wish import Preview, Wish

MOST_SLIPPAGE: Final = Decimal("0.01")
"""How much worse than expected a market order may be filled."""
FARTHEST_LIMIT: Final = Decimal("0.5")
ABSURD: Final = Decimal(1_000_000_000_000)
BIG_RISK: Final = Decimal("0.05")
"""Share of the equity whose loss at the stop is warned of."""
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A wish that passed the checks: what is shown of it, and what is needed to act. The entry may cost no
    more than `most_cost`."""

    preview: Preview
    plan: Plan
    most_cost: Decimal
    held: Trade | None


@dataclass(slots=True, repr=False)
class Opening:
    """Checks wishes. `most_leverage` is the desk's limit."""

    markets: Markets
    perps: Perps
    source: MarketSource
    register: Register
    funds: Funds
    prices: Prices
    clock: Clock
    most_leverage: Decimal
    stale_after_s: float

    async def draft(self, person: Person, wish: Wish) -> Draft:
        """The wish against the market now. Raises `Refused` as `Trades.preview` says."""
        _check_numbers(wish)
        await self.register.account(person.id)
        instrument = await self.instrument(wish.symbol)
        held = self._held(person, wish, instrument)
        if held is not None:
            wish, instrument = _joined(wish, held), held.instrument
        depth = await self._depth(instrument)
        plan = self._plan(wish, instrument, depth, held)
        problem = plans.find_problem(plan, most_leverage=self.most_leverage)
        if problem is None and held is not None and held.quantity:  # its levels will be those of what is held
            problem = plans.find_misplaced(replace(plan, price=_best(depth, wish.direction.entry)))
        if problem is not None:
            raise Refused(problem.code, **problem.params)
        most_cost = self._most_cost(person, wish, plan)
        preview = self._preview(person, wish, plan, depth, held)
        return Draft(preview=preview, plan=plan, most_cost=most_cost, held=held)

    async def instrument(self, text: str) -> Instrument:
        """What is traded under that name: the perpetual where there is one, else spot."""
        spot = await self.markets.resolve(text)
        return await self.perps.instrument(spot.symbol) or spot

    def _held(self, person: Person, wish: Wish, instrument: Instrument) -> Trade | None:
        """The person's trade in that market, if it can be added to."""
        for held in self.register.live(person.id):
            trade = held.trade
            if trade.instrument.symbol != instrument.symbol:
                continue
            if trade.direction is not wish.direction:
                raise Refused("opposite_held", trade_id=trade.id, pair=instrument.pair)
            if trade.exited or any(target.hit_at for target in trade.targets):
                raise Refused("partly_closed_held", trade_id=trade.id, pair=instrument.pair)
            return trade
        return None

    async def _depth(self, instrument: Instrument) -> Depth:
        return await fresh_depth(self.source, instrument, self.clock, stale_after_s=self.stale_after_s)

    def _plan(self, wish: Wish, instrument: Instrument, depth: Depth, held: Trade | None) -> Plan:
        price, worst, quantity = self._priced(wish, instrument, depth)
        stop, trail = _stops(wish, instrument, price, held)
        return Plan(
            instrument=instrument,
            direction=wish.direction,
            price=price,
            worst_price=worst,
            quantity=quantity,
            leverage=wish.leverage,
            stop=stop,
            targets=_targets(wish, instrument, held),
            trail_distance=trail,
        )

    def _priced(self, wish: Wish, instrument: Instrument, depth: Depth) -> tuple[Decimal, Decimal, Decimal]:
        """The price expected, the worst allowed, and how much the wish buys there."""
        side = wish.direction.entry
        best = _best(depth, side)
        if wish.limit_price is None:
            quantity = plans.quantity_for(instrument, wish.notional, best)
            price = _average(instrument, side, quantity, depth) or best
            return price, plans.worst_price(instrument, side, price, MOST_SLIPPAGE), quantity
        limit = self._limit(wish.limit_price, instrument, best)
        price = best if (limit - best) * side.sign > 0 else limit  # beyond the market it is filled there
        return price, limit, plans.quantity_for(instrument, wish.notional, max(price, limit))

    def _limit(self, limit: Decimal, instrument: Instrument, best: Decimal) -> Decimal:
        price = instrument.price(limit)
        if price <= 0:
            raise Refused("bad_price", price=limit)
        if abs(price - best) > best * FARTHEST_LIMIT:
            raise Refused("price_far", price=price, last=best)
        return price

    def _most_cost(self, person: Person, wish: Wish, plan: Plan) -> Decimal:
        """What the entry may cost: as expected must be free (a limit, as it says); filled worse, it is cut
        where the money ends."""
        is_limit = wish.limit_price is not None
        cost = plan.quantity * max(plan.price, plan.worst_price) if is_limit else plan.notional
        free = self.funds.free(person.id)
        most = self.funds.affordable(plan.instrument, free, plan.leverage)
        if self.funds.needed(plan.instrument, cost, plan.leverage) > free:
            raise Refused("too_much", free=free, most=most.quantize(_CENT, rounding=ROUND_DOWN))
        slip = 0 if is_limit and plan.price <= plan.worst_price else MOST_SLIPPAGE
        return max(min(cost * (1 + slip), most), cost)

    def _preview(self, person: Person, wish: Wish, plan: Plan, depth: Depth, held: Trade | None) -> Preview:
        rate = self.funds.fee_rate(plan.instrument)
        equity = self.prices.equity(person.id)
        worth = self.funds.cash(person.id) if equity is None else equity
        loss = plans.loss_at_stop(plan, entry_fee=rate, exit_fee=rate)
        risk = loss / worth if loss is not None and worth > 0 else None
        liquidation = liquidation_price(_filled_at_once(person, plan, held, depth.at))
        return Preview(
            wish=wish,
            instrument=plan.instrument,
            price=plan.price,
            quantity=plan.quantity,
            notional=plan.notional,
            margin=plan.margin,
            fee=plan.notional * rate,
            slippage=_slippage(plan, wish, depth),
            stop=plan.stop,
            targets=plan.targets,
            trail_distance=plan.trail_distance,
            loss_at_stop=loss,
            risk_share=risk,
            worst_loss=plans.worst_loss(plan, entry_fee=rate),
            gains=plans.gains(plan, entry_fee=rate, exit_fee=rate),
            liquidation_price=liquidation,
            equity=worth,
            free=self.funds.free(person.id),
            at=self.clock.now(),
            warnings=tuple(_warnings(plan, liquidation, risk, held)),
            held=held,
        )


def _check_numbers(wish: Wish) -> None:
    amount = wish.notional
    if not amount.is_finite() or not 0 < amount < ABSURD:
        raise Refused("bad_amount", amount=amount)
    if not wish.leverage.is_finite():
        raise Refused("bad_leverage", most=Decimal(5))
    for price in (wish.limit_price, wish.stop, *wish.targets):
        if price is not None and not (price.is_finite() and 0 < price < ABSURD):
            raise Refused("bad_price", price=price)
    if wish.trail is not None and not (wish.trail.is_finite() and 0 < wish.trail < 1):
        raise Refused("bad_price", price=wish.trail)
    if len(wish.targets) > plans.MOST_TARGETS:
        raise Refused("too_many_targets", most=plans.MOST_TARGETS)
    if wish.shares and len(wish.shares) != len(wish.targets):
        raise Refused("bad_share")


def _joined(wish: Wish, held: Trade) -> Wish:
    """More of the same: the leverage of a position is one."""
    return replace(wish, leverage=held.leverage)


def _best(depth: Depth, side: Side) -> Decimal:
    return depth.asks[0][0] if side is Side.BUY else depth.bids[0][0]


def _average(instrument: Instrument, side: Side, quantity: Decimal, depth: Depth) -> Decimal | None:
    parts = take_depth(instrument, side, quantity, depth, at=depth.at, eaten=Consumption())
    taken = sum((part.quantity for part in parts), Decimal(0))
    if not taken:
        return None
    cost = sum((part.price * part.quantity for part in parts), Decimal(0))
    return instrument.price(cost / taken, Toward.UP if side is Side.BUY else Toward.DOWN)


def _stops(
    wish: Wish, instrument: Instrument, price: Decimal, held: Trade | None
) -> tuple[Decimal | None, Decimal | None]:
    """The stop to begin with, and the distance of a trailing one."""
    trail = None if held is None else held.trail_distance
    if wish.trail is not None:
        trail = max(instrument.price(price * wish.trail), instrument.tick)
    stop = None if held is None else held.stop
    if wish.stop is not None:
        stop = instrument.price(wish.stop)
    if stop is None and trail is not None:
        stop = trailing_level(instrument, wish.direction, price, trail)
    return stop, trail


def _targets(wish: Wish, instrument: Instrument, held: Trade | None) -> tuple[Target, ...]:
    if not wish.targets:
        return () if held is None else held.targets
    prices = [instrument.price(price) for price in wish.targets]
    try:
        return plans.ladder(wish.direction, prices, wish.shares)
    except ValueError as error:
        raise Refused("bad_share") from error


def _slippage(plan: Plan, wish: Wish, depth: Depth) -> Decimal:
    if wish.limit_price is not None:
        return Decimal(0)
    return abs(plan.price - _best(depth, plan.direction.entry)) * plan.quantity


def _filled_at_once(person: Person, plan: Plan, held: Trade | None, at: datetime) -> Trade:
    """The trade as it would stand after the entry."""
    trade = held or new_trade(0, person, plan, at)
    fill = Fill(
        id="preview",
        order_id="preview",
        price=plan.price,
        quantity=plan.quantity,
        fee=Decimal(0),
        liquidity=Liquidity.TAKER,
        at=at,
    )
    return filled(trade, plan.direction.entry, Purpose.ENTRY, fill)[0]


def new_trade(trade_id: int, person: Person, plan: Plan, at: datetime) -> Trade:
    """A trade about to be opened; nothing is filled yet."""
    return Trade(
        id=trade_id,
        owner=person.id,
        instrument=plan.instrument,
        direction=plan.direction,
        leverage=plan.leverage,
        state=TradeState.WAITING,
        wanted=plan.quantity,
        stop=plan.stop,
        targets=plan.targets,
        trail_distance=plan.trail_distance,
        created_at=at,
        seen_at=at,
        armed_at=at,
    )


def _warnings(
    plan: Plan, liquidation: Decimal | None, risk: Decimal | None, held: Trade | None
) -> list[tuple[str, Mapping[str, object]]]:
    sign = plan.direction.sign
    found: list[tuple[str, Mapping[str, object]]] = []
    if held is not None:
        found.append(("adds_to", {"trade_id": held.id, "pair": plan.instrument.pair}))
    if plan.stop is None:
        found.append(("no_stop", {}))
    elif liquidation is not None and (plan.stop - liquidation) * sign <= 0:
        found.append(("stop_beyond_liquidation", {"stop": plan.stop, "liquidation": liquidation}))
    if risk is not None and risk > BIG_RISK:
        found.append(("big_risk", {"share": risk}))
    return found
