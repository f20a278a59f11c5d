"""Live trades with their orders, and what everybody owns: in memory, and before that in the books."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import structlog

from engines.core.instrument import MarketKind
from engines.ledger import booking
from engines.ledger.entry import Balances, Entry, EntryKind, posted
from engines.orders.lifecycle import is_final
from engines.orders.order import Order, OrderKind, OrderState
from engines.orders.trade import Trade
from ports.books import Books, Change, Conflict
from ports.clock import Clock
from ports.errors import Transient

log = structlog.get_logger()

QUOTE = "USDT"
RETRY_S = (0.2, 1.0, 5.0)

MarketKey = tuple[MarketKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A live trade and all its orders, the oldest first."""

    trade: Trade
    orders: tuple[Order, ...] = ()

    @property
    def resting(self) -> tuple[Order, ...]:
        """Limit orders in the book."""
        rests = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
        return tuple(one for one in self.orders if one.state in rests and one.terms.kind is OrderKind.LIMIT)

    @property
    def pending(self) -> tuple[Order, ...]:
        """Orders that are not over."""
        return tuple(one for one in self.orders if not is_final(one.state))

    @property
    def is_in_flight(self) -> bool:
        """Whether an order was sent of which nothing was heard yet."""
        return any(one.state is OrderState.SENT for one in self.orders)

    def of_intent(self, intent_id: str) -> tuple[Order, ...]:
        """The children of an intent, the oldest first."""
        return tuple(one for one in self.orders if one.intent.id == intent_id)

    def order(self, order_id: str) -> Order:
        """The order of that id. Raises `KeyError`."""
        for one in self.orders:
            if one.id == order_id:
                return one
        raise KeyError(order_id)


@dataclass(slots=True)
class Account:
    """What a person owns. `opened_at` is when the present account began, `number` counts its resets; trades
    up to `earlier` belong to the accounts before, also where the market's clock stands still."""

    balances: Balances
    opened_at: datetime
    number: int
    earlier: int


