"""Money that does not move by trading: deposits, withdrawals, and transfers between wallets."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.simulate.exchange.account import Account
from engines.simulate.exchange.clearing import Clearing
from engines.simulate.exchange.event import Cause, Movement, MovementKind
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.margin import standing
from engines.simulate.exchange.refusal import Declined, Why
from engines.simulate.exchange.rules import Quotes, Rules


class Treasury:
    """The cash desk of an exchange."""

    def __init__(
        self,
        rules: Rules,
        quotes: Quotes,
        journal: Journal,
        clearing: Clearing,
        new_id: Callable[[], str],
    ) -> None:
        self._rules = rules
        self._quotes = quotes
        self._journal = journal
        self._clearing = clearing
        self._new_id = new_id

    def deposit(self, account: Account, wallet: str, asset: str, amount: Decimal, at: datetime) -> Movement:
        """Money from outside."""
        _check(account, amount, wallet)
        return self._move(account, MovementKind.DEPOSIT, asset, amount, at, target=wallet)

    def withdraw(self, account: Account, wallet: str, asset: str, amount: Decimal, at: datetime) -> Movement:
        """Money to the outside. While withdrawals are suspended it stays under way, taken off already."""
        _check(account, amount, wallet)
        self._check_free(account, wallet, asset, amount, at)
        is_done = not account.are_withdrawals_suspended
        return self._move(account, MovementKind.WITHDRAWAL, asset, amount, at, source=wallet, is_done=is_done)

    def finish(self, account: Account, movement_id: str, at: datetime) -> Movement:
        """What was under way arrives."""
        done = replace(account.movements[movement_id], is_done=True)
        account.movements[movement_id] = done
        self._journal.tell(account.setup.name, done, at)
        return done

    def transfer(
        self,
        account: Account,
        transfer_id: str,
        asset: str,
        amount: Decimal,
        *,
        source: str,
        target: str,
        at: datetime,
    ) -> Movement:
        """Move money between wallets. The same id again changes nothing: what was done is answered."""
        if transfer_id in account.movements:
            return account.movements[transfer_id]
        _check(account, amount, source, target)
        self._check_free(account, source, asset, amount, at)
        return self._move(
            account,
            MovementKind.TRANSFER,
            asset,
            amount,
            at,
            source=source,
            target=target,
            movement_id=transfer_id,
        )

    def _check_free(self, account: Account, wallet: str, asset: str, amount: Decimal, at: datetime) -> None:
        """What is set aside, or stands for positions, cannot leave."""
        if account.free(wallet, asset) < amount:
            raise Declined(Why.INSUFFICIENT_BALANCE, f"{amount} {asset}")
        if wallet != account.setup.perp_wallet or not account.held():
            return
        worth = amount if asset == self._rules.currency else amount * self._quotes.worth(asset, at)
        if standing(account, self._rules, self._quotes, at).available < worth:
            raise Declined(Why.INSUFFICIENT_MARGIN, f"{amount} {asset}")

    def _move(
        self,
        account: Account,
        kind: MovementKind,
        asset: str,
        amount: Decimal,
        at: datetime,
        *,
        source: str = "",
        target: str = "",
        is_done: bool = True,
        movement_id: str = "",
    ) -> Movement:
        movement = Movement(
            id=movement_id or self._new_id(),
            kind=kind,
            asset=asset,
            amount=amount,
            source=source,
            target=target,
            is_done=is_done,
            at=at,
        )
        account.movements[movement.id] = movement
        cause = Cause(kind.value)
        for wallet, change in ((source, -amount), (target, amount)):
            if wallet:
                self._clearing.move(account, wallet, asset, change, cause, movement.id, at)
        self._journal.tell(account.setup.name, movement, at)
        return movement


def _check(account: Account, amount: Decimal, *wallets: str) -> None:
    if amount <= 0:
        raise Declined(Why.BAD_AMOUNT, str(amount))
    for wallet in wallets:
        if wallet not in account.setup.wallets:
            raise Declined(Why.UNKNOWN_WALLET, wallet)
