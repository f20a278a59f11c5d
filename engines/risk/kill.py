"""What a kill closes: the whole of it is decided here, before anything is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.risk.latch import KillLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A position held by `owner` (a sub-account) at the venue account `account`; `quantity` in base coin."""

    trade_id: int
    owner: int
    account: str
    instrument: Instrument
    direction: Direction
    quantity: Decimal

    @property
    def is_perp(self) -> bool:
        """A perpetual; else coins."""
        return self.instrument.kind is MarketKind.PERP


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """So much of a leg is closed, on the lot grid."""

    leg: Leg
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class KillPlan:
    """What a level closes, and how much of each coin stays."""

    level: KillLevel
    closings: tuple[Closing, ...] = ()
    kept: Mapping[str, Decimal]

    @property
    def perps(self) -> Sequence[Closing]:
        """Perpetuals that are closed."""
        return [one for one in self.closings if one.leg.is_perp]

    @property
    def spots(self) -> Sequence[Closing]:
        """Coins that are sold."""
        return [one for one in self.closings if not one.leg.is_perp]


def plan(level: KillLevel, legs: Iterable[Leg]) -> KillPlan:
    """What a kill of that level closes.

    `CLOSE_PERPS` closes every perpetual together with the coins of the same sub-account that it hedges: as
    many as the perpetuals are short on balance. So nothing is left naked that was hedged. `FLAT` sells all.
    """
    held = [leg for leg in legs if leg.quantity > 0]
    closings = tuple(one for one in _closings(level, held) if one.quantity > 0)
    return KillPlan(level=level, closings=closings, kept=_kept(held, closings))


def _closings(level: KillLevel, legs: Sequence[Leg]) -> Iterable[Closing]:
    if level < KillLevel.CLOSE_PERPS:
        return ()
    if level is KillLevel.FLAT:
        return [_whole(leg) for leg in legs]
    return [*(_whole(leg) for leg in legs if leg.is_perp), *_hedged(legs)]


def _hedged(legs: Sequence[Leg]) -> Iterable[Closing]:
    """Coins that short perpetuals stand against, sub-account by sub-account."""
    left = _net_short(legs)
    for leg in legs:
        place = leg.owner, leg.instrument.base
        if not leg.is_perp and left.get(place, Decimal(0)) > 0:
            quantity = leg.instrument.quantity(min(leg.quantity, left[place]))
            left[place] -= quantity
            yield Closing(leg=leg, quantity=quantity)


def _net_short(legs: Sequence[Leg]) -> dict[tuple[int, str], Decimal]:
    short: dict[tuple[int, str], Decimal] = {}
    for leg in legs:
        if leg.is_perp:
            place = leg.owner, leg.instrument.base
            short[place] = short.get(place, Decimal(0)) - leg.direction.sign * leg.quantity
    return short


def _whole(leg: Leg) -> Closing:
    return Closing(leg=leg, quantity=leg.instrument.quantity(leg.quantity))


def _kept(legs: Sequence[Leg], closings: Iterable[Closing]) -> Mapping[str, Decimal]:
    """Coins that stay, by asset; perpetuals are no coins."""
    sold = {one.leg.trade_id: one.quantity for one in closings}
    kept: dict[str, Decimal] = {}
    for leg in legs:
        rest = leg.quantity - sold.get(leg.trade_id, Decimal(0))
        if not leg.is_perp and rest > 0:
            kept[leg.instrument.base] = kept.get(leg.instrument.base, Decimal(0)) + rest
    return kept
