"""An account as the books and the venue have it, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain

from engines.orders.reconcile import Difference, DifferenceKind, Place
from ports.venue_books import VenueOrder, VenuePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: what there is of each asset and in each place (short is negative)."""

    totals: Mapping[str, Decimal]
    positions: Mapping[Place, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found at `at` (market time). `differences` are all there are; those whose key is in `ignored`
    were left as they are by an admin. `is_sure` is false while orders are under way: what differs may be
    theirs. `is_ours` is false while no engine trades real money there, and then `strangers` are all orders;
    `is_monitored` where no order can go."""

    account: str
    at: datetime
    ours: Side
    theirs: Side
    differences: tuple[Difference, ...] = ()
    ignored: frozenset[str] = frozenset()
    strangers: Mapping[str, VenueOrder]
    held: tuple[VenuePosition, ...] = ()
    is_sure: bool = True
    is_ours: bool = True
    is_monitored: bool = False

    @property
    def open(self) -> tuple[Difference, ...]:
        """Those that nobody has dealt with."""
        return tuple(one for one in self.differences if one.key not in self.ignored)

    @property
    def mismatches(self) -> tuple[Difference, ...]:
        """Those in money or positions: with them nothing may enter."""
        return tuple(one for one in self.open if one.kind is not DifferenceKind.ORDER)

    def get(self, key: str) -> Difference | None:
        """The difference of that key."""
        return next((one for one in self.differences if one.key == key), None)

    @property
    def assets(self) -> list[str]:
        """Every asset of either side."""
        return sorted(self.ours.totals.keys() | self.theirs.totals.keys())

    @property
    def places(self) -> list[str]:
        """Names of every place of either side that holds something."""
        both = chain(self.ours.positions.items(), self.theirs.positions.items())
        return sorted({place.name for place, quantity in both if quantity})
