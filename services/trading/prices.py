"""What positions are valued at: the mark of a perpetual, the last price of a coin."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.ledger import booking
from engines.orders.position import liquidation_price
from engines.orders.trade import Trade
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from services.market.perps import Perps
from services.markets import Markets
from services.trading.ledger import QUOTE
from services.trading.register import Register
from services.trading.wish import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price with its age in real seconds; a stale one is nothing to act on."""

    value: Decimal
    age_s: float
    is_stale: bool


@dataclass(slots=True, repr=False)
class Prices:
    """Prices from memory, without waiting."""

    markets: Markets
    perps: Perps
    register: Register
    clock: Clock
    stale_after_s: float

    def of(self, instrument: Instrument) -> Price | None:
        """The price now; `None` before the first."""
        if instrument.kind is MarketKind.SPOT:
            quotes = self.markets.quotes([instrument.symbol])
            value, at = (quotes[0].ticker.last, quotes[0].ticker.at) if quotes else (None, None)
        else:
            ticker = self.perps.ticker(instrument.symbol)
            value, at = (ticker.mark, ticker.at) if ticker is not None else (None, None)
        if value is None or at is None:
            return None
        age_s = self.clock.age_s(at)
        return Price(value=value, age_s=age_s, is_stale=age_s > self.stale_after_s)

    def fresh(self, instrument: Instrument) -> Decimal | None:
        """The price if it can be acted on."""
        price = self.of(instrument)
        return None if price is None or price.is_stale else price.value

    async def now(self, instrument: Instrument) -> Decimal:
        """The price, asked for where ours is too old. Raises `Refused("no_fresh_price")`."""
        try:
            if instrument.kind is MarketKind.SPOT:
                await self.markets.quote(instrument.symbol)
            else:
                await self.perps.fresh(instrument.symbol)
        except (Stale, Transient) as error:
            raise Refused("no_fresh_price", pair=instrument.pair) from error
        price = self.fresh(instrument)
        if price is None:
            raise Refused("no_fresh_price", pair=instrument.pair)
        return price

    async def final(self, trade: Trade) -> Decimal:
        """The price to end a trade at: that of now, and the last one known of a market that is gone.

        Raises `Refused("no_fresh_price")`.
        """
        try:
            return await self.now(trade.instrument)
        except Refused:
            if await self._is_listed(trade.instrument):
                raise
        last = self.of(trade.instrument)
        known = trade.entry_price if last is None else last.value
        assert known is not None
        return known

    async def refresh(self, instruments: Collection[Instrument]) -> None:
        """Ask for the prices of those where ours are too old; what cannot be had stays as it is."""
        await asyncio.gather(*(self._refresh(one) for one in instruments if self.fresh(one) is None))

    def standing(self, trade: Trade) -> Standing:
        """A trade with what it is worth now."""
        price, mark = self.of(trade.instrument), self.fresh(trade.instrument)
        unrealised = None if mark is None else trade.unrealised(mark)
        total = None if unrealised is None else trade.net + unrealised
        return Standing(
            trade=trade,
            mark=mark,
            age_s=None if price is None else price.age_s,
            is_stale=mark is None,
            unrealised=unrealised,
            total=total,
            r=total / trade.risk if total is not None and trade.risk else None,
            liquidation_price=liquidation_price(trade),
            waiting_price=self._waiting_price(trade),
        )

    def unrealised(self, owner: int) -> Decimal | None:
        """Profit of all that a person holds; `None` while a price is missing."""
        total = Decimal(0)
        for held in self.register.live(owner):
            mark = self.fresh(held.trade.instrument)
            if held.trade.quantity and mark is None:
                return None
            total += held.trade.unrealised(mark) if mark is not None else Decimal(0)
        return total

    def equity(self, owner: int) -> Decimal | None:
        """What the account is worth; `None` while a price is missing."""
        perpetual = Decimal(0)
        coins: dict[str, Decimal] = {}
        for held in self.register.live(owner):
            trade, mark = held.trade, self.fresh(held.trade.instrument)
            if trade.quantity and mark is None:
                return None
            if trade.quantity and mark is not None and trade.instrument.kind is MarketKind.SPOT:
                coins[trade.instrument.base] = mark
            elif mark is not None:
                perpetual += trade.unrealised(mark)
        return _equity(self.register, owner, coins, perpetual)

    async def capital(self, owner: int) -> Decimal | None:
        """What the account is worth; one that pretends and is new begins with its balance. Raises
        `Transient`."""
        await self.register.account(owner)
        return self.equity(owner)

    async def _is_listed(self, instrument: Instrument) -> bool:
        if instrument.kind is MarketKind.SPOT:
            return self.markets.instrument(instrument.symbol) is not None
        return await self.perps.instrument(instrument.symbol) is not None

    async def _refresh(self, instrument: Instrument) -> None:
        with suppress(Refused):
            await self.now(instrument)

    def _waiting_price(self, trade: Trade) -> Decimal | None:
        held = self.register.get(trade.id)
        limits = [
            order.terms.limit_price
            for order in (held.pending if held is not None else ())
            if not order.intent.reduce_only and order.terms.limit_price is not None
        ]
        return limits[0] if limits else None


def _equity(
    register: Register, owner: int, coins: Mapping[str, Decimal], unrealised: Decimal
) -> Decimal | None:
    return booking.equity(register.balances(owner), QUOTE, coins=coins, unrealised=unrealised)
