"""Checks and arithmetic for opening a trade: pure, so that a preview and the opening itself cannot differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, MarketKind, Toward
from engines.core.money import cut
from engines.core.side import Direction, Side
from engines.orders.position import margin_for
from engines.orders.trade import Target

USUAL_SHARES: Final = {
    1: (Decimal(1),),
    2: (Decimal("0.5"), Decimal("0.5")),
    3: (Decimal("0.5"), Decimal("0.3"), Decimal("0.2")),
}
"""How much is closed at each target where the person does not say: half at the first, always."""

MOST_TARGETS: Final = len(USUAL_SHARES)

STOP_ATRS: Final = Decimal("1.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a plan cannot be: `code` picks the wording, `params` fill it in."""

    code: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A trade about to be opened at `price`: what is expected, the limit unless the market is better.

    `worst_price` is the worst at which it may be filled: of a limit order the limit.
    """

    instrument: Instrument
    direction: Direction
    price: Decimal
    worst_price: Decimal
    quantity: Decimal
    leverage: Decimal
    stop: Decimal | None = None
    targets: tuple[Target, ...] = ()
    trail_distance: Decimal | None = None

    @property
    def notional(self) -> Decimal:
        """Its value at `price`."""
        return self.price * self.quantity

    @property
    def margin(self) -> Decimal:
        """What is set aside; zero on spot."""
        return margin_for(self.instrument, self.notional, self.leverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Levels on the price grid."""

    stop: Decimal
    targets: tuple[Decimal, ...]


def quantity_for(instrument: Instrument, notional: Decimal, price: Decimal) -> Decimal:
    """How much `notional` buys at `price`, on the size grid, never more."""
    return instrument.quantity(notional / price)


def worst_price(instrument: Instrument, side: Side, price: Decimal, max_slippage: Decimal) -> Decimal:
    """The last price on the grid that is no more than `max_slippage` worse than `price`."""
    toward = Toward.DOWN if side is Side.BUY else Toward.UP
    return max(instrument.price(price * (1 + max_slippage * side.sign), toward), instrument.tick)


def ladder(
    direction: Direction, prices: Sequence[Decimal], shares: Sequence[Decimal] = ()
) -> tuple[Target, ...]:
    """Targets in the order in which they are met, with shares that sum to exactly 1.

    Shares belong to the prices as given and may sum to anything (50, 30, 20 is as good as 0.5, 0.3, 0.2);
    without them the first target met gets the first usual share. Raises `ValueError` when there are not as
    many shares as prices, one is not positive, or there are more than `MOST_TARGETS`.
    """
    usual = USUAL_SHARES.get(len(prices))
    if not prices:
        return ()
    if usual is None or len(shares) not in (0, len(prices)) or any(share <= 0 for share in shares):
        raise ValueError(f"{len(prices)} targets with {len(shares)} shares")
    order = sorted(range(len(prices)), key=lambda index: prices[index] * direction.sign)
    parts = _normal([shares[index] for index in order]) if shares else usual
    return tuple(Target(price=prices[index], share=part) for index, part in zip(order, parts, strict=True))


