"""Live trades with their orders, and what everybody owns: in memory, and before that in the books."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import structlog

from engines.core.instrument import MarketKind
from engines.ledger.entry import Balances, Entry
from engines.orders.lifecycle import is_final
from engines.orders.memory import KEPT_ORDERS, remembered
from engines.orders.order import Order, OrderKind, OrderState
from engines.orders.subaccount import is_live, is_person
from engines.orders.trade import Trade
from ports.books import Books, Change, Conflict
from ports.clock import Clock
from ports.errors import Transient
from services.trading.ledger import Account, Ledger

log = structlog.get_logger()

RETRY_S = (0.2, 1.0, 5.0)

MarketKey = tuple[MarketKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A live trade and its orders by id, the oldest first. Of those that are long over only the books know:
    `forgotten` counts their intents."""

    trade: Trade
    by_id: dict[str, Order] = field(default_factory=dict)
    forgotten: int = 0

    @classmethod
    def of(cls, trade: Trade, orders: Iterable[Order]) -> "Held":
        """A trade with its orders."""
        return cls(trade=trade, by_id={order.id: order for order in orders})

    def after(self, trade: Trade, orders: Iterable[Order]) -> "Held":
        """The trade as it is then, with orders that are new or changed."""
        by_id = {**self.by_id, **{order.id: order for order in orders}}
        return Held(trade=trade, by_id=by_id, forgotten=self.forgotten)

    def shortened(self) -> "Held":
        """Without the orders that nothing is made of any more."""
        kept = remembered(self.orders)
        gone = {one.intent.id for one in self.orders} - {one.intent.id for one in kept}
        if not gone:
            return self
        by_id = {one.id: one for one in kept}
        return Held(trade=self.trade, by_id=by_id, forgotten=self.forgotten + len(gone))

    @property
    def next_number(self) -> int:
        """The number of the trade's next intent, for its name."""
        return self.forgotten + len({order.intent.id for order in self.by_id.values()}) + 1

    @property
    def orders(self) -> tuple[Order, ...]:
        """All of them, the oldest first."""
        return tuple(self.by_id.values())

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
    def is_pending(self) -> bool:
        """Whether any order is not over."""
        return any(not is_final(one.state) for one in self.by_id.values())

    @property
    def is_in_flight(self) -> bool:
        """Whether an order was sent of which nothing was heard yet."""
        return any(one.state is OrderState.SENT for one in self.orders)

    def of_intent(self, intent_id: str) -> tuple[Order, ...]:
        """The children of an intent, the oldest first."""
        return tuple(one for one in self.orders if one.intent.id == intent_id)

    def order(self, order_id: str) -> Order:
        """The order of that id. Raises `KeyError`."""
        return self.by_id[order_id]