@dataclass(slots=True)
class Register:
    """All changes of trades and money go through here: the store first, then memory.

    Whoever changes something of a person holds `lock(owner)`. `on_change` hears of every change stored.
    """

    books: Books
    clock: Clock
    opening_balance: Decimal
    on_change: list[Callable[[Held], None]] = field(default_factory=list)
    _live: dict[int, Held] = field(default_factory=dict)
    _accounts: dict[int, Account] = field(default_factory=dict)
    _locks: dict[int, asyncio.Lock] = field(default_factory=dict)

    async def load(self) -> None:
        """Read what is live; must run before anything else."""
        for trade, orders in await self.books.live():
            self._live[trade.id] = Held(trade=trade, orders=tuple(orders))
        for owner in {held.trade.owner for held in self._live.values()}:
            await self.account(owner)

    def lock(self, owner: int) -> asyncio.Lock:
        """The lock of a person: one change after the other."""
        return self._locks.setdefault(owner, asyncio.Lock())

    def get(self, trade_id: int) -> Held | None:
        """A live trade."""
        return self._live.get(trade_id)

    def live(self, owner: int | None = None) -> Sequence[Held]:
        """Live trades of a person, or of all, the oldest first."""
        return [held for _, held in sorted(self._live.items()) if owner is None or held.trade.owner == owner]

    def in_market(self, key: MarketKey) -> Sequence[Held]:
        """Live trades of a market."""
        return [held for held in self._live.values() if held.trade.instrument.key == key]

    def markets(self) -> Collection[MarketKey]:
        """Markets that have live trades."""
        return {held.trade.instrument.key for held in self._live.values()}

    def owners(self) -> Sequence[int]:
        """People whose accounts are known here."""
        return sorted(self._accounts)

    async def account(self, owner: int) -> Account:
        """The account of a person, opened when it is their first."""
        known = self._accounts.get(owner)
        if known is None:
            first = booking.opening(owner, 0, QUOTE, self.opening_balance, self.clock.now())
            await self.books.book(owner, [first])
            known = self._accounts.setdefault(owner, _account(await self.books.entries(owner)))
        return known

    def balances(self, owner: int) -> Balances:
        """What a person owns, of those in `owners()`; nothing of others."""
        known = self._accounts.get(owner)
        return known.balances if known is not None else {}

    async def reopen(self, owner: int) -> Account:
        """Give everything back and begin with the opening balance again; nothing may be live."""
        account = await self.account(owner)
        now = self.clock.now()
        entries = [
            booking.reset(owner, account.number, account.balances, now),
            booking.opening(owner, account.number + 1, QUOTE, self.opening_balance, now),
        ]
        await self.books.book(owner, entries)
        self._accounts[owner] = _account(await self.books.entries(owner))
        return self._accounts[owner]

    async def commit(self, change: Change) -> Held:
        """Store a change; the trade as it stands then. Raises what `Books.commit` raises: nothing changed."""
        try:
            await self.books.commit(change)
        except Conflict:
            await self._read_again(change.trade)
            raise
        return self._committed(change)

    async def commit_surely(self, change: Change) -> Held:
        """Store what has happened already and cannot be refused: while the database is in trouble, again
        and again."""
        tries = 0
        while True:
            try:
                await self.books.commit(change)
                return self._committed(change)
            except Transient as error:
                log.error("books_in_trouble", trade=change.trade.id, error=str(error))
            except Conflict:
                # The try before may have been stored although its answer was lost.
                stored = await self.books.trade(change.trade.id) if tries else None
                if stored is None or stored.version != change.trade.version:
                    await self._read_again(change.trade)
                    raise
                return self._committed(change)
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    def see(self, trade: Trade) -> None:
        """Remember how far a trade was looked at; written down by `save_seen`."""
        held = self._live.get(trade.id)
        if held is not None and held.trade.version == trade.version:
            self._live[trade.id] = replace(held, trade=trade)

    def queue(self, trade_id: int, orders: Iterable[Order]) -> None:
        """Remember queues that became shorter; after a restart they begin anew, which is the worse for us."""
        held = self._live[trade_id]
        self._live[trade_id] = replace(held, orders=_merged(held.orders, orders))

    async def save_seen(self) -> None:
        """Write down how far all live trades were looked at."""
        await self.books.seen([held.trade for held in self._live.values()])

    async def show(self, trade: Trade, *, version: int, chat_id: int, message_id: int) -> None:
        """The living message at that place shows that version."""
        await self.books.shown(trade.id, version=version, chat_id=chat_id, message_id=message_id)
        if (held := self._live.get(trade.id)) is not None:
            shown = replace(held.trade, shown_version=version, chat_id=chat_id, message_id=message_id)
            self._live[trade.id] = replace(held, trade=shown)

    async def _read_again(self, trade: Trade) -> None:
        """Memory is behind the store: a change was stored although its answer was lost."""
        stored = await self.books.trade(trade.id)
        if stored is not None and stored.is_live:
            orders = await self.books.orders(trade.id)
            self._live[trade.id] = Held(trade=stored, orders=tuple(orders))
        else:
            self._live.pop(trade.id, None)
        self._accounts[trade.owner] = _account(await self.books.entries(trade.owner))

    def _committed(self, change: Change) -> Held:
        trade, before = change.trade, self._live.get(change.trade.id)
        if before is not None:
            told = before.trade
            trade = replace(
                trade, chat_id=told.chat_id, message_id=told.message_id, shown_version=told.shown_version
            )
        held = Held(trade=trade, orders=_merged(before.orders if before else (), change.orders))
        if trade.is_live:
            self._live[trade.id] = held
        else:
            self._live.pop(trade.id, None)
        if change.entries:
            account = self._accounts[trade.owner]
            account.balances = posted(account.balances, change.entries)
        for hear in self.on_change:
            hear(held)
        return held


def _merged(orders: Iterable[Order], changed: Iterable[Order]) -> tuple[Order, ...]:
    by_id: Mapping[str, Order] = {one.id: one for one in (*orders, *changed)}
    return tuple(by_id.values())


def _account(entries: Sequence[Entry]) -> Account:
    openings = [place for place, entry in enumerate(entries) if entry.kind is EntryKind.OPENING]
    return Account(
        balances=posted({}, entries),
        opened_at=entries[openings[-1]].at,
        number=len(openings) - 1,
        earlier=max((entry.trade_id or 0 for entry in entries[: openings[-1]]), default=0),
    )
