"""What sub-accounts are worth, from memory: at prices that can be acted on, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.ledger import booking
from engines.ledger.entry import Balances
from engines.risk.exposure import Holding, unrealised
from services.judging.holdings import Holdings
from services.trading.ledger import QUOTE
from services.trading.prices import Prices
from services.trading.register import MarketKey, Register

_TRADED = (booking.MARKET, booking.PROFIT, booking.FEES, booking.FUNDING)
"""The other side of what an account has earned and lost by itself."""


@dataclass(slots=True, repr=False)
class Worth:
    """Everything as it is at one moment: what was looked up stays as it was. Every look takes a new one."""

    register: Register
    prices: Prices
    holdings: Holdings
    _prices: dict[MarketKey, Decimal | None] = field(default_factory=dict)
    _held: dict[int, Sequence[Holding]] = field(default_factory=dict)
    _equities: dict[int, Decimal | None] = field(default_factory=dict)

    def price(self, instrument: Instrument) -> Decimal | None:
        """The price of a market if it can be acted on."""
        key = instrument.key
        if key not in self._prices:
            self._prices[key] = self.prices.fresh(instrument)
        return self._prices[key]

    def held(self, owner: int) -> Sequence[Holding]:
        """Live trades of a sub-account."""
        if owner not in self._held:
            self._held[owner] = self.holdings.of(owner)
        return self._held[owner]

    def coin(self, asset: str) -> Decimal | None:
        """What a coin is worth, if that is known; the quote currency is worth itself."""
        if asset == QUOTE:
            return Decimal(1)
        quotes = self.prices.markets.quotes([f"{asset}{QUOTE}"])
        return quotes[0].ticker.last if quotes and not quotes[0].is_stale else None

    def is_known(self, owner: int) -> bool:
        """Whether the account was opened and read."""
        return bool(self.register.balances(owner))

    def cash(self, owner: int) -> Decimal:
        """Cash in the ledger."""
        return booking.free(self.register.balances(owner), QUOTE)

    def promised(self, owner: int) -> Decimal:
        """Cash that is about to leave the account."""
        return self.register.promised(owner)

    def equity(self, owner: int) -> Decimal | None:
        """Cash, margin, coins at their price, and the unrealised profit of perpetuals; `None` while a price
        is missing, and of an account that nobody has opened."""
        if owner not in self._equities:
            self._equities[owner] = self._reckoned(owner)
        return self._equities[owner]

    def _reckoned(self, owner: int) -> Decimal | None:
        balances = self.register.balances(owner)
        gains = unrealised(self.held(owner), self.price)
        coins = self._coins(balances)
        if not balances or gains is None or coins is None:
            return None
        return booking.equity(balances, QUOTE, coins=coins, unrealised=gains)

    def contributed(self, owners: Sequence[int]) -> dict[str, Decimal]:
        """What came into these accounts from outside, by asset."""
        came: dict[str, Decimal] = {}
        for owner in owners:
            for (account, asset), amount in self.register.balances(owner).items():
                if not booking.is_own(account) and account not in _TRADED:
                    came[asset] = came.get(asset, Decimal(0)) - amount
        return came

    def coin_prices(self, assets: Sequence[str]) -> dict[str, Decimal]:
        """Prices of those that have one."""
        return {asset: price for asset in assets if (price := self.coin(asset)) is not None}

    def _coins(self, balances: Balances) -> Mapping[str, Decimal] | None:
        held = [asset for (account, asset), amount in balances.items() if account == booking.SPOT and amount]
        prices = self.coin_prices(held)
        return prices if len(prices) == len(set(held)) else None