@dataclass(slots=True, repr=False)
class Register:
    """All changes of trades and money go through here: the store first, then memory.

    Whoever changes something of a person holds `lock(owner)`, of a trade of the desk `lock_of(trade)` while
    deciding; what is written to one trade at a time is `services.trading.journal`'s care. `on_change` hears
    of every change stored, `on_orders` of the orders in it.
    """

    books: Books
    clock: Clock
    opening_balance: Decimal
    on_change: list[Callable[[Held], None]] = field(default_factory=list)
    on_orders: list[Callable[[Sequence[Order]], None]] = field(default_factory=list)
    _live: dict[int, Held] = field(default_factory=dict)
    _live_in: dict[MarketKey, dict[int, None]] = field(default_factory=dict)
    _ledger: Ledger = field(init=False)
    _locks: dict[int, asyncio.Lock] = field(default_factory=dict)
    _trade_locks: dict[int, asyncio.Lock] = field(default_factory=dict)
    _trade_of: dict[str, int] = field(default_factory=dict)
    _over: dict[int, Held] = field(default_factory=dict)
    _reserved: dict[str, Order] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.books, self.clock, self.opening_balance)

    async def load(self) -> None:
        """Read what is live; must run before anything else."""
        for trade, orders in await self.books.live():
            self._keep(Held.of(trade, orders))
        unfinished = [order.intent for order in await self.books.unfinished()]
        of_desk = {intent.trade_id for intent in unfinished if not is_person(intent.owner)}
        for trade_id in of_desk - self._live.keys():
            if (held := await self.recall(trade_id)) is not None:
                self._keep(held)
        for owner in {held.trade.owner for held in self._live.values()}:
            await self.account(owner)

    def lock(self, owner: int) -> asyncio.Lock:
        """The lock of a person: one change after the other."""
        return self._locks.setdefault(owner, asyncio.Lock())

    def lock_of(self, trade: Trade) -> asyncio.Lock:
        """The lock of whoever decides about a trade: a person's whole account, of the desk that trade."""
        if is_person(trade.owner):
            return self.lock(trade.owner)
        return self._trade_locks.setdefault(trade.id, asyncio.Lock())

    def find(self, order_id: str) -> Order | None:
        """An order of a live trade, by its client id."""
        held = self.get(self._trade_of.get(order_id, 0))
        return None if held is None else held.by_id.get(order_id)

    def get(self, trade_id: int) -> Held | None:
        """A live trade, or one of the desk that is over while an order of it is not."""
        return self._live.get(trade_id) or self._over.get(trade_id)

    def working(self, account: str) -> Sequence[Order]:
        """Orders at a venue account that are not over, the oldest trade's first; also those that wait."""
        all_held = (held for _, held in sorted({**self._over, **self._live}.items()))
        return [one for held in all_held for one in held.pending if one.intent.account == account]

    def real_accounts(self) -> set[str]:
        """Venue accounts where the desk has real money at work: a position, or an order that is not over."""
        held = (held for held in self._live.values() if is_live(held.trade.owner))
        return {
            order.intent.account
            for one in held
            if one.trade.quantity or one.is_pending
            for order in one.orders
        }

    def live(self, owner: int | None = None) -> Sequence[Held]:
        """Live trades of a person, or of all, the oldest first."""
        return [held for _, held in sorted(self._live.items()) if owner is None or held.trade.owner == owner]

    def in_market(self, key: MarketKey) -> Sequence[Held]:
        """Live trades of a market."""
        return [self._live[trade_id] for trade_id in self._live_in.get(key, ())]

    def markets(self) -> Collection[MarketKey]:
        """Markets that have live trades."""
        return set(self._live_in)

    def owners(self) -> Sequence[int]:
        """People and engines whose accounts are known here."""
        return self._ledger.owners()

    async def account(self, owner: int) -> Account:
        """The account of a person or an engine. One that pretends is opened with a balance when it is new;
        real money comes from the venue only."""
        return await self._ledger.account(owner)

    def balances(self, owner: int) -> Balances:
        """What a person owns, of those in `owners()`; nothing of others."""
        return self._ledger.balances(owner)

    async def reopen(self, owner: int) -> Account:
        """Give everything back and begin with the opening balance again; nothing may be live."""
        return await self._ledger.reopen(owner)

    async def book(self, owner: int, entry: Entry) -> bool:
        """Store an entry that belongs to no trade; `False` when it is known already. Raises `Transient`."""
        return await self._ledger.book(owner, entry)

    async def transfer(self, out: Entry, into: Entry) -> bool:
        """Store both sides of a transfer between sub-accounts; `False` when it is known already. What leaves
        is `promised` meanwhile. Raises `Transient`."""
        return await self._ledger.transfer(out, into)

    def promised(self, owner: int) -> Decimal:
        """Cash that is about to leave a sub-account."""
        return self._ledger.promised(owner)

    async def commit(self, change: Change, recalled: Held | None = None) -> Held:
        """Store a change; the trade as it stands then. Raises what `Books.commit` raises: nothing changed.
        `recalled` is the trade before where it was over already."""
        try:
            with self._ledger.storing(change.entries):
                await self.books.commit(change)
                return self._committed(change, recalled)
        except Conflict:
            await self._read_again(change.trade)
            raise

    async def commit_surely(self, change: Change, recalled: Held | None = None) -> Held:
        """Store what has happened already and cannot be refused: while the database is in trouble, again
        and again. `recalled` as `commit` has it."""
        with self._ledger.storing(change.entries):
            return await self._commit_surely(change, recalled)

    async def _commit_surely(self, change: Change, recalled: Held | None) -> Held:
        tries = 0
        while True:
            try:
                await self.books.commit(change)
                return self._committed(change, recalled)
            except Transient as error:
                log.error("books_in_trouble", trade=change.trade.id, error=str(error))
            except Conflict:
                # The try before may have been stored although its answer was lost.
                stored = await self.books.trade(change.trade.id) if tries else None
                if stored is None or stored.version != change.trade.version:
                    await self._read_again(change.trade)
                    raise
                return self._committed(change, recalled)
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    async def recall(self, trade_id: int) -> Held | None:
        """A trade that is over, from the store: a late report may still concern it."""
        trade = await self.books.trade(trade_id)
        if trade is None:
            return None
        await self.account(trade.owner)
        return Held.of(trade, await self.books.orders(trade_id))

    async def recollect(self, trade_id: int, order_id: str) -> None:
        """Take up again an order that was forgotten, with its intent's others: something is told of it."""
        if (held := self.get(trade_id)) is None or order_id in held.by_id:
            return
        stored = await self.books.orders(trade_id)
        intents = {order.intent.id for order in stored if order.id == order_id}
        held = self.get(trade_id)
        if held is not None and order_id not in held.by_id and intents:
            again = {order.id: order for order in stored if order.intent.id in intents}
            forgotten = max(held.forgotten - 1, 0)
            self._keep(replace(held, by_id={**held.by_id, **again}, forgotten=forgotten))

    def reserve(self, trade: Trade, orders: Sequence[Order]) -> None:
        """Let everybody see orders that are about to be stored, so that no limit is used twice meanwhile."""
        self._reserved.update((order.id, order) for order in orders)
        self._keep((self.get(trade.id) or Held(trade=trade)).after(trade, orders))

    def release(self, trade_id: int, orders: Sequence[Order], before: Sequence[Order] = ()) -> None:
        """Forget reserved orders that could not be stored; those that were there `before` stand again. What
        was read from the store meanwhile stays."""
        for order in orders:
            self._reserved.pop(order.id, None)
        held = self.get(trade_id)
        if held is None:
            return
        gone = {one.id for one in orders if held.by_id.get(one.id) is one}
        left = {one.id: one for one in held.orders if one.id not in gone}
        rest = replace(held, by_id=left).after(held.trade, [one for one in before if one.id in gone])
        for order_id in gone:
            self._trade_of.pop(order_id, None)
        self._keep(rest)
        if not rest.by_id and rest.trade.version == 0:
            self._drop(trade_id)

    def see(self, trade: Trade) -> None:
        """Remember how far a trade was looked at; written down by `save_seen`."""
        held = self._live.get(trade.id)
        if held is not None and held.trade.version == trade.version:
            self._live[trade.id] = replace(held, trade=trade)

    def queue(self, trade_id: int, orders: Iterable[Order]) -> None:
        """Remember queues that became shorter; after a restart they begin anew, which is the worse for us."""
        held = self._live[trade_id]
        self._live[trade_id] = held.after(held.trade, orders)

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
        """Memory is behind the store: a change was stored although its answer was lost. What is reserved
        stays where the store does not say otherwise."""
        stored = await self.books.trade(trade.id)
        known = {} if stored is None else {one.id: one for one in await self.books.orders(trade.id)}
        reserved = [one for one in self._reserved_in(trade.id) if _is_before(known.get(one.id))]
        if stored is not None and stored.is_live:
            self._keep(Held(trade=stored, by_id=known).after(stored, reserved))
        elif stored is not None or not reserved:
            self._drop(trade.id)
        await self._ledger.read_again(trade.owner)

    def _reserved_in(self, trade_id: int) -> list[Order]:
        return [one for one in self._reserved.values() if one.intent.trade_id == trade_id]

    def _keep(self, held: Held) -> None:
        held = self._shortened(held)
        self._put(held)
        self._trade_of.update(dict.fromkeys(held.by_id, held.trade.id))

    def _put(self, held: Held) -> None:
        trade = held.trade
        if trade.is_live:
            self._over.pop(trade.id, None)
            self._live[trade.id] = held
            self._live_in.setdefault(trade.instrument.key, {})[trade.id] = None
        else:
            self._drop(trade.id)
            self._over[trade.id] = held

    def _drop(self, trade_id: int) -> None:
        self._over.pop(trade_id, None)
        if (held := self._live.pop(trade_id, None)) is None:
            return
        others = self._live_in[held.trade.instrument.key]
        del others[trade_id]
        if not others:
            del self._live_in[held.trade.instrument.key]

    def _committed(self, change: Change, recalled: Held | None = None) -> Held:
        trade, before = change.trade, self.get(change.trade.id) or recalled
        if before is not None and is_person(trade.owner):
            told = before.trade
            trade = replace(
                trade, chat_id=told.chat_id, message_id=told.message_id, shown_version=told.shown_version
            )
        held = (before or Held(trade=trade)).after(trade, change.orders)
        is_kept = trade.is_live or (not is_person(trade.owner) and held.is_pending)
        if is_kept and before is not None and before.trade.is_live == trade.is_live:
            self._put(self._shortened(held))
            self._trade_of.update((order.id, trade.id) for order in change.orders)
        elif is_kept:
            self._keep(held)
        else:
            self._forget(held)
        for order in change.orders:
            self._reserved.pop(order.id, None)
        self._ledger.post(change.entries)
        for hear in self.on_change:
            hear(held)
        for hear_orders in self.on_orders:
            hear_orders(change.orders)
        return held

    def _shortened(self, held: Held) -> Held:
        """Looked through each time that as many have come as are kept."""
        if len(held.by_id) <= 2 * KEPT_ORDERS:
            return held
        short = held.shortened()
        for order_id in held.by_id.keys() - short.by_id.keys():
            self._trade_of.pop(order_id, None)
        return short

    def _forget(self, held: Held) -> None:
        self._drop(held.trade.id)
        self._trade_locks.pop(held.trade.id, None)
        for order_id in held.by_id:
            self._trade_of.pop(order_id, None)


def _is_before(stored: Order | None) -> bool:
    """Whether the store has an order as it was before it was reserved: not at all, or waiting."""
    return stored is None or stored.state is OrderState.AWAITING_APPROVAL
