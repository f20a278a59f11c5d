"""What a move of the market does to a trade: stop, targets, trailing stop, liquidation.

One function for live, paper, sandbox and backtest. It walks the price along a path and fires what lies first
on the way. Between two looks the path is the straight line. Inside a bar the way is unknown and the path is
open -> adverse extreme -> favourable extreme -> close (for a long: low, then high), which is the worse order
of events: stop and liquidation come before targets, and the favourable extreme cannot tighten a trailing stop
before the adverse one has been met. The leg back to the close is certain whatever the order was, so a stop
that was tightened inside the bar fires when the bar closes beyond it.

A price that is beyond a level when the move begins (a gap) gives the open: worse for a stop, better for a
target, as a limit order would get it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from engines.core.altered import altered
from engines.core.instrument import Instrument, Toward
from engines.core.move import Move
from engines.core.side import Direction
from engines.orders.order import Purpose
from engines.orders.position import MAINTENANCE, break_even_stop, liquidation_price
from engines.orders.trade import Target, Trade, TradeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """An order to close `quantity` that the touch of `trigger_price` calls for; of a target, with its
    `number`, counted from 1."""

    purpose: Purpose
    quantity: Decimal
    trigger_price: Decimal
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionEvent:
    """Something that happened to a trade's protection at `price`.

    Codes: `target` (with its `number`, counted from 1), `targets_done`, `stop_moved` (to `price`), `stop`,
    `trail`, `liquidated`.
    """

    code: str
    price: Decimal
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`trade` with its marks moved (`best_price`, `stop` with `armed_at`, `targets`, `seen_at`), exits in the
    order they came, and what to tell. What is held changes only when the exits are filled."""

    trade: Trade
    exits: tuple[Exit, ...] = ()
    events: tuple[ProtectionEvent, ...] = ()


def decide(trade: Trade, move: Move, maintenance: Decimal = MAINTENANCE) -> Decision:
    """What `move` does to `trade`.

    A trade that holds nothing, and a move that ends no later than `trade.seen_at`, change nothing: the same
    move told twice has no second effect. `maintenance` is the venue's maintenance margin rate.
    """
    if trade.state is not TradeState.OPEN or trade.quantity == 0 or move.at <= trade.seen_at:
        return Decision(trade=trade)
    walk = _Walk(trade, move, maintenance)
    for leg_end, mark in _path(trade, move):
        walk.go(leg_end, mark)
    return walk.decision()


def after_entry(move: Move, trade: Trade, price: Decimal) -> Move:
    """What is left of a move that filled a resting entry at `price`. Inside a bar the favourable extreme may
    lie before the entry, so it does not count."""
    high, low = max(price, move.close), min(price, move.close)
    if move.is_bar and trade.direction.sign > 0:
        low = min(low, move.low)
    elif move.is_bar:
        high = max(high, move.high)
    return replace(move, open=price, high=high, low=low, volume=None)


def trailing_stop(trade: Trade, best_price: Decimal) -> Decimal | None:
    """Where the trailing stop stands once `best_price` was seen; `None` without one."""
    if trade.trail_distance is None:
        return None
    return trailing_level(trade.instrument, trade.direction, best_price, trade.trail_distance)


def trailing_level(
    instrument: Instrument, direction: Direction, best_price: Decimal, distance: Decimal
) -> Decimal | None:
    """The price `distance` behind the best one, on the grid at the wider side; `None` where it would not be a
    price."""
    exact = best_price - distance * direction.sign
    level = instrument.price(exact, Toward.DOWN if direction.sign > 0 else Toward.UP)
    return level if level > 0 else None


def _path(trade: Trade, move: Move) -> list[tuple[Decimal, Decimal]]:
    """Ends of the path's legs with the mark price there. The first is the adverse end, which may be the
    open itself: the worst mark price is met there."""
    is_long = trade.direction.sign > 0
    worst_mark = move.mark_low if is_long else move.mark_high
    if move.is_bar:
        adverse, favourable = (move.low, move.high) if is_long else (move.high, move.low)
        return [(adverse, worst_mark), (favourable, move.mark), (move.close, move.mark)]
    adverse = min(move.open, move.close) if is_long else max(move.open, move.close)
    return [(adverse, worst_mark), (move.close, move.mark)]


