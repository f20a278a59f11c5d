"""What a kill would send, looked up before it is asked for."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engines.orders.subaccount import PAPER
from engines.risk.kill import Closing, KillPlan, plan
from ports.errors import DeskError
from ports.venue_books import VenueOrder
from services.stopping.report import AccountPreview, KillPreview, KillWish
from services.stopping.road import Road, Witness

WITHIN_S: Final = 2.0
"""Real seconds that a venue has for its answer: a preview is not worth waiting for longer."""


@dataclass(slots=True, repr=False)
class Survey:
    """Looks, and sends nothing."""

    road: Road
    books: Mapping[str, Witness]
    within_s: float = WITHIN_S

    async def look(self, wish: KillWish) -> KillPreview:
        """What the wish would do now. What does not answer in time is left unknown."""
        planned = plan(wish.level, self.road.legs(has_paper=wish.has_paper))
        open_orders = dict(
            zip(self.books, await asyncio.gather(*(self._orders(name) for name in self.books)), strict=True)
        )
        slippage, share = await self._slippage(planned)
        every = [one for orders in open_orders.values() if orders is not None for one in orders]
        return KillPreview(
            wish=wish,
            plan=planned,
            accounts=tuple(self._account(wish, planned, name, open_orders) for name in self._accounts()),
            slippage=slippage,
            slippage_share=share,
            protective=sum(map(self.road.protects, every)),
        )

    def _accounts(self) -> Sequence[str]:
        closed = self.road.accounts() - self.books.keys() - {PAPER}
        return [*self.books, *sorted(closed), PAPER]

    def _account(
        self,
        wish: KillWish,
        planned: KillPlan,
        account: str,
        open_orders: Mapping[str, Sequence[VenueOrder] | None],
    ) -> AccountPreview:
        known, found = self.road.working(account, has_paper=wish.has_paper), open_orders.get(account)
        orders = known if account == PAPER else None if found is None else len(found)
        return AccountPreview(
            account=account,
            orders=orders,
            known=known,
            perps=sum(1 for one in planned.perps if one.leg.account == account),
            spots=sum(1 for one in planned.spots if one.leg.account == account),
        )

    async def _orders(self, account: str) -> Sequence[VenueOrder] | None:
        try:
            async with asyncio.timeout(self.within_s):
                return await self.books[account].open_orders()
        except (TimeoutError, DeskError):
            return None

    async def _slippage(self, planned: KillPlan) -> tuple[Decimal | None, Decimal | None]:
        """In money, and as a share of the NAV; `None` where something for it is missing."""
        found = await asyncio.gather(*(self._of(one) for one in planned.closings))
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None, None
        total = sum((cost for cost, _ in known), Decimal(0))
        nav = next((nav for _, nav in known if nav), None)
        return total, None if nav is None else total / nav

    async def _of(self, closing: Closing) -> tuple[Decimal, Decimal | None] | None:
        try:
            async with asyncio.timeout(self.within_s):
                return await self.road.slippage(closing)
        except (TimeoutError, DeskError):
            return None
