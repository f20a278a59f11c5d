"""What a person can spend: cash, less what orders that are under way may still take."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.money import cut
from engines.ledger import booking
from engines.orders.order import Intent, Liquidity, Order
from engines.orders.position import margin_for
from engines.orders.trade import Trade
from engines.simulate.costs import Fees
from services.trading.ledger import QUOTE
from services.trading.register import Held, Register


@dataclass(slots=True, repr=False)
class Funds:
    """Free money by person; fees are reckoned as a taker's, the dearest."""

    register: Register
    fees: Fees

    def fee_rate(self, instrument: Instrument) -> Decimal:
        """The rate at which an order at the market pays."""
        return self.fees.rate(instrument.kind, Liquidity.TAKER)

    def cash(self, owner: int) -> Decimal:
        """Cash in the ledger."""
        return booking.free(self.register.balances(owner), QUOTE)

    def free(self, owner: int) -> Decimal:
        """Cash that no order has a claim to."""
        return self.cash(owner) - sum(map(self._claims, self.register.live(owner)), Decimal(0))

    def needed(self, instrument: Instrument, cost: Decimal, leverage: Decimal) -> Decimal:
        """Cash that a purchase or sale of `cost` takes: the margin (on spot all of it) and the fee."""
        own = cost if instrument.kind is MarketKind.SPOT else margin_for(instrument, cost, leverage)
        return own + cut(cost * self.fee_rate(instrument))

    def affordable(self, instrument: Instrument, free: Decimal, leverage: Decimal) -> Decimal:
        """The largest cost that `free` covers."""
        own = Decimal(1) if instrument.kind is MarketKind.SPOT else 1 / leverage
        return max(cut(free / (own + self.fee_rate(instrument))), Decimal(0))

    def covers(self, intent: Intent, leverage: Decimal) -> bool:
        """Whether an entry can be paid for."""
        return self.needed(intent.instrument, _most(intent), leverage) <= self.free(intent.owner)

    def _claims(self, held: Held) -> Decimal:
        entries = [order for order in held.pending if not order.intent.reduce_only]
        return self._claim(held.trade, entries)

    def _claim(self, trade: Trade, entries: Sequence[Order]) -> Decimal:
        return sum(
            (
                self.needed(trade.instrument, max(_most(one.intent) - one.cost, Decimal(0)), trade.leverage)
                for one in entries
            ),
            Decimal(0),
        )


def _most(intent: Intent) -> Decimal:
    """What an entry may cost. Every entry says so: without a limit on it nothing could be checked."""
    if intent.most_cost is None:
        raise ValueError(f"entry {intent.id} does not say what it may cost")
    return intent.most_cost
