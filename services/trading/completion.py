"""From what a person said to a whole wish: what was left out is filled in by their risk profile. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.plan import suggest
from ports.errors import Refused
from ports.people import RiskProfile
from services.trading.sentence import Asked, Level, Of, Size, Unit
from services.trading.wish import Wish

_CENT = Decimal("0.01")
_ROOM = Decimal("0.98")
"""Of the free money, what a suggestion takes at most: the rest is for fees and a moving price."""
_LADDER = tuple(Level(Decimal(multiple), Unit.RISK) for multiple in (1, 2, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What a risk profile suggests: the share of the equity at risk, the largest size as a share of the
    equity, leverage (where there is any), and how many average true ranges away the stop lies."""

    at_risk: Decimal
    largest: Decimal
    leverage: Decimal
    atrs: Decimal


HABITS: Mapping[RiskProfile, Habit] = {
    RiskProfile.CAUTIOUS: Habit(
        at_risk=Decimal("0.005"), largest=Decimal("0.1"), leverage=Decimal(1), atrs=Decimal(2)
    ),
    RiskProfile.BALANCED: Habit(
        at_risk=Decimal("0.01"), largest=Decimal("0.2"), leverage=Decimal(1), atrs=Decimal("1.5")
    ),
    RiskProfile.BOLD: Habit(
        at_risk=Decimal("0.02"), largest=Decimal("0.5"), leverage=Decimal(3), atrs=Decimal("1.5")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a wish is reckoned on: the market at `price`, its ATR (`None`: not known), the person's money."""

    instrument: Instrument
    price: Decimal
    atr: Decimal | None
    free: Decimal
    equity: Decimal
    risk: RiskProfile


def complete(asked: Asked, direction: Direction, ground: Ground) -> Wish:
    """The wish that `asked` means there.

    Raises `Refused`: `no_atr` (`pair`) where a distance in ATR has no measure, `needs_stop` where a target in
    R or a size by risk has none.
    """
    habit = HABITS[ground.risk]
    price = asked.price or ground.price
    stop = _stop(asked, direction, ground, price, habit)
    trail = None if asked.trail is None else _distance(asked.trail, price, ground) / price
    risk = abs(price - stop) if stop is not None else (None if trail is None else trail * price)
    is_spot = ground.instrument.kind is MarketKind.SPOT
    leverage = asked.leverage or (Decimal(1) if is_spot else habit.leverage)
    return Wish(
        symbol=ground.instrument.symbol,
        direction=direction,
        notional=_notional(asked.size, ground, price, risk, leverage, habit),
        limit_price=asked.price,
        stop=stop,
        targets=tuple(_target(one, direction, ground, price, risk) for one in _aims(asked, risk)),
        trail=trail,
        leverage=leverage,
    )


def settled(wish: Wish) -> Asked:
    """The sentence that means exactly this wish, whatever the market does."""
    return Asked(
        names=(wish.symbol,),
        direction=wish.direction,
        size=Size(wish.notional),
        price=wish.limit_price,
        stop=None if wish.stop is None else Level(wish.stop),
        targets=tuple(Level(price) for price in wish.targets),
        trail=None if wish.trail is None else Level(wish.trail, Unit.FRACTION),
        leverage=wish.leverage,
    )


def exactly(asked: Asked) -> Wish:
    """The wish that a settled sentence means. Raises `ValueError` when it is not settled."""
    levels = (*asked.targets, *(() if asked.stop is None else (asked.stop,)))
    is_settled = all(level.unit is Unit.PRICE for level in levels)
    if asked.direction is None or asked.size is None or len(asked.names) != 1 or not is_settled:
        raise ValueError(f"not a settled trade: {asked}")
    return Wish(
        symbol=asked.names[0].upper(),
        direction=asked.direction,
        notional=asked.size.value,
        limit_price=asked.price,
        stop=None if asked.stop is None else asked.stop.value,
        targets=tuple(level.value for level in asked.targets),
        trail=None if asked.trail is None else asked.trail.value,
        leverage=asked.leverage or Decimal(1),
    )


def with_size(asked: Asked, notional: Decimal) -> Asked:
    """The same with another size in USDT."""
    return replace(asked, size=Size(max(notional.quantize(_CENT, ROUND_DOWN), _CENT)))


def presets(free: Decimal) -> tuple[Decimal, ...]:
    """Sizes to choose from: about 5, 10 and 25 % of the free money."""
    sizes = (_round_down(free * share) for share in (Decimal("0.05"), Decimal("0.1"), Decimal("0.25")))
    return tuple(dict.fromkeys(size for size in sizes if size > 0))


def _stop(asked: Asked, direction: Direction, ground: Ground, price: Decimal, habit: Habit) -> Decimal | None:
    """The stop asked for; a suggested one where nothing was said of protection."""
    if asked.has_no_stop:
        return None
    if asked.stop is not None:
        if asked.stop.unit is Unit.PRICE:
            return ground.instrument.price(asked.stop.value)
        return ground.instrument.price(price - direction.sign * _distance(asked.stop, price, ground))
    if asked.trail is not None or ground.atr is None:
        return None
    suggestion = suggest(ground.instrument, direction, price, ground.atr, habit.atrs)
    return None if suggestion is None else suggestion.stop


def _aims(asked: Asked, risk: Decimal | None) -> tuple[Level, ...]:
    """The targets asked for; the usual ladder where nothing was said and there is a risk to measure by."""
    if asked.has_no_targets:
        return ()
    return asked.targets or (() if risk is None else _LADDER)


def _target(
    level: Level, direction: Direction, ground: Ground, price: Decimal, risk: Decimal | None
) -> Decimal:
    if level.unit is Unit.PRICE:
        return ground.instrument.price(level.value)
    if level.unit is not Unit.RISK:
        return ground.instrument.price(price + direction.sign * _distance(level, price, ground))
    if risk is None:
        raise Refused("needs_stop")
    return ground.instrument.price(price + direction.sign * risk * level.value)


def _distance(level: Level, price: Decimal, ground: Ground) -> Decimal:
    """A distance from `price` in money."""
    if level.unit is Unit.FRACTION:
        return price * level.value
    if ground.atr is None:
        raise Refused("no_atr", pair=ground.instrument.pair)
    return ground.atr * level.value


def _notional(
    size: Size | None,
    ground: Ground,
    price: Decimal,
    risk: Decimal | None,
    leverage: Decimal,
    habit: Habit,
) -> Decimal:
    most = ground.free * leverage * _ROOM
    if size is None:
        usual = ground.equity * habit.largest
        by_risk = ground.equity * habit.at_risk * price / risk if risk else usual
        return max(_round_down(min(usual, by_risk, most)), _least(ground, price))
    if size.of is Of.MONEY:
        return size.value
    if size.of is Of.FREE:
        return min(ground.free * size.value, most).quantize(_CENT, ROUND_DOWN)
    if not risk:
        raise Refused("needs_stop")
    return min(ground.equity * size.value * price / risk, most).quantize(_CENT, ROUND_DOWN)


def _least(ground: Ground, price: Decimal) -> Decimal:
    """The smallest size that the market takes, with some room for its steps."""
    steps = max(ground.instrument.min_notional, ground.instrument.lot * price)
    return (steps * Decimal("1.05")).quantize(_CENT, ROUND_DOWN) + _CENT


def _round_down(amount: Decimal) -> Decimal:
    """Two digits that count: 187.36 is 180."""
    if amount <= 0:
        return Decimal(0)
    step = Decimal(1).scaleb(max(amount.adjusted() - 1, -2))
    return (amount / step).to_integral_value(ROUND_DOWN) * step
