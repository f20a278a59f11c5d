"""An account: wallets, what is set aside in them, positions, orders and everything that happened."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.simulate.exchange.event import Movement, Settings, WalletChange
from engines.simulate.exchange.order import ExchangeOrder, Execution, State, Wish
from engines.simulate.exchange.position import Position
from engines.simulate.exchange.refusal import Declined, Why

NOTHING = Decimal(0)
DEFAULT_LEVERAGE = Decimal(10)

PositionKey = tuple[str, Direction | None]
"""Symbol and slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How an account is made. Spot trades from `spot_wallet`, perpetuals from `perp_wallet`; where they are
    the same, everything in it stands for positions. `other_wallets` only hold money. `pays_in_points`: fees
    are taken from points as long as there are some; `pays_in_quote`: the fee of a spot purchase is taken in
    quote currency, not in the coin received; `holds_asleep`: coins that an order is to sell are set aside
    while it sleeps, not only when it wakes."""

    name: str
    spot_wallet: str
    perp_wallet: str
    other_wallets: tuple[str, ...] = ()
    is_hedged: bool = False
    pays_in_points: bool = False
    pays_in_quote: bool = False
    holds_asleep: bool = False

    @property
    def is_unified(self) -> bool:
        return self.spot_wallet == self.perp_wallet

    @property
    def wallets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.spot_wallet, self.perp_wallet, *self.other_wallets)))


@dataclass(slots=True)
class Waiting:
    """What open orders would add to a position, by side: base coin and quote currency."""

    quantity: dict[Side, Decimal] = field(default_factory=lambda: dict.fromkeys(Side, NOTHING))
    notional: dict[Side, Decimal] = field(default_factory=lambda: dict.fromkeys(Side, NOTHING))

    def add(self, side: Side, quantity: Decimal, price: Decimal) -> None:
        self.quantity[side] += quantity
        self.notional[side] += quantity * price

    def opening(self, size: Decimal) -> Decimal:
        """The notional that could be added to a position of `size` by the side that adds more."""
        return max(self._opening(side, max(-size * side.sign, NOTHING)) for side in Side)

    def _opening(self, side: Side, closes: Decimal) -> Decimal:
        quantity = self.quantity[side]
        if quantity <= closes:
            return NOTHING
        return self.notional[side] * (quantity - closes) / quantity


class Account:
    """One account's books. Changes come from `Exchange` only."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.is_hedged = setup.is_hedged
        self.are_withdrawals_suspended = False
        self.balances: dict[tuple[str, str], Decimal] = {}
        self.locked: dict[tuple[str, str], Decimal] = {}
        self.waiting: dict[PositionKey, Waiting] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.leverages: dict[str, Decimal] = {}
        self.orders: dict[str, ExchangeOrder] = {}
        self.live: dict[str, ExchangeOrder] = {}
        self._live_by_market: dict[tuple[MarketKind, str], dict[str, ExchangeOrder]] = {}
        self._sleeps_until: list[tuple[datetime, str]] = []
        self.by_client_id: dict[str, str] = {}
        self.executions: list[Execution] = []
        self.changes: list[tuple[datetime, WalletChange]] = []
        self.movements: dict[str, Movement] = {}

    # money

    def balance(self, wallet: str, asset: str) -> Decimal:
        """What is owned of an asset in a wallet; negative when it is owed."""
        return self.balances.get((wallet, asset), NOTHING)

    def free(self, wallet: str, asset: str) -> Decimal:
        """What no resting order has set aside."""
        return self.balance(wallet, asset) - self.locked.get((wallet, asset), NOTHING)

    def assets(self, wallet: str) -> Iterator[tuple[str, Decimal]]:
        """What a wallet holds or owes."""
        return ((asset, amount) for (name, asset), amount in self.balances.items() if name == wallet)

    @property
    def settings(self) -> Settings:
        """How it is set up now."""
        return Settings(
            is_hedged=self.is_hedged,
            leverages=tuple(sorted(self.leverages.items())),
            are_withdrawals_suspended=self.are_withdrawals_suspended,
        )

    # positions

    def position(self, instrument: Instrument, slot: Direction | None, at: datetime) -> Position:
        """The position, perhaps of nothing."""
        held = self.positions.get((instrument.symbol, slot))
        return held or Position(instrument=instrument, slot=slot, updated_at=at)

    def held(self) -> list[Position]:
        """The positions that are not empty."""
        return [position for position in self.positions.values() if position.size]

    def leverage(self, symbol: str) -> Decimal:
        return self.leverages.get(symbol, DEFAULT_LEVERAGE)

    # orders

    def order(self, *, id: str = "", client_id: str = "") -> ExchangeOrder:  # noqa: A002 - the field's name
        """By one of its ids. Raises `Declined`."""
        found = self.orders.get(id or self.by_client_id.get(client_id, ""))
        if found is None:
            raise Declined(Why.ORDER_NOT_FOUND, id or client_id)
        return found

    def live_in(self, instrument: Instrument | None = None) -> list[ExchangeOrder]:
        """What rests or sleeps, the oldest first."""
        return list(self.live.values()) if instrument is None else self.live_at(instrument.key)

    def live_at(self, key: tuple[MarketKind, str]) -> list[ExchangeOrder]:
        """What rests or sleeps in the market of that key."""
        return list(self._live_by_market.get(key, {}).values())

    def live_markets(self) -> list[Instrument]:
        """The markets in which something rests or sleeps."""
        return [next(iter(orders.values())).instrument for orders in self._live_by_market.values() if orders]

    def pop_overdue(self, at: datetime) -> list[ExchangeOrder]:
        """What has slept for too long. Each is told once, so it has to be ended then."""
        overdue = {}
        while self._sleeps_until and self._sleeps_until[0][0] <= at:
            order = self.orders[heapq.heappop(self._sleeps_until)[1]]
            if order.is_overdue(at):
                overdue[order.id] = order
        return list(overdue.values())

    def keep(self, order: ExchangeOrder) -> None:
        """Put an order where it belongs now, with what it sets aside."""
        before = self.live.get(order.id)
        if before is not None:
            self._set_aside(before, -1)
        there = self._live_by_market.setdefault(order.instrument.key, {})
        if order.is_live:
            self.live[order.id] = there[order.id] = order
            self._set_aside(order, 1)
            until = order.sleeps_until
            if until is not None and (before is None or before.sleeps_until != until):
                heapq.heappush(self._sleeps_until, (until, order.id))
        elif before is not None:
            del self.live[order.id], there[order.id]
        self.orders[order.id] = order
        if order.wish.client_id:
            self.by_client_id[order.wish.client_id] = order.id

    def restore(
        self,
        *,
        balances: Iterable[WalletChange],
        positions: Iterable[Position],
        orders: Iterable[ExchangeOrder],
        executions: Iterable[Execution],
        changes: Iterable[tuple[datetime, WalletChange]],
        movements: Iterable[Movement],
        settings: Iterable[Settings],
    ) -> None:
        """Go on from what was kept."""
        for one in settings:
            self.is_hedged = one.is_hedged
            self.leverages = dict(one.leverages)
            self.are_withdrawals_suspended = one.are_withdrawals_suspended
        self.balances = {(one.wallet, one.asset): one.balance for one in balances}
        self.positions = {(one.instrument.symbol, one.slot): one for one in positions}
        for order in sorted(orders, key=lambda one: one.number):
            self.keep(order)
        self.executions = sorted(executions, key=lambda one: one.number)
        self.changes = list(changes)
        self.movements = {one.id: one for one in movements}

    def _set_aside(self, order: ExchangeOrder, sign: int) -> None:
        """What a resting order needs: money on spot, a place in the margin on perpetuals."""
        price = order.limit_price
        if order.state is State.SLEEPING and self.holds(order.wish):
            self._lock(order.instrument.base, sign * order.left)
        if order.state is not State.OPEN or price is None:
            return
        if order.wish.is_perp:
            if not order.wish.is_reducing:
                key = (order.instrument.symbol, order.wish.direction)
                self.waiting.setdefault(key, Waiting()).add(order.side, sign * order.left, price)
            return
        is_purchase = order.side is Side.BUY
        asset = order.instrument.quote if is_purchase else order.instrument.base
        self._lock(asset, sign * (order.left * price if is_purchase else order.left))

    def holds(self, wish: Wish) -> bool:
        """Whether coins are set aside for an order that sleeps."""
        return self.setup.holds_asleep and not wish.is_perp and wish.side is Side.SELL

    def _lock(self, asset: str, amount: Decimal) -> None:
        place = (self.setup.spot_wallet, asset)
        self.locked[place] = self.locked.get(place, NOTHING) + amount


def slot_of(account: Account, instrument: Instrument, direction: Direction | None) -> Direction | None:
    """Which position an order is of. Raises `Declined` when the order says it wrongly."""
    if instrument.kind is MarketKind.SPOT:
        return None
    if account.is_hedged is (direction is None):
        raise Declined(Why.POSITION_MODE)
    return direction
