"""How a market fills orders that were never sent to it.

The rules (`take`, `serve`) work on whole ticks and lots, arrays and plain integers, so that they can be
compiled for sweeps; around them are the same rules in Decimal for paper trading and the sandbox. Prices come
from what the market showed or traded, never from beyond it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

import numpy as np

from engines.core.candle import IntArray
from engines.core.depth import Depth, Level
from engines.core.instrument import Instrument, Toward
from engines.core.move import Move
from engines.core.side import Side
from engines.orders.order import Order
from engines.simulate.consumption import Consumption

_ANY_PRICE: Final = 2**62
_CHEAPEST: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A part that was filled at one price."""

    price: Decimal
    quantity: Decimal


class Resting(Protocol):
    """A limit order in the book, behind `queue_ahead` of others; sizes in base coin."""

    @property
    def id(self) -> str: ...

    @property
    def instrument(self) -> Instrument: ...

    @property
    def side(self) -> Side: ...

    @property
    def limit_price(self) -> Decimal | None: ...

    @property
    def left(self) -> Decimal: ...

    @property
    def queue_ahead(self) -> Decimal: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a move did to a resting order: `quantity` filled at its limit, `queue_ahead` left before it."""

    quantity: Decimal
    queue_ahead: Decimal


def take(ticks: IntArray, lots: IntArray, sign: int, wanted: int, worst: int, taken: IntArray) -> int:
    """Take up to `wanted` lots from levels, the best first, at prices no worse than `worst`.

    `sign` is +1 for a purchase. `taken` (as long as the levels) receives the lots of each; the total is
    returned.
    """
    left = wanted
    for index in range(len(ticks)):
        if left == 0 or (ticks[index] - worst) * sign > 0:
            break
        taken[index] = min(left, lots[index])
        left -= taken[index]
    return wanted - left


def serve(
    sign: int, limit: int, extreme: int, queue: int, left: int, traded: int, is_traded_known: bool
) -> tuple[int, int]:
    """Lots filled of a resting order with `left` lots at `limit` ticks, and lots still ahead of it.

    `extreme` is the lowest price traded for a purchase (`sign` +1), the highest for a sale. Beyond the limit
    everything that rested there has been filled. At the limit, what was traded first serves the queue; where
    that volume is not known, nobody behind a price that was only touched can say that he was served.
    """
    beyond = (limit - extreme) * sign
    if beyond > 0:
        return left, 0
    if beyond < 0 or not is_traded_known:
        return 0, queue
    served = min(queue, traded)
    return min(left, traded - served), queue - served


def take_depth(
    instrument: Instrument,
    side: Side,
    quantity: Decimal,
    depth: Depth,
    *,
    at: datetime,
    eaten: Consumption,
    worst_price: Decimal | None = None,
    touch: Decimal | None = None,
) -> tuple[Taken, ...]:
    """What an order takes from a book, the best price first; less than `quantity` where the book or
    `worst_price` ends. `eaten` remembers it.

    `touch`: the book is of another time, and its best price is moved there with all that is behind it.
    """
    levels = depth.asks if side is Side.BUY else depth.bids
    shown_at, shown = _columns(instrument, side, levels)
    ticks = shown_at + _shift(instrument, side, shown_at, touch)
    sizes = [
        eaten.left(side, tick, size, at) for tick, size in zip(shown_at.tolist(), shown.tolist(), strict=True)
    ]
    taken = np.zeros(len(ticks), dtype=np.int64)
    lots = np.where(ticks >= _CHEAPEST, np.array(sizes, dtype=np.int64), 0)
    take(ticks, lots, side.sign, instrument.lots(quantity), _worst(instrument, side, worst_price), taken)
    for index in np.flatnonzero(taken).tolist():
        eaten.eat(side, int(shown_at[index]), int(shown[index]), int(taken[index]), at)
    return tuple(
        Taken(
            price=instrument.price_of(int(ticks[index])), quantity=instrument.quantity_of(int(taken[index]))
        )
        for index in np.flatnonzero(taken).tolist()
    )


def queue_ahead(instrument: Instrument, side: Side, limit_price: Decimal, depth: Depth) -> Decimal:
    """What rests before a new limit order, in base coin: all that its price shows. Behind the last level
    shown, as much as that one; between levels, nothing."""
    levels = depth.bids if side is Side.BUY else depth.asks
    ahead = dict(levels).get(limit_price, Decimal(0))
    if levels and (levels[-1][0] - limit_price) * side.sign > 0:
        ahead = levels[-1][1]
    return instrument.quantity(ahead, Toward.UP)


def takeable(
    instrument: Instrument,
    side: Side,
    depth: Depth,
    *,
    at: datetime,
    eaten: Consumption,
    worst_price: Decimal | None = None,
) -> Iterator[Taken]:
    """What an order could take, level by level, the best first; nothing is taken by asking."""
    levels = depth.asks if side is Side.BUY else depth.bids
    worst = _worst(instrument, side, worst_price)
    for tick, size in zip(*(column.tolist() for column in _columns(instrument, side, levels)), strict=True):
        if (tick - worst) * side.sign > 0:
            return
        left = eaten.left(side, tick, size, at)
        if left:
            yield Taken(price=instrument.price_of(tick), quantity=instrument.quantity_of(left))


def serve_resting(orders: Sequence[Order], move: Move) -> Mapping[str, Served]:
    """`serve_queue` for orders of the desk."""
    return serve_queue([_Placed(order) for order in orders], move)


def serve_queue(orders: Sequence[Resting], move: Move) -> Mapping[str, Served]:
    """What a move of their market does to resting limit orders (the oldest first), by order id; those that
    it leaves alone are not named. What one of them got of the traded volume, the next cannot get."""
    outcome: dict[str, Served] = {}
    given = Decimal(0)
    for order in orders:
        traded = None if move.volume is None else max(move.volume - given, Decimal(0))
        served = _serve_one(order, move, traded)
        if served.quantity > 0 or served.queue_ahead != order.queue_ahead:
            outcome[order.id] = served
            given += served.quantity
    return outcome


def _serve_one(order: Resting, move: Move, traded: Decimal | None) -> Served:
    limit_price, instrument = order.limit_price, order.instrument
    if limit_price is None:
        raise ValueError(f"order {order.id} has no limit, so it cannot rest")
    is_purchase = order.side is Side.BUY
    lots, queue = serve(
        order.side.sign,
        instrument.ticks(limit_price),
        # off the grid, the extreme is taken to be the nearer price: touched, not traded through
        instrument.ticks(move.low, Toward.UP) if is_purchase else instrument.ticks(move.high, Toward.DOWN),
        instrument.lots(order.queue_ahead, Toward.UP),
        instrument.lots(order.left),
        0 if traded is None else instrument.lots(traded),
        traded is not None,
    )
    return Served(quantity=instrument.quantity_of(lots), queue_ahead=instrument.quantity_of(queue))


@dataclass(frozen=True, slots=True)
class _Placed:
    """An order of the desk as it rests."""

    order: Order

    @property
    def id(self) -> str:
        return self.order.id

    @property
    def instrument(self) -> Instrument:
        return self.order.intent.instrument

    @property
    def side(self) -> Side:
        return self.order.intent.side

    @property
    def limit_price(self) -> Decimal | None:
        return self.order.terms.limit_price

    @property
    def left(self) -> Decimal:
        return self.order.left

    @property
    def queue_ahead(self) -> Decimal:
        return self.order.queue_ahead


def _columns(instrument: Instrument, side: Side, levels: Sequence[Level]) -> tuple[IntArray, IntArray]:
    """Prices in ticks and sizes in lots; what is off the grid moves against the taker."""
    toward = Toward.UP if side is Side.BUY else Toward.DOWN
    ticks = [instrument.ticks(price, toward) for price, _ in levels]
    lots = [instrument.lots(size) for _, size in levels]
    return np.array(ticks, dtype=np.int64), np.array(lots, dtype=np.int64)


def _shift(instrument: Instrument, side: Side, ticks: IntArray, touch: Decimal | None) -> int:
    """How far the book is moved, in ticks, so that its best price is the one touched."""
    if touch is None or len(ticks) == 0:
        return 0
    return instrument.ticks(touch, Toward.UP if side is Side.BUY else Toward.DOWN) - int(ticks[0])


def _worst(instrument: Instrument, side: Side, worst_price: Decimal | None) -> int:
    if worst_price is None:
        return _ANY_PRICE if side is Side.BUY else _CHEAPEST
    return instrument.ticks(worst_price, Toward.DOWN if side is Side.BUY else Toward.UP)
