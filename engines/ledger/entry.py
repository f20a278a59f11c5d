"""Double entry: every movement of money is an entry whose postings sum to zero in each asset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class EntryKind(StrEnum):
    """What kind of movement an entry is."""

    OPENING = "opening"
    SPOT_FILL = "spot_fill"
    PERP_FILL = "perp_fill"
    FEE = "fee"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"
    RESET = "reset"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """`amount` of `asset` (`"USDT"`, `"BTC"`) into `account`; negative: out of it.

    Accounts of the owner: `cash`, `spot` (coins held), `margin:TRADE` (set aside for a perpetual), `points`
    (what a venue takes fees in beside them). The other side: `equity` (opening balances, deposits and
    withdrawals), `transfers` (to and from other sub-accounts), `difference` (what was taken over from a venue
    without a reason known), `market` (spot exchanges), `profit` (realised on perpetuals), `fees`, `funding`.
    """

    account: str
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One balanced movement of one owner. `id` is unique and names its cause (a fill, a settlement), so that
    the same cause is never booked twice. Raises `ValueError` when an asset does not sum to zero."""

    id: str
    owner: int
    kind: EntryKind
    at: datetime
    postings: tuple[Posting, ...]
    trade_id: int | None = None

    def __post_init__(self) -> None:
        for asset, total in sums(self.postings).items():
            if total != 0:
                raise ValueError(f"entry {self.id} is out of balance: {total} {asset}")


Balances = Mapping[tuple[str, str], Decimal]
"""Amount by (account, asset); zeros may be left out."""


def sums(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """Total of the postings by asset."""
    totals: dict[str, Decimal] = {}
    for posting in postings:
        totals[posting.asset] = totals.get(posting.asset, Decimal(0)) + posting.amount
    return totals


def posted(balances: Balances, entries: Iterable[Entry]) -> dict[tuple[str, str], Decimal]:
    """`balances` after `entries`; accounts at zero are left out."""
    after = dict(balances)
    for entry in entries:
        for posting in entry.postings:
            key = posting.account, posting.asset
            after[key] = after.get(key, Decimal(0)) + posting.amount
    return {key: amount for key, amount in after.items() if amount != 0}
