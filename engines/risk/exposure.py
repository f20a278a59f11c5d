"""What is held and under way, and how much of it a move of the market would touch.

A coin and a perpetual of the same asset are one thing here: what is long in one and short in the other hedges
itself, and a hedge is no exposure.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.order import Order, OrderState
from engines.orders.trade import Trade

_ZERO: Final = Decimal(0)

UNDER_WAY: Final = frozenset(
    {
        OrderState.SENT,
        OrderState.ACKNOWLEDGED,
        OrderState.OPEN,
        OrderState.PARTIALLY_FILLED,
        OrderState.CANCEL_PENDING,
        OrderState.UNKNOWN,
    }
)
"""States in which an order may still be filled; a ticket that waits is judged again when it is approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A trade as risk sees it: `held` in base coin at `cost` in all, `working` what its entries may still
    add, by intent. `kind`, `asset` and `direction` say of what."""

    trade_id: int
    owner: int
    instrument: Instrument
    direction: Direction
    leverage: Decimal
    held: Decimal
    cost: Decimal
    working: Mapping[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, trade: Trade, orders: Iterable[Order]) -> "Holding":
        """What a trade holds and its orders may add to it."""
        working: dict[str, Decimal] = {}
        for order in orders:
            if order.state in UNDER_WAY and not order.intent.reduce_only:
                name = order.intent.id
                working[name] = working.get(name, _ZERO) + order.left
        return cls(
            trade_id=trade.id,
            owner=trade.owner,
            instrument=trade.instrument,
            direction=trade.direction,
            leverage=trade.leverage,
            held=trade.quantity,
            cost=trade.held_cost,
            working=working,
        )

    def adding(self, intent_id: str) -> Decimal:
        """What entries under way may add, those of that intent left out."""
        if not self.working:
            return _ZERO
        return sum(self.working.values(), _ZERO) - self.working.get(intent_id, _ZERO)


@dataclass(slots=True)
class Legs:
    """Both sides of one asset in money: coins and long perpetuals, short perpetuals."""

    long: Decimal = _ZERO
    short: Decimal = _ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Holdings in money, with what is under way.

    `exposure` adds up, over the assets, the larger of the two sides: a hedged leg counts once. `perps` are
    all perpetuals, long and short alike, `used_margin` is what backs them at their leverage. `legs` are by
    asset.
    """

    exposure: Decimal
    perps: Decimal
    used_margin: Decimal
    legs: Mapping[str, Legs]

    def offset(self, asset: str, direction: Direction) -> Decimal:
        """How much more of an asset in that direction would only hedge."""
        legs = self.legs.get(asset)
        if legs is None:
            return _ZERO
        return max((legs.short - legs.long) * direction.sign, _ZERO)

    def after(self, asset: str, direction: Direction, value: Decimal) -> Decimal:
        """The exposure with that much more of an asset in that direction (negative: less)."""
        legs = self.legs.get(asset, Legs())
        is_long = direction is Direction.LONG
        long, short = legs.long + (value if is_long else _ZERO), legs.short + (_ZERO if is_long else value)
        return self.exposure - max(legs.long, legs.short) + max(long, short, _ZERO)


PriceOf = Callable[[Instrument], Decimal | None]


def measured(holdings: Iterable[Holding], price_of: PriceOf, *, intent_id: str = "") -> Exposure | None:
    """The exposure of these; orders of that intent are left out. `None` while a price is missing."""
    legs: dict[str, Legs] = {}
    perps = used = _ZERO
    for one in holdings:
        quantity = one.held + one.adding(intent_id)
        if not quantity:
            continue
        price = price_of(one.instrument)
        if price is None:
            return None
        value = quantity * price
        if one.instrument.kind is MarketKind.PERP:
            perps += value
            used += value / one.leverage
        both = legs.setdefault(one.instrument.base, Legs())
        if one.direction is Direction.LONG:
            both.long += value
        else:
            both.short += value
    exposure = sum((max(both.long, both.short) for both in legs.values()), _ZERO)
    return Exposure(exposure=exposure, perps=perps, used_margin=used, legs=legs)


def unrealised(holdings: Iterable[Holding], price_of: PriceOf) -> Decimal | None:
    """Profit of perpetuals that are held, before fees. `None` while a price is missing."""
    total = _ZERO
    for one in holdings:
        if one.held and one.instrument.kind is MarketKind.PERP:
            price = price_of(one.instrument)
            if price is None:
                return None
            total += (price * one.held - one.cost) * one.direction.sign
    return total


def net_delta(holdings: Iterable[Holding], predictions: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Net exposure by asset in base coin, positive when a rising price earns: coins, perpetuals, and the
    deltas of prediction positions. What is under way is not in it."""
    deltas = dict(predictions)
    for one in holdings:
        asset = one.instrument.base
        deltas[asset] = deltas.get(asset, _ZERO) + one.held * one.direction.sign
    return deltas


def coming(holdings: Iterable[Holding], asset: str, direction: Direction, *, intent_id: str = "") -> Decimal:
    """Base coin that entries under way may add to an asset in that direction."""
    return sum(
        (
            one.adding(intent_id)
            for one in holdings
            if one.instrument.base == asset and one.direction is direction
        ),
        _ZERO,
    )
