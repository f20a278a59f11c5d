"""The ledger of real money, by the venue account where it lies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.ledger.entry import Entry, EntryKind
from engines.orders.order import Fill, Order
from engines.orders.reconcile import ledger_totals
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from services.ordering.positions import account_of
from services.trading.register import Register

LIVE: Final = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The sub-account that took over what lay at a venue account, and gets what comes there; from then on
    (market time) everything at the venue is ours to book."""

    owner: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the books say of a venue account. `ids` are those of all entries there are."""

    account: str
    entries: Mapping[int, Sequence[Entry]]
    fills: Sequence[tuple[Order, Fill]]
    trades: Sequence[Trade]

    @property
    def ids(self) -> set[str]:
        """Names of what is booked already."""
        return {entry.id for booked in self.entries.values() for entry in booked}

    @property
    def totals(self) -> dict[str, Decimal]:
        """What the venue should show of each asset."""
        trades_at = {order.intent.trade_id: order.intent.account for order, _ in self.fills}
        return ledger_totals(self.entries, trades_at, self.account)

    @property
    def home(self) -> Home | None:
        """Who took over what lay there; `None` before anybody did."""
        for owner, booked in self.entries.items():
            name = f"opening:{owner}:{self.account}"
            for entry in booked:
                if entry.kind is EntryKind.OPENING and entry.id == name:
                    return Home(owner=owner, since=entry.at)
        return None


async def booked_at(account: str, register: Register) -> Booked:
    """Read it from the store. Raises `Transient`."""
    entries: dict[int, Sequence[Entry]] = {}
    fills: list[tuple[Order, Fill]] = []
    for engine in EngineName:
        owner = SubAccount(engine=engine, account=LIVE).owner
        statement = await register.books.statement(owner)
        entries[owner] = statement.entries
        fills += statement.fills
    trades = [
        held.trade for held in register.live() if held.trade.owner in entries and account_of(held) == account
    ]
    return Booked(account=account, entries=entries, fills=fills, trades=trades)


EngineAt = Callable[[str], EngineName | None]
"""The engine whose money that of an account becomes on the first switch to real money there; `None` while
no engine trades there."""
