"""Our books against a venue's: what an account should show, what differs, and what would set it right.

Values only: whoever calls has read both sides. The same two sides always give the same answer, and what the
answer asks for, once booked, is not asked for again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from engines.core.instrument import Instrument, MarketKind
from engines.core.money import cut
from engines.core.side import Direction, Side
from engines.ledger.entry import Entry, posted
from engines.ledger.movement import venue_of, venue_totals
from engines.orders.order import Fill, Order
from engines.orders.trade import Trade

LAST_DIGIT: Final = Decimal("0.00000001")
"""What venues show of an asset; differences up to it are none."""

_ZERO: Final = Decimal(0)


class DifferenceKind(StrEnum):
    """What is not the same."""

    BALANCE = "balance"
    POSITION = "position"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a venue keeps a position: a market, and in an account that is hedged the direction."""

    instrument: Instrument
    direction: Direction | None = None

    @property
    def name(self) -> str:
        """`BTCUSDT`, `BTCUSDT:long`."""
        symbol = self.instrument.symbol
        return symbol if self.direction is None else f"{symbol}:{self.direction}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`ours` is what the books say, `theirs` what the venue shows: of an asset (`name`), of a position in
    base coin (short is negative; `place` is where), of an order that is not ours (its quantity; `name` is
    the venue's id of it)."""

    kind: DifferenceKind
    name: str
    ours: Decimal
    theirs: Decimal
    place: Place | None = None

    @property
    def gap(self) -> Decimal:
        """What the venue has more (negative: less)."""
        return self.theirs - self.ours

    @property
    def key(self) -> str:
        """What it is a difference of."""
        return f"{self.kind}:{self.name}"

    @property
    def state(self) -> str:
        """How large it is, as text: one that was looked at is another once this changes."""
        return format(self.gap.quantize(LAST_DIGIT).normalize(), "f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """A fill that would make the books show what the venue does: of `trade`, or of a new position."""

    trade: Trade | None
    instrument: Instrument
    direction: Direction
    is_exit: bool
    quantity: Decimal

    @property
    def side(self) -> Side:
        """Of the fill."""
        return self.direction.exit if self.is_exit else self.direction.entry


def ledger_totals(
    entries: Mapping[int, Sequence[Entry]], trades_at: Mapping[int, str], account: str
) -> dict[str, Decimal]:
    """What a venue account should show of each asset. `entries` are those of every sub-account with real
    money, `trades_at` says at which venue account each trade is."""
    of_owners = []
    for booked in entries.values():
        here = [entry for entry in booked if _at(entry, trades_at) == account]
        of_owners.append(posted({}, here))
    return venue_totals(of_owners)


def balance_differences(
    ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], under_way: Mapping[str, Decimal]
) -> list[Difference]:
    """Assets that are not the same to the last digit. `under_way` is what is about to come (positive) or to
    go: a venue may show it as arrived or gone before it is."""
    found = []
    for asset in sorted(ours.keys() | theirs.keys()):
        one = Difference(
            kind=DifferenceKind.BALANCE,
            name=asset,
            ours=ours.get(asset, _ZERO),
            theirs=theirs.get(asset, _ZERO),
        )
        waiting = under_way.get(asset, _ZERO)
        if min(abs(one.gap), abs(one.gap - waiting)) > LAST_DIGIT:
            found.append(one)
    return found


def positions_of(trades: Iterable[Trade], *, is_hedged: bool) -> dict[Place, Decimal]:
    """What trades hold in perpetuals, where a venue would keep it; short is negative."""
    perps = [one for one in trades if one.instrument.kind is MarketKind.PERP and one.quantity]
    return placed(((one.instrument, one.direction, one.quantity) for one in perps), is_hedged=is_hedged)


def placed(held: Iterable[tuple[Instrument, Direction, Decimal]], *, is_hedged: bool) -> dict[Place, Decimal]:
    """Positions where a venue keeps them: in one place a market, or in one for each direction."""
    by_place: dict[Place, Decimal] = {}
    for instrument, direction, quantity in held:
        place = Place(instrument=instrument, direction=direction if is_hedged else None)
        by_place[place] = by_place.get(place, _ZERO) + quantity * direction.sign
    return by_place


def position_differences(ours: Mapping[Place, Decimal], theirs: Mapping[Place, Decimal]) -> list[Difference]:
    """Places that do not hold the same."""
    there = {place.name: (place, quantity) for place, quantity in theirs.items()}
    here = {place.name: (place, quantity) for place, quantity in ours.items()}
    found = []
    for name in sorted(there.keys() | here.keys()):
        place = (there.get(name) or here[name])[0]
        mine, other = (side[name][1] if name in side else _ZERO for side in (here, there))
        if mine != other:
            found.append(
                Difference(kind=DifferenceKind.POSITION, name=name, ours=mine, theirs=other, place=place)
            )
    return found


def mends(difference: Difference, trades: Iterable[Trade]) -> list[Mend]:
    """Fills that make the books show the position that the venue has. What we hold the other way is given up
    first, the newest trade first; what is left is a position of its own."""
    place = difference.place
    if place is None or not difference.gap:
        return []
    toward = Direction.LONG if difference.gap > 0 else Direction.SHORT
    left, found = abs(difference.gap), list[Mend]()
    for trade in sorted(trades, key=lambda one: -one.id):
        is_here = trade.instrument.key == place.instrument.key and place.direction in (None, trade.direction)
        if not is_here or trade.direction is toward or not left:
            continue
        given = min(trade.quantity, left)
        if given:
            found.append(_mend(trade, place.instrument, trade.direction, given, is_exit=True))
            left -= given
    if left and place.direction in (None, toward):
        found.append(_mend(None, place.instrument, toward, left, is_exit=False))
    return found


def added_price(trades: Iterable[Trade], theirs: Decimal, entry_price: Decimal, gap: Decimal) -> Decimal:
    """The price at which `gap` was added to what `trades` hold, when the whole, `theirs`, stands at
    `entry_price` now; `entry_price` where that makes no sense. Signed quantities."""
    cost = sum((one.held_cost * one.direction.sign for one in trades), _ZERO)
    price = (entry_price * theirs - cost) / gap if gap else entry_price
    return price if price > 0 else entry_price


def funding_shares(
    amount: Decimal, fills: Iterable[tuple[Order, Fill]], instrument: Instrument, at: datetime
) -> dict[int, Decimal]:
    """What of a funding payment each trade gets: by what it held in the market at that moment. Nothing for
    nobody, when none of our trades held anything."""
    sizes: dict[int, Decimal] = {}
    for order, fill in fills:
        intent = order.intent
        if intent.instrument.key == instrument.key and fill.at <= at:
            signed = fill.quantity * intent.side.sign
            sizes[intent.trade_id] = sizes.get(intent.trade_id, _ZERO) + signed
    held = {trade_id: size for trade_id, size in sorted(sizes.items()) if size}
    if not held:
        return {}
    net = sum(held.values(), _ZERO)
    whole = net or sum(map(abs, held.values()), _ZERO)
    shares = {trade_id: cut(amount * (size if net else abs(size)) / whole) for trade_id, size in held.items()}
    largest = max(held, key=lambda trade_id: (abs(held[trade_id]), trade_id))
    shares[largest] += amount - sum(shares.values(), _ZERO)
    return shares


def _mend(
    trade: Trade | None, instrument: Instrument, direction: Direction, quantity: Decimal, *, is_exit: bool
) -> Mend:
    return Mend(trade=trade, instrument=instrument, direction=direction, is_exit=is_exit, quantity=quantity)


def _at(entry: Entry, trades_at: Mapping[int, str]) -> str | None:
    return trades_at.get(entry.trade_id) if entry.trade_id is not None else venue_of(entry)
