"""Builders of entries for money that moves without trading: taken over, deposited, withdrawn, transferred,
set right. Ids name the venue's own (`deposit:VENUE:ID`), so that the same movement is never booked twice, and
that it is known at which venue it was.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.ledger import booking
from engines.ledger.entry import Balances, Entry, EntryKind, Posting

TRANSFERS: Final = "transfers"
DIFFERENCE: Final = "difference"

NO_POINTS: Final[frozenset[str]] = frozenset()


def taken_over(
    owner: int,
    account: str,
    totals: Mapping[str, Decimal],
    at: datetime,
    *,
    quote: str,
    points: Collection[str] = NO_POINTS,
) -> Entry:
    """The balance that a sub-account begins with at a venue `account` that was there before it: `totals` by
    asset. Those named in `points` pay fees and nothing else."""
    postings: list[Posting] = []
    for asset, total in sorted(totals.items()):
        if total != 0:
            own = booking.POINTS if asset in points else own_account(asset, quote)
            postings += _moved(own, booking.EQUITY, asset, total)
    return Entry(
        id=f"opening:{owner}:{account}",
        owner=owner,
        kind=EntryKind.OPENING,
        at=at,
        postings=tuple(postings),
    )


def deposit(owner: int, name: str, asset: str, amount: Decimal, at: datetime, *, quote: str) -> Entry:
    """Money or coins that came from outside; `name` is the venue's id of it, with the venue."""
    return _outside(EntryKind.DEPOSIT, f"deposit:{name}", owner, asset, amount, at, quote)


def withdrawal(owner: int, name: str, asset: str, amount: Decimal, at: datetime, *, quote: str) -> Entry:
    """Money or coins that went outside, its fee included; `amount` is positive."""
    return _outside(EntryKind.WITHDRAWAL, f"withdrawal:{name}", owner, asset, -amount, at, quote)


def wallet_transfer(owner: int, name: str, asset: str, amount: Decimal, at: datetime, *, quote: str) -> Entry:
    """Money or coins from a wallet of the same venue that the books do not follow (negative: to it)."""
    return _outside(EntryKind.TRANSFER, f"transfer:{name}", owner, asset, amount, at, quote)


def transfer(
    source: int, target: int, name: str, asset: str, amount: Decimal, at: datetime, *, quote: str
) -> tuple[Entry, Entry]:
    """Money or coins from one sub-account to another: an entry for each, to be booked together."""

    def entry(owner: int, moved: Decimal, end: str) -> Entry:
        return Entry(
            id=f"transfer:{name}:{end}",
            owner=owner,
            kind=EntryKind.TRANSFER,
            at=at,
            postings=_moved(own_account(asset, quote), TRANSFERS, asset, moved),
        )

    return entry(source, -amount, "out"), entry(target, amount, "in")


def adjustment(
    owner: int,
    name: str,
    asset: str,
    amount: Decimal,
    at: datetime,
    *,
    quote: str,
    trade_id: int | None = None,
) -> Entry:
    """The venue has `amount` more (negative: less) of an asset than the books, and nobody knows why: they are
    set right, and the difference stays on record."""
    return Entry(
        id=f"adjustment:{name}",
        owner=owner,
        kind=EntryKind.ADJUSTMENT,
        at=at,
        postings=_moved(own_account(asset, quote), DIFFERENCE, asset, amount),
        trade_id=trade_id,
    )


def venue_of(entry: Entry) -> str | None:
    """The venue account that an entry without a trade names; `None` for one that belongs to a trade."""
    if entry.trade_id is not None:
        return None
    parts = entry.id.split(":")
    place = 2 if entry.kind is EntryKind.OPENING else 1
    return parts[place] if len(parts) > place else ""


def own_account(asset: str, quote: str) -> str:
    """Where an asset of the owner is kept: money as cash, everything else as coins."""
    return booking.CASH if asset == quote else booking.SPOT


def venue_totals(of_owners: Iterable[Balances]) -> dict[str, Decimal]:
    """What a venue account should show of each asset, unrealised profit left out, when these sub-accounts are
    all that is kept there; assets at zero are left out."""
    totals: dict[str, Decimal] = {}
    for balances in of_owners:
        for (account, asset), amount in balances.items():
            if booking.is_own(account):
                totals[asset] = totals.get(asset, Decimal(0)) + amount
    return {asset: total for asset, total in totals.items() if total != 0}


def _outside(
    kind: EntryKind, name: str, owner: int, asset: str, amount: Decimal, at: datetime, quote: str
) -> Entry:
    postings = _moved(own_account(asset, quote), booking.EQUITY, asset, amount)
    return Entry(id=name, owner=owner, kind=kind, at=at, postings=postings)


def _moved(own: str, other: str, asset: str, amount: Decimal) -> tuple[Posting, Posting]:
    return (
        Posting(account=own, asset=asset, amount=amount),
        Posting(account=other, asset=asset, amount=-amount),
    )
