"""What stands for an account's positions, and how much of it is used. All positions share it (cross)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.simulate.exchange.account import NOTHING, Account
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.rules import Quotes, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """In currency. `equity` is what stands for positions, unrealised profit included; `initial` what they
    need at their leverage, `ordered` what open orders would need, `maintenance` what may not be undercut.
    """

    equity: Decimal
    unrealised: Decimal
    initial: Decimal
    ordered: Decimal
    maintenance: Decimal

    @property
    def available(self) -> Decimal:
        """What new positions, transfers and withdrawals may use."""
        return self.equity - self.initial - self.ordered

    @property
    def is_liquidated(self) -> bool:
        """Whether the exchange takes over."""
        return self.maintenance > 0 and self.equity <= self.maintenance


def standing(account: Account, rules: Rules, quotes: Quotes, at: datetime) -> Standing:
    """How the account stands at the prices of `at`."""
    unrealised = initial = maintenance = NOTHING
    for position in account.held():
        mark = quotes.last(position.instrument, at)
        notional = abs(position.size) * mark
        unrealised += position.unrealised(mark)
        initial += notional / account.leverage(position.instrument.symbol)
        maintenance += notional * rules.maintenance
    return Standing(
        equity=collateral(account, rules, quotes, at) + unrealised,
        unrealised=unrealised,
        initial=initial,
        ordered=_ordered(account, rules),
        maintenance=maintenance,
    )


def collateral(account: Account, rules: Rules, quotes: Quotes, at: datetime) -> Decimal:
    """What the wallet behind the positions is worth, other assets than the currency with a haircut."""
    return valued(account, rules, lambda asset: quotes.worth(asset, at))


def valued(account: Account, rules: Rules, worth: Callable[[str], Decimal]) -> Decimal:
    """`collateral` at the prices that `worth` tells."""
    total = NOTHING
    for asset, amount in account.assets(account.setup.perp_wallet):
        if asset == rules.currency:
            total += amount
        elif amount:
            total += amount * worth(asset) * (rules.haircut if amount > 0 else 1)
    return total


def liquidation_price(position: Position, rules: Rules, now: Standing, mark: Decimal) -> Decimal | None:
    """Where the position's own price would liquidate the account while all others stand; `None` when no
    price would."""
    size = position.size
    slope = size - abs(size) * rules.maintenance
    rest = now.equity - size * mark - (now.maintenance - abs(size) * mark * rules.maintenance)
    price = -rest / slope
    return position.instrument.price(price) if price > 0 else None


def spendable(account: Account, rules: Rules, quotes: Quotes, at: datetime) -> Decimal:
    """Currency that a spot purchase may use: it may neither be owed nor stand for positions."""
    free = account.free(account.setup.spot_wallet, rules.currency)
    if not account.setup.is_unified or not account.held():
        return free
    return min(free, standing(account, rules, quotes, at).available)


def _ordered(account: Account, rules: Rules) -> Decimal:
    """Margin of what open orders would add, and the currency set aside for spot purchases."""
    needed = NOTHING
    for (symbol, slot), waiting in account.waiting.items():
        held = account.positions.get((symbol, slot))
        size = held.size if held is not None else NOTHING
        needed += waiting.opening(size) / account.leverage(symbol)
    if account.setup.is_unified:
        needed += account.locked.get((account.setup.perp_wallet, rules.currency), NOTHING)
    return needed