class _Walk:
    """One walk along a path. Prices are compared as levels (price times direction): higher is better."""

    def __init__(self, trade: Trade, move: Move, maintenance: Decimal) -> None:
        self._trade = trade
        self._when = move.at
        self._sign = trade.direction.sign
        self._liquidation = liquidation_price(trade, maintenance)
        self._stop, self._armed_at = trade.stop, trade.armed_at
        self._best = trade.best_price or move.open
        self._targets = list(trade.targets)
        self._left = trade.instrument.quantity(trade.quantity)
        self._at = move.open
        self._exits: list[Exit] = []
        self._events: list[ProtectionEvent] = []
        self._tighten(trailing_stop(trade, self._best))
        self._sell_rest_of_targets()
        if not self._is_beyond_stop(move.open):
            self._rise(move.open)

    def decision(self) -> Decision:
        trade = altered(
            self._trade,
            stop=self._stop,
            armed_at=self._armed_at,
            best_price=self._best,
            targets=tuple(self._targets),
            seen_at=self._when,
        )
        return Decision(trade=trade, exits=tuple(self._exits), events=tuple(self._events))

    def go(self, end: Decimal, mark: Decimal) -> None:
        """Walk straight to `end`; `mark` is met on the way."""
        if self._left > 0:
            self._fall(end, mark)
        if self._left > 0:
            self._rise(end)
        self._at = end

    def _fall(self, end: Decimal, mark: Decimal) -> None:
        """Stop or liquidation, the nearer first."""
        stop = self._stop if self._is_beyond_stop(end) else None
        liquidation = self._liquidation
        if liquidation is not None and self._level(mark) > self._level(liquidation):
            liquidation = None
        if stop is not None and (liquidation is None or self._level(stop) >= self._level(liquidation)):
            self._stop_at(stop)
        elif liquidation is not None:
            self._leave(Purpose.LIQUIDATION, "liquidated", liquidation)

    def _stop_at(self, stop: Decimal) -> None:
        """Out at the stop, or at the worse price where the leg began beyond it."""
        price = min(stop, self._at, key=self._level)
        if stop == trailing_stop(self._trade, self._best):
            self._leave(Purpose.TRAIL, "trail", price)
        else:
            self._leave(Purpose.STOP, "stop", price)

    def _leave(self, purpose: Purpose, code: str, price: Decimal) -> None:
        self._exit(purpose, self._left, price)
        self._events.append(ProtectionEvent(code=code, price=price))

    def _rise(self, end: Decimal) -> None:
        """Targets in the order they are met; then the best price, and the trailing stop behind it."""
        due = [index for index in self._waiting() if self._is_reached(index, end)]
        for index in sorted(due, key=lambda index: self._level(self._targets[index].price)):
            self._hit(index)
        if self._left > 0 and self._level(end) > self._level(self._best):
            self._best = end
            self._tighten(trailing_stop(self._trade, end))

    def _hit(self, index: int) -> None:
        target = self._targets[index]
        price = max(target.price, self._at, key=self._level)
        self._targets[index] = replace(target, hit_at=self._when)
        self._events.append(ProtectionEvent(code="target", price=price, number=index + 1))
        is_last = not self._waiting()
        self._exit(Purpose.TARGET, self._left if is_last else self._part(target), price, index + 1)
        if is_last:
            self._events.append(ProtectionEvent(code="targets_done", price=price))
        else:
            self._stop_to_entry(price)

    def _part(self, target: Target) -> Decimal:
        """The target's share of what was entered, on the size grid; never more than what is left."""
        return min(self._trade.instrument.quantity(self._trade.entered * target.share), self._left)

    def _stop_to_entry(self, price: Decimal) -> None:
        """After a target nothing is lost any more; unless entries since have put the average beyond it."""
        entry = break_even_stop(self._trade)
        if entry is not None and self._level(entry) < self._level(price) and self._tighten(entry):
            self._events.append(ProtectionEvent(code="stop_moved", price=entry))

    def _sell_rest_of_targets(self) -> None:
        """What a thin book left over when the last target was hit."""
        if self._targets and not self._waiting():
            self._exit(Purpose.TARGET, self._left, self._at, len(self._targets))

    def _tighten(self, stop: Decimal | None) -> bool:
        """Move the stop to `stop` if that is nearer; a stop never widens by itself."""
        if stop is None or (self._stop is not None and self._level(stop) <= self._level(self._stop)):
            return False
        self._stop, self._armed_at = stop, self._when
        return True

    def _exit(self, purpose: Purpose, quantity: Decimal, price: Decimal, number: int | None = None) -> None:
        if quantity > 0:
            self._exits.append(Exit(purpose=purpose, quantity=quantity, trigger_price=price, number=number))
            self._left -= quantity

    def _waiting(self) -> list[int]:
        """Places of the targets not hit yet."""
        return [index for index, target in enumerate(self._targets) if target.hit_at is None]

    def _is_reached(self, index: int, price: Decimal) -> bool:
        return self._level(price) >= self._level(self._targets[index].price)

    def _is_beyond_stop(self, price: Decimal) -> bool:
        return self._stop is not None and self._level(price) <= self._level(self._stop)

    def _level(self, price: Decimal) -> Decimal:
        return price * self._sign
