"""After a round of chaos: what the venue has, what the ledger has and what the journal has, line by line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from adapters.sql.desk import SqlDesk
from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.ledger import booking
from engines.ledger.entry import Entry
from engines.orders.lifecycle import is_final
from engines.orders.order import Fill, Order
from engines.orders.subaccount import EngineName, SubAccount
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import Dealing, Execution
from tests.build.chaos_life import ACCOUNTS, WORLD
from tests.build.chaos_world import ChaosWorld

_NOTHING = Decimal(0)

Sums = dict[str, Decimal]
"""Amounts by asset; nothing of an asset is left out."""


async def differences(world: ChaosWorld, folder: Path) -> list[str]:
    """Everything in which they do not agree to the last digit."""
    desk = await SqlDesk.open(f"sqlite:///{folder / 'desk.sqlite3'}", world=WORLD, mode="paper")
    try:
        found = []
        for name in ACCOUNTS:
            found += [f"{name}: {one}" for one in await _of_account(desk, name, world)]
        return found
    finally:
        await desk.close()


async def _of_account(desk: SqlDesk, name: str, world: ChaosWorld) -> list[str]:
    account = world.account(name)
    owner = SubAccount(engine=EngineName.MANUAL, account=name).owner
    # the sub-account of an engine is one for all real accounts: trades are told apart by their orders
    every = await desk.books.fills(owner)
    fills = [(order, fill) for order, fill in every if order.intent.account == name]
    trades = await desk.books.trades(owner, limit=1000)
    orders = {one.id: one for trade in trades for one in await desk.books.orders(trade.id)}
    ours = {key: one for key, one in orders.items() if one.intent.account == name}
    return [
        *_orders(account, ours),
        *_fills(account, fills),
        *_intents(ours, fills),
        *await _positions(desk, account, owner, ours),
        *_money(account, _at(name, await desk.books.entries(owner), ours.values())),
    ]


def _client_id(told: str) -> str:
    return told.removeprefix("t-")


def _orders(account: Account, ours: dict[str, Order]) -> list[str]:
    """Each order once at the venue, over where ours is over, filled as ours is."""
    found = []
    names = Counter(_client_id(one.wish.client_id) for one in account.orders.values())
    found += [f"order {name} is there {count} times" for name, count in names.items() if count > 1]
    for theirs in account.orders.values():
        name = _client_id(theirs.wish.client_id)
        order = ours.get(name)
        if order is None:
            found.append(f"order {name or theirs.id} is not in the journal")
        elif is_final(order.state) is theirs.is_live or order.filled != theirs.filled:
            found.append(
                f"order {name}: {order.state} {order.filled} here, {theirs.state} {theirs.filled} there"
            )
    for name, order in ours.items():
        if name not in names and (order.filled or not is_final(order.state)):
            found.append(f"order {name} ({order.state}) is not at the venue")
    return found


def _fills(account: Account, fills: list[tuple[Order, Fill]]) -> list[str]:
    """Each execution booked once, as it was."""
    here = Counter((order.id, fill.price, fill.quantity, fill.fee) for order, fill in fills)
    there = Counter((_client_id(one.client_id), one.price, one.quantity, one.fee) for one in _dealt(account))
    return [
        *(f"fill {one} {count} times too often here" for one, count in (here - there).items()),
        *(f"fill {one} {count} times too rarely here" for one, count in (there - here).items()),
    ]


def _dealt(account: Account) -> list[Execution]:
    return [one for one in account.executions if one.dealing is not Dealing.FUNDING]


def fundings_of(account: Account) -> list[Execution]:
    """Payments of funding, as the venue made them."""
    return [one for one in account.executions if one.dealing is Dealing.FUNDING]


def _intents(ours: dict[str, Order], fills: list[tuple[Order, Fill]]) -> list[str]:
    """No intent filled beyond its size."""
    filled: Counter[str] = Counter()
    for order, fill in fills:
        filled[order.intent.id] += fill.quantity  # type: ignore[assignment]  # Decimals count, too
    wanted = {order.intent.id: order.intent.quantity for order in ours.values()}
    return [
        f"intent {name} of {wanted[name]} filled {total}"
        for name, total in filled.items()
        if total > wanted[name]
    ]


async def _positions(desk: SqlDesk, account: Account, owner: int, ours: dict[str, Order]) -> list[str]:
    """What the trades hold is what the venue holds."""
    of_account = {order.intent.trade_id for order in ours.values()}
    here: dict[tuple[str, Direction], Decimal] = {}
    for trade in await desk.books.trades(owner, limit=1000):
        if trade.id in of_account and trade.instrument.kind is MarketKind.PERP:
            key = trade.instrument.symbol, trade.direction
            here[key] = here.get(key, _NOTHING) + trade.quantity
    there: dict[tuple[str, Direction], Decimal] = {}
    for one in account.held():
        direction = Direction.LONG if one.size > 0 else Direction.SHORT
        there[one.instrument.symbol, direction] = abs(one.size)
    held = {key: quantity for key, quantity in here.items() if quantity}
    return [] if held == there else [f"held here {held}, there {there}"]


def _at(name: str, entries: Sequence[Entry], ours: Iterable[Order]) -> list[Entry]:
    """Those of a venue account: its trades', and what came there without a trade, which names it."""
    trades = {order.intent.trade_id for order in ours}
    return [one for one in entries if one.trade_id in trades or (one.trade_id is None and _names(one, name))]


def _names(entry: Entry, account: str) -> bool:
    return account in entry.id.split(":")


def _money(account: Account, entries: Sequence[Entry]) -> list[str]:
    """Every entry sums to zero; what the books say is owned, was paid as fees and funding and was earned is
    what the venue says."""
    postings = [posting for entry in entries for posting in entry.postings]
    own = _sums((one.asset, one.amount) for one in postings if booking.is_own(one.account))
    wallet = account.setup.perp_wallet
    found = [f"entry {one.id} does not sum to zero" for one in entries if _sums_of(one)]
    found += _compared("owned", own, _sums(account.assets(wallet)))
    dealt, paid = _dealt(account), fundings_of(account)
    fees = _sums((one.fee_asset, one.fee) for one in dealt)
    funding = _sums((one.fee_asset, one.fee) for one in paid)
    realised = _sums((one.instrument.quote, -one.realised) for one in dealt)
    for name, there in ((booking.FEES, fees), (booking.FUNDING, funding), (booking.PROFIT, realised)):
        here = _sums((one.asset, one.amount) for one in postings if one.account == name)
        found += _compared(name, here, there)
    return found


def _compared(what: str, here: Sums, there: Sums) -> list[str]:
    return [
        f"{what}: {here.get(asset, _NOTHING)} {asset} here, {there.get(asset, _NOTHING)} there"
        for asset in sorted(here.keys() | there.keys())
        if here.get(asset) != there.get(asset)
    ]


def _sums_of(entry: Entry) -> Sums:
    return _sums((one.asset, one.amount) for one in entry.postings)


def _sums(amounts: Iterable[tuple[str, Decimal]]) -> Sums:
    total: Sums = {}
    for asset, amount in amounts:
        total[asset] = total.get(asset, _NOTHING) + amount
    return {asset: amount for asset, amount in total.items() if amount}
