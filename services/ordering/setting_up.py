"""What has to be set at a venue before the desk enters there: the position mode and the leverage."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import structlog

from engines.core.instrument import MarketKind
from engines.orders.order import Intent
from engines.orders.trade import Trade
from ports.errors import Refused, Rejected, Transient
from ports.trading import Venue
from ports.venue_books import VenueBooks
from services.trading.register import MarketKey

log = structlog.get_logger()

LEVERAGE_NOT_SET: Final = "leverage_not_set"
WRONG_MODE: Final = "account_position_mode"


@dataclass(slots=True, repr=False)
class SettingUp:
    """Settings of real accounts. `hedged` says of which accounts long and short are to be kept apart; the
    mode of one that is not named is left as it is."""

    venues: Mapping[str, Venue]
    books: Mapping[str, VenueBooks]
    hedged: Mapping[str, bool] = field(default_factory=dict)
    _leverages: dict[tuple[str, MarketKey], Decimal] = field(default_factory=dict)
    _locks: dict[tuple[str, MarketKey], asyncio.Lock] = field(default_factory=dict)

    async def mode(self, account: str, venue: Venue, books: VenueBooks) -> None:
        """Keep long and short apart, or not, as it is wanted there.

        Raises `Refused("account_position_mode")` (`account`, `is_hedged`: what is wanted) where the venue
        does not change it, as it does while there are positions or orders; `Transient`, `Rejected`.
        """
        wanted = self.hedged.get(account)
        if wanted is None or (await books.terms()).is_hedged is wanted:
            return
        if await _is_in_use(books):
            raise Refused(WRONG_MODE, account=account, is_hedged=wanted)
        try:
            await venue.set_hedged(wanted)
        except Rejected as error:
            log.error("position_mode_refused", account=account, error=str(error))
            raise Refused(WRONG_MODE, account=account, is_hedged=wanted) from error
        log.info("position_mode_set", account=account, is_hedged=wanted)

    async def prepare(self, account: str) -> None:
        """`mode` of an open account. Raises `Transient`, `Rejected`."""
        try:
            await self.mode(account, self.venues[account], self.books[account])
        except Refused as error:
            raise Rejected(
                f"{account}: long and short are to be kept apart: {self.hedged[account]}; the venue does not"
                " change that while there are positions or orders"
            ) from error

    def is_leverage_due(self, intent: Intent, trade: Trade) -> bool:
        """Whether the market's leverage at the venue has to be seen to before the intent is sent: it is the
        trade's first entry, and the leverage is not known to be the trade's."""
        is_entry = intent.account in self.books and not intent.reduce_only and not trade.entered
        is_perp = intent.instrument.kind is MarketKind.PERP
        return is_entry and is_perp and self._leverages.get(_place(intent)) != trade.leverage

    async def leverage(self, intent: Intent, trade: Trade) -> bool:
        """Give the market the trade's leverage where it has another; whether it has it now."""
        place, account = _place(intent), intent.account
        async with self._locks.setdefault(place, asyncio.Lock()):
            if not self.is_leverage_due(intent, trade):
                return True
            self._leverages.pop(place, None)
            try:
                if await self.books[account].leverage(intent.instrument) != trade.leverage:
                    await self.venues[account].set_leverage(intent.instrument, trade.leverage)
            except (Rejected, Transient) as error:
                log.error("leverage_not_set", account=account, market=place[1], error=str(error))
                return False
            self._leverages[place] = trade.leverage
            return True


async def _is_in_use(books: VenueBooks) -> bool:
    """Whether there is a perpetual held, or an order of one."""
    positions, resting = await asyncio.gather(books.positions(), books.open_orders())
    return bool(positions) or any(one.instrument.kind is MarketKind.PERP for one in resting)


def _place(intent: Intent) -> tuple[str, MarketKey]:
    return intent.account, intent.instrument.key