def _normal(shares: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Shares of the whole; the last takes what the others' rounding leaves."""
    total = sum(shares, Decimal(0))
    parts = [cut(share / total) for share in shares[:-1]]
    return (*parts, 1 - sum(parts, Decimal(0)))


def find_problem(plan: Plan, *, most_leverage: Decimal) -> Problem | None:
    """The first reason why `plan` cannot be opened; `None` when there is none.

    Codes: `spot_no_short`, `spot_no_leverage` (`pair`), `bad_leverage` (`most`), `too_small` (`least`, a
    notional), `stop_wrong_side` (`stop`, `price`), `target_wrong_side` (`target`, `price`). Money and the
    freshness of prices are not looked at here.
    """
    is_spot = plan.instrument.kind is MarketKind.SPOT
    if is_spot and plan.direction is Direction.SHORT:
        return Problem(code="spot_no_short", params={"pair": plan.instrument.pair})
    if is_spot and plan.leverage != 1:
        return Problem(code="spot_no_leverage", params={"pair": plan.instrument.pair})
    if not 1 <= plan.leverage <= most_leverage:
        return Problem(code="bad_leverage", params={"most": most_leverage})
    least = least_notional(plan.instrument, plan.price)
    if plan.quantity <= 0 or plan.notional < plan.instrument.min_notional:
        return Problem(code="too_small", params={"least": least})
    return find_misplaced(plan)


def least_notional(instrument: Instrument, price: Decimal) -> Decimal:
    """The smallest order at `price`: one lot, and the venue's minimum in whole lots."""
    lots = max(1, instrument.lots(instrument.min_notional / price, Toward.UP))
    return instrument.quantity_of(lots) * price


def find_misplaced(plan: Plan) -> Problem | None:
    """A stop that would fire at once, a target that is behind the entry; codes as `find_problem` has them."""
    sign = plan.direction.sign
    if plan.stop is not None and not (plan.stop > 0 and (plan.price - plan.stop) * sign > 0):
        return Problem(code="stop_wrong_side", params={"stop": plan.stop, "price": plan.price})
    for target in plan.targets:
        if not (target.price > 0 and (target.price - plan.price) * sign > 0):
            return Problem(code="target_wrong_side", params={"target": target.price, "price": plan.price})
    return None


def loss_at_stop(plan: Plan, *, entry_fee: Decimal, exit_fee: Decimal) -> Decimal | None:
    """What is lost at the stop, fees of both sides included; `None` without a stop.

    Fees are rates. Isolated margin is all that a position can lose, however far its stop is.
    """
    if plan.stop is None:
        return None
    paid = cut(plan.notional * entry_fee)
    loss = (plan.price - plan.stop) * plan.direction.sign * plan.quantity
    loss += cut(plan.stop * plan.quantity * exit_fee)
    return paid + (loss if plan.instrument.kind is MarketKind.SPOT else min(loss, plan.margin))


def worst_loss(plan: Plan, *, entry_fee: Decimal) -> Decimal:
    """What can be lost at most: the margin (on spot the whole purchase) and the fee of the entry."""
    own = plan.notional if plan.instrument.kind is MarketKind.SPOT else plan.margin
    return own + cut(plan.notional * entry_fee)


def gains(plan: Plan, *, entry_fee: Decimal, exit_fee: Decimal) -> tuple[Decimal, ...]:
    """What each target brings, less its fee and its part of the entry's; sizes as protection sells them."""
    quantities = target_quantities(plan.instrument, plan.quantity, plan.targets)
    return tuple(
        (target.price - plan.price) * plan.direction.sign * quantity
        - cut(plan.price * quantity * entry_fee)
        - cut(target.price * quantity * exit_fee)
        for target, quantity in zip(plan.targets, quantities, strict=True)
    )


def target_quantities(
    instrument: Instrument, entered: Decimal, targets: Sequence[Target]
) -> tuple[Decimal, ...]:
    """How much each target closes: its share on the size grid, and the last all that is left."""
    if not targets:
        return ()
    parts = [instrument.quantity(entered * target.share) for target in targets[:-1]]
    return (*parts, entered - sum(parts, Decimal(0)))


def suggest(
    instrument: Instrument, direction: Direction, price: Decimal, atr: Decimal, atrs: Decimal = STOP_ATRS
) -> Suggestion | None:
    """A stop `atrs` average true ranges away and targets at one, two and three times that distance.

    `None` where they would not all be prices: the range is as wide as the price itself.
    """
    sign = direction.sign
    distance = max(instrument.price(atr * atrs, Toward.UP), instrument.tick)
    entry = instrument.price(price)
    levels = [entry + distance * sign * multiple for multiple in (-1, 1, 2, 3)]
    if min(levels) <= 0:
        return None
    return Suggestion(stop=levels[0], targets=tuple(levels[1:]))
