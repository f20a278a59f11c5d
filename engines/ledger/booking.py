"""Builders of ledger entries: each movement of money as postings that sum to zero.

Ids name the cause (`fill:ORDER:FILL`, `fee:ORDER:FILL`, `funding:TRADE:TIME`, `opening:OWNER:NUMBER`), so
that the same cause is never booked twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.side import Side
from engines.ledger.entry import Balances, Entry, EntryKind, Posting

CASH: Final = "cash"
SPOT: Final = "spot"
POINTS: Final = "points"
EQUITY: Final = "equity"
MARKET: Final = "market"
PROFIT: Final = "profit"
FEES: Final = "fees"
FUNDING: Final = "funding"

_MARGIN = "margin:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an entry is booked for: `id` names it, `quote` is the currency its money is in."""

    id: str
    owner: int
    trade_id: int
    quote: str
    at: datetime


def margin_account(trade_id: int) -> str:
    """The account of what is set aside for a trade."""
    return f"{_MARGIN}{trade_id}"


def opening(owner: int, number: int, asset: str, amount: Decimal, at: datetime) -> Entry:
    """The balance that account `number` (0, 1, … counted by resets) of a person begins with."""
    postings = (_posting(CASH, asset, amount), _posting(EQUITY, asset, -amount))
    return Entry(
        id=f"opening:{owner}:{number}", owner=owner, kind=EntryKind.OPENING, at=at, postings=postings
    )


def spot_fill(cause: Cause, *, side: Side, base: str, price: Decimal, quantity: Decimal) -> Entry:
    """Coins against cash, both across the market's account."""
    coins = quantity * side.sign
    cash = -price * coins
    return _entry(
        EntryKind.SPOT_FILL,
        cause,
        _posting(CASH, cause.quote, cash),
        _posting(MARKET, cause.quote, -cash),
        _posting(SPOT, base, coins),
        _posting(MARKET, base, -coins),
    )


def perp_fill(
    cause: Cause,
    *,
    margin: Decimal,
    realised: Decimal,
    is_cross: bool = False,
    is_liquidation: bool = False,
) -> Entry:
    """Margin set aside (negative: released) and profit realised (negative: lost), both by way of cash.

    Raises `ValueError` when more than the released margin is lost; where `is_cross`, all cash stands for it.
    """
    if not is_cross:
        _check_loss(cause, margin=margin, realised=realised)
    kind = EntryKind.LIQUIDATION if is_liquidation else EntryKind.PERP_FILL
    return _entry(
        kind,
        cause,
        _posting(CASH, cause.quote, realised - margin),
        _posting(margin_account(cause.trade_id), cause.quote, margin),
        _posting(PROFIT, cause.quote, -realised),
    )


def _check_loss(cause: Cause, *, margin: Decimal, realised: Decimal) -> None:
    if realised < 0 and realised < margin:
        raise ValueError(f"entry {cause.id} loses {-realised}, more than the margin of {-margin} released")


def fee(cause: Cause, amount: Decimal, *, asset: str | None = None, account: str = CASH) -> Entry:
    """A trading fee (negative: a rebate) out of `account`, in `asset` (`None`: the quote currency)."""
    asset = asset or cause.quote
    return _entry(EntryKind.FEE, cause, _posting(account, asset, -amount), _posting(FEES, asset, amount))


def funding(cause: Cause, *, cash: Decimal, margin: Decimal) -> Entry:
    """Funding into cash and into the trade's margin (negative: paid out of them)."""
    return _entry(
        EntryKind.FUNDING,
        cause,
        _posting(CASH, cause.quote, cash),
        _posting(margin_account(cause.trade_id), cause.quote, margin),
        _posting(FUNDING, cause.quote, -cash - margin),
    )


def reset(owner: int, number: int, balances: Balances, at: datetime) -> Entry:
    """Everything that the person's account `number` still has, given back; what it earned stays on record."""
    own = {key: amount for key, amount in balances.items() if is_own(key[0])}
    postings = [
        posting
        for (account, asset), amount in sorted(own.items())
        for posting in (_posting(account, asset, -amount), _posting(EQUITY, asset, amount))
    ]
    return Entry(
        id=f"reset:{owner}:{number}", owner=owner, kind=EntryKind.RESET, at=at, postings=_kept(postings)
    )


def is_own(account: str) -> bool:
    """Whether the account is the owner's, not the other side."""
    return account in (CASH, SPOT, POINTS) or _is_margin(account)


def free(balances: Balances, quote: str) -> Decimal:
    """Cash that can be spent."""
    return balances.get((CASH, quote), Decimal(0))


def margin(balances: Balances, quote: str) -> Decimal:
    """All that is set aside for perpetuals."""
    amounts = (
        amount for (account, asset), amount in balances.items() if asset == quote and _is_margin(account)
    )
    return sum(amounts, Decimal(0))


def equity(
    balances: Balances, quote: str, *, coins: Mapping[str, Decimal], unrealised: Decimal
) -> Decimal | None:
    """What the account is worth: cash, margin, coins at their prices, unrealised profit of perpetuals. Points
    are worth nothing: they cannot be sold.

    `coins` has the price of each coin in `quote`. `None` when that of a coin held is missing.
    """
    worth = free(balances, quote) + margin(balances, quote) + unrealised
    for (account, coin), amount in balances.items():
        if account == SPOT and amount != 0:
            if coin not in coins:
                return None
            worth += amount * coins[coin]
    return worth


def _is_margin(account: str) -> bool:
    return account.startswith(_MARGIN)


def _entry(kind: EntryKind, cause: Cause, *postings: Posting) -> Entry:
    return Entry(
        id=cause.id,
        owner=cause.owner,
        kind=kind,
        at=cause.at,
        postings=_kept(postings),
        trade_id=cause.trade_id,
    )


def _posting(account: str, asset: str, amount: Decimal) -> Posting:
    return Posting(account=account, asset=asset, amount=amount)


def _kept(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Those that move something."""
    return tuple(posting for posting in postings if posting.amount != 0)
