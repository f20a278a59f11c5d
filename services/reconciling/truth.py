"""What a venue shows of an account, read in one go."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.orders.reconcile import Place, placed
from ports.venue_books import VenueBooks, VenueOrder, VenuePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """`totals` by asset over all wallets."""

    totals: dict[str, Decimal]
    held: Sequence[VenuePosition]
    orders: Sequence[VenueOrder]
    is_hedged: bool

    @property
    def positions(self) -> dict[Place, Decimal]:
        """Perpetuals where the venue keeps them; short is negative."""
        held = ((one.instrument, one.direction, one.quantity) for one in self.held)
        return placed(held, is_hedged=self.is_hedged)


async def truth_of(books: VenueBooks) -> Truth:
    """Ask the venue. Raises `Transient`, `Rejected`."""
    terms, balances, held, orders = await asyncio.gather(
        books.terms(), books.balances(), books.positions(), books.open_orders()
    )
    totals: dict[str, Decimal] = {}
    for one in balances:
        totals[one.asset] = totals.get(one.asset, Decimal(0)) + one.total
    return Truth(
        totals={asset: total for asset, total in totals.items() if total},
        held=held,
        orders=orders,
        is_hedged=terms.is_hedged,
    )
