"""The money of a replay: one sub-account in double entry."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.ledger import booking
from engines.ledger.entry import Entry

_ZERO: Final = Decimal(0)
_OTHER_SIDE: Final = frozenset(
    (booking.EQUITY, booking.MARKET, booking.PROFIT, booking.FEES, booking.FUNDING)
)


class Books:
    """Balances of one owner, and every entry that made them."""

    def __init__(self, owner: int, quote: str, opening: Decimal, at: datetime) -> None:
        self.owner = owner
        self.quote = quote
        self.balances: dict[tuple[str, str], Decimal] = {}
        self.entries: list[Entry] = []
        self.money = _ZERO
        self.book((booking.opening(owner, 0, quote, opening, at),))

    @property
    def cash(self) -> Decimal:
        """What can be spent."""
        return self.balances.get((booking.CASH, self.quote), _ZERO)

    def coins(self, asset: str) -> Decimal:
        """How much of a coin is held."""
        return self.balances.get((booking.SPOT, asset), _ZERO)

    def book(self, entries: Sequence[Entry]) -> None:
        """Take entries in. `money` is cash and all that is set aside."""
        for entry in entries:
            for posting in entry.postings:
                key = posting.account, posting.asset
                self.balances[key] = self.balances.get(key, _ZERO) + posting.amount
                if posting.asset == self.quote and posting.account not in _OTHER_SIDE:
                    self.money += posting.amount
        self.entries += entries
