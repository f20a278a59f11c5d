"""What a fill does to money: wallets, positions, fees, and the execution that tells of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.money import cut
from engines.core.side import Side
from engines.orders.order import Liquidity, OrderKind
from engines.simulate.costs import funding_payment
from engines.simulate.exchange.account import NOTHING, Account
from engines.simulate.exchange.event import Cause, WalletChange
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.order import Dealing, ExchangeOrder, Execution, State
from engines.simulate.exchange.position import Position, trade
from engines.simulate.exchange.rules import POINTS, Rules
from engines.simulate.matching import Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee, positive when paid."""

    amount: Decimal
    asset: str
    rate: Decimal


class Clearing:
    """Moves money between the parties of an exchange; every movement is told."""

    def __init__(self, rules: Rules, journal: Journal, new_id: Callable[[], str]) -> None:
        self._rules = rules
        self._journal = journal
        self._new_id = new_id

    def deal(
        self,
        account: Account,
        order: ExchangeOrder,
        part: Taken,
        liquidity: Liquidity,
        at: datetime,
        dealing: Dealing = Dealing.TRADE,
    ) -> ExchangeOrder:
        """The order after a part of it was executed. Money has moved; the order is not kept yet."""
        fee = self._fee(account, order, part, liquidity)
        after = _grown(order, part, fee, at)
        execution = Execution(
            id=self._new_id(),
            number=self._journal.next_number(),
            account=account.setup.name,
            dealing=dealing,
            order_id=order.id,
            client_id=order.wish.client_id,
            instrument=order.instrument,
            side=order.side,
            direction=order.wish.direction,
            kind=order.wish.kind,
            price=part.price,
            quantity=part.quantity,
            order_price=order.limit_price,
            order_quantity=order.quantity,
            left=after.left,
            fee=fee.amount,
            fee_asset=fee.asset,
            rate=fee.rate,
            liquidity=liquidity,
            at=at,
            is_woken=order.is_triggered,
        )
        clear = self._clear_perp if order.wish.is_perp else self._clear_spot
        clear(account, execution)
        return after

    def fund(self, account: Account, position: Position, mark: Decimal, rate: Decimal, at: datetime) -> None:
        """Pay or take the funding of a position at a settlement."""
        direction = position.direction
        assert direction is not None
        size = abs(position.size)
        received = funding_payment(direction, size, mark, rate)
        execution = Execution(
            id=self._new_id(),
            number=self._journal.next_number(),
            account=account.setup.name,
            dealing=Dealing.FUNDING,
            order_id=f"{int(at.timestamp())}-{position.instrument.symbol}-{direction}",
            client_id="",
            instrument=position.instrument,
            side=direction.entry,
            direction=position.slot,
            kind=OrderKind.MARKET,
            price=mark,
            quantity=size,
            order_quantity=NOTHING,
            left=NOTHING,
            fee=-received,
            fee_asset=position.instrument.quote,
            rate=rate,
            liquidity=Liquidity.TAKER,
            at=at,
        )
        self._record(account, execution)
        wallet, quote = account.setup.perp_wallet, position.instrument.quote
        self.move(account, wallet, quote, received, Cause.FUNDING, execution.id, at, position.instrument)

    def move(
        self,
        account: Account,
        wallet: str,
        asset: str,
        amount: Decimal,
        cause: Cause,
        reference: str,
        at: datetime,
        instrument: Instrument | None = None,
    ) -> None:
        """Change one balance by `amount`."""
        if not amount:
            return
        balance = account.balance(wallet, asset) + amount
        account.balances[wallet, asset] = balance
        change = WalletChange(
            wallet=wallet,
            asset=asset,
            amount=amount,
            balance=balance,
            cause=cause,
            reference=reference,
            symbol="" if instrument is None else instrument.symbol,
        )
        account.changes.append((at, change))
        self._journal.tell(account.setup.name, change, at)

    def _clear_spot(self, account: Account, done: Execution) -> None:
        wallet, one, at = account.setup.spot_wallet, done.instrument, done.at
        sign, notional = done.side.sign, done.price * done.quantity
        self._record(account, done)
        legs = [(one.base, sign * done.quantity), (one.quote, -sign * notional)]
        for asset, amount in sorted(legs, key=lambda leg: leg[0] == done.fee_asset):
            self.move(account, wallet, asset, amount, Cause.TRADE, done.id, at, one)
        self.move(account, wallet, done.fee_asset, -done.fee, Cause.FEE, done.id, at, one)

    def _clear_perp(self, account: Account, done: Execution) -> None:
        wallet, one, at = account.setup.perp_wallet, done.instrument, done.at
        held = account.position(one, done.direction, at)
        traded = trade(held, done.side, done.price, done.quantity, at)
        account.positions[one.symbol, done.direction] = traded.position
        self._record(account, replace(done, closed=traded.closed, realised=traded.realised))
        self.move(account, wallet, one.quote, traded.realised, Cause.REALISED, done.id, at, one)
        self.move(account, wallet, done.fee_asset, -done.fee, Cause.FEE, done.id, at, one)
        self._journal.tell(account.setup.name, traded.position, at)

    def _record(self, account: Account, execution: Execution) -> None:
        account.executions.append(execution)
        self._journal.tell(account.setup.name, execution, execution.at)

    def _fee(self, account: Account, order: ExchangeOrder, part: Taken, liquidity: Liquidity) -> Fee:
        """In points while there are some; of a spot purchase in the coin received, else in quote."""
        one = order.instrument
        rate = self._rules.fees.rate(one.kind, liquidity)
        in_quote = cut(part.price * part.quantity * rate)
        if account.setup.pays_in_points and account.free(_fee_wallet(account, order), POINTS) >= in_quote:
            return Fee(amount=in_quote, asset=POINTS, rate=rate)
        if order.wish.is_perp or order.side is Side.SELL or account.setup.pays_in_quote:
            return Fee(amount=in_quote, asset=one.quote, rate=rate)
        return Fee(amount=cut(part.quantity * rate), asset=one.base, rate=rate)


def _fee_wallet(account: Account, order: ExchangeOrder) -> str:
    return account.setup.perp_wallet if order.wish.is_perp else account.setup.spot_wallet


def _grown(order: ExchangeOrder, part: Taken, fee: Fee, at: datetime) -> ExchangeOrder:
    filled = order.filled + part.quantity
    is_whole = filled >= order.quantity and order.state is State.OPEN
    return replace(
        order,
        state=State.FILLED if is_whole else order.state,
        filled=filled,
        cost=order.cost + part.price * part.quantity,
        fees=order.fees + fee.amount,
        fee_asset=fee.asset,
        queue_ahead=NOTHING,
        updated_at=max(order.updated_at, at),
    )
